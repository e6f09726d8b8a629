"""One attempt of a task on its node: a shell of its own session, its output in its own log, its cost at the end."""

import os
import signal
import subprocess
import time
from typing import Any, Dict, Optional

from .frames import Message
from .processes import kill_group

_SHELL = b"/bin/sh"
_NOT_STARTED = 126


class RunningTask:
    """Started by the constructor; raises OSError when the shell cannot be started."""

    def __init__(self, order: Message, environ: Dict[str, str], null: int) -> None:
        self.task: int = order["task"]
        self.attempt: int = order["attempt"]
        self._log: Optional[str] = order.get("log")
        self._start = time.time()
        self._began = time.monotonic()
        handle = null if self._log is None else _open_log(self._log)
        try:
            self._child = subprocess.Popen(
                [_SHELL, b"-c", order["line"].encode("utf-8", "surrogateescape")],
                stdin=null,
                stdout=handle,
                stderr=handle,
                env=dict(environ, RPR_TASK=str(self.task), RPR_ATTEMPT=str(self.attempt)),
                start_new_session=True,
            )
        finally:
            if handle != null:
                os.close(handle)
        self.pid = self._child.pid

    def kill(self, number: int = signal.SIGTERM) -> None:
        kill_group(self.pid, number)

    def ended(self, status: int, usage: Any) -> Message:
        """The record of this attempt; called once, with what wait4 said."""
        record = self._record()
        if os.WIFSIGNALED(status):
            record["signal"] = os.WTERMSIG(status)
            self._child.returncode = -record["signal"]
        else:
            record["code"] = os.WEXITSTATUS(status)
            self._child.returncode = record["code"]
        record.update(
            user_s=round(usage.ru_utime, 3),
            sys_s=round(usage.ru_stime, 3),
            max_rss_kb=usage.ru_maxrss,
            log=self._kept_log(),
        )
        return record

    def _record(self) -> Message:
        wall_s = round(time.monotonic() - self._began, 3)
        return {"ended": self.task, "attempt": self.attempt, "start": round(self._start, 3), "wall_s": wall_s}

    def _kept_log(self) -> Optional[str]:
        """A task that printed nothing leaves no file."""
        if self._log is None:
            return None
        try:
            if os.stat(self._log).st_size:
                return self._log
            os.unlink(self._log)
        except OSError:
            return self._log
        return None


def _open_log(path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o664)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return os.open(path, flags, 0o664)


def not_started(order: Message, sentence: str) -> Message:
    """An attempt whose shell could not be started: as a shell would say it, with the reason."""
    return {
        "ended": order["task"],
        "attempt": order["attempt"],
        "code": _NOT_STARTED,
        "error": sentence,
        "start": round(time.time(), 3),
        "wall_s": 0.0,
        "user_s": 0.0,
        "sys_s": 0.0,
        "max_rss_kb": 0,
        "log": None,
    }


def looks_terminated(record: Message) -> bool:
    """Killed by SIGTERM, or a shell that reports it of its child: perhaps the job is being ended, not the task at fault."""
    return record.get("signal") == signal.SIGTERM or record.get("code") == 128 + signal.SIGTERM
