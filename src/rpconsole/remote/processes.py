"""Running one program without a shell: bounded output, bounded time, its whole process group ended on time-out."""

import os
import selectors
import signal
import subprocess
import threading
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set

OUTPUT_LIMIT_BYTES = 8 << 20
_AFTER_EXIT_S = 0.5  # a daemon that a program leaves behind may hold its pipes open
_TERM_GRACE_S = 2.0
#: what is being started while the channel ends is waited for so long; a program on a disk that hangs may never begin
_START_GRACE_S = 5.0


class Live:
    """The programs that somebody waits for: those that run, and how many are just being started."""

    def __init__(self) -> None:
        self._pids: Set[int] = set()
        self._starting = 0
        self._is_over = False
        self._changed = threading.Condition()

    def start(self, begin: Callable[[], "subprocess.Popen[bytes]"]) -> "subprocess.Popen[bytes]":
        """A program runs before whoever starts it is told its number: were the channel to end between the two, it would be missed."""
        with self._changed:
            if self._is_over:
                raise ChannelOver("the channel that asked for it has ended")
            self._starting += 1
        child = None
        try:
            child = begin()
            return child
        finally:
            self._started(child)

    def _started(self, child: "Optional[subprocess.Popen[bytes]]") -> None:
        with self._changed:
            self._starting -= 1
            if child is not None:
                self._pids.add(child.pid)
                if self._is_over:
                    kill_group(child.pid, signal.SIGKILL)
            self._changed.notify_all()

    def discard(self, pid: int) -> None:
        with self._changed:
            self._pids.discard(pid)

    def kill(self) -> None:
        """All of them, and whatever is started from now on."""
        with self._changed:
            self._is_over = True
            for pid in self._pids:
                kill_group(pid, signal.SIGKILL)
            self._changed.wait_for(lambda: not self._starting, _START_GRACE_S)


_live = Live()


class ChannelOver(OSError):
    """Nothing more is started."""


class Watcher:
    """Hears of each program that run_bounded starts."""

    def started(self, pid: int) -> None:
        """It runs, and leads a session of its own."""

    def ended(self, pid: int) -> None:
        """It has ended, or nobody waits for it any more."""


class Outcome(NamedTuple):
    rc: Optional[int]
    out: str
    err: str
    timed_out: bool
    truncated: bool
    wall_s: float

    def told(self) -> Dict[str, Any]:
        return dict(self._asdict())


class _Gathered:
    """Keeps the first bytes of a stream and lets the rest flow by."""

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self.truncated = False
        self._limit = limit

    def add(self, chunk: bytes) -> None:
        room = self._limit - len(self.data)
        self.data += chunk[:room]
        self.truncated = self.truncated or len(chunk) > room

    def text(self) -> str:
        return bytes(self.data).decode("utf-8", "replace")


def plain_environment(extra: Dict[str, str]) -> Dict[str, str]:
    """LC_ALL=C, for the answers of a scheduler are read by a program."""
    found = dict(os.environ, LC_ALL="C")
    found.update(extra)
    return found


def run_bounded(
    argv: List[str],
    timeout_s: float,
    cwd: Optional[str] = None,
    stdin: bytes = b"",
    env: Optional[Dict[str, str]] = None,
    limit: int = OUTPUT_LIMIT_BYTES,
    watcher: Optional[Watcher] = None,
) -> Outcome:
    """Raises OSError when the program cannot be started; rc is negative for a signal, as in subprocess."""
    began = time.monotonic()
    child = _live.start(
        lambda: subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    )
    watcher = watcher or Watcher()
    watcher.started(child.pid)
    try:
        talk = _Talk(child, stdin, limit)
        in_time = talk.until(began + timeout_s)
        if not in_time:
            end_group(child)
    finally:
        _live.discard(child.pid)
        watcher.ended(child.pid)
        _close(child)
    out, err = talk.out, talk.err
    return Outcome(
        rc=child.returncode,
        out=out.text(),
        err=err.text(),
        timed_out=not in_time,
        truncated=out.truncated or err.truncated,
        wall_s=round(time.monotonic() - began, 3),
    )


class _Talk:
    """Feeds a child and reads it until both ends are quiet."""

    def __init__(self, child: "subprocess.Popen[bytes]", stdin: bytes, limit: int) -> None:
        self._child = child
        self._due = memoryview(stdin)
        self.out = _Gathered(limit)
        self.err = _Gathered(limit)
        self._selector = selectors.DefaultSelector()
        for stream, gathered in ((child.stdout, self.out), (child.stderr, self.err)):
            assert stream is not None
            self._selector.register(stream, selectors.EVENT_READ, gathered)
        if child.stdin is not None:
            os.set_blocking(child.stdin.fileno(), False)
            self._selector.register(child.stdin, selectors.EVENT_WRITE, None)

    def until(self, deadline: float) -> bool:
        """True when the program ended before the deadline."""
        exited_at: Optional[float] = None
        with self._selector:
            while self._selector.get_map():
                now = time.monotonic()
                if exited_at is None and self._child.poll() is not None:
                    exited_at = now
                if exited_at is not None and now - exited_at > _AFTER_EXIT_S:
                    break
                if now >= deadline:
                    return exited_at is not None
                self._turn(min(0.2, deadline - now))
        return self._ended_by(deadline)

    def _turn(self, patience_s: float) -> None:
        for key, _ in self._selector.select(patience_s):
            if key.data is None:
                self._write(key.fileobj)
            else:
                self._read(key.fileobj, key.data)

    def _read(self, stream: Any, gathered: _Gathered) -> None:
        chunk = os.read(stream.fileno(), 1 << 16)
        if chunk:
            gathered.add(chunk)
        else:
            self._selector.unregister(stream)

    def _write(self, stream: Any) -> None:
        try:
            self._due = self._due[os.write(stream.fileno(), self._due[: 1 << 16]) :]
        except BlockingIOError:
            return
        except OSError:  # the program does not want the rest
            self._due = self._due[:0]
        if not len(self._due):
            self._selector.unregister(stream)
            stream.close()

    def _ended_by(self, deadline: float) -> bool:
        try:
            self._child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True


def end_group(child: "subprocess.Popen[bytes]") -> None:
    """SIGTERM to all of its group, SIGKILL to those who stay."""
    kill_group(child.pid, signal.SIGTERM)
    try:
        child.wait(_TERM_GRACE_S)
    except subprocess.TimeoutExpired:
        pass
    kill_group(child.pid, signal.SIGKILL)
    child.wait()


def kill_group(leader_pid: int, number: int) -> None:
    try:
        os.killpg(leader_pid, number)
    except OSError:
        pass


def is_group_alive(leader_pid: int) -> bool:
    """True while any process of the group is there, a zombie too."""
    try:
        os.killpg(leader_pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def kill_live() -> None:
    """Ends whatever run_bounded still waits for: the channel that asked is gone."""
    _live.kill()


def _close(child: "subprocess.Popen[bytes]") -> None:
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                pass
