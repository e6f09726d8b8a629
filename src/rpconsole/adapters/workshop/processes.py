"""Long pure work in processes beside this one, so that both cores serve and the event loop is free."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import queue
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from rpconsole.adapters.workshop.child import packed, read_frame, unpacked, write_frame
from rpconsole.ports.workshop import Given, Made

log = logging.getLogger(__name__)

#: beyond that the writing of files is what takes the time
MOST = 4
COMMAND = (sys.executable, "-m", "rpconsole.adapters.workshop.child")
GONE = (OSError, EOFError)
END_S = 5.0
#: the most that Linux gives to everybody
PIPE_BYTES = 1 << 20


def spare_cores() -> int:
    """How many processes pay: as many as there are cores, since this one waits for disks and databases; none on a single core."""
    cores = len(os.sched_getaffinity(0))
    return min(MOST, cores) if cores > 1 else 0


class Processes:
    """``Workshop`` in child processes, started when they are first wanted; without a spare core, in threads.

    A child ends when this process does, however that ends: its input closes.
    """

    def __init__(self, number: int | None = None) -> None:
        self._number = spare_cores() if number is None else number
        # one more than processes: it packs the next order and unpacks the last answer while the process works
        self._threads = ThreadPoolExecutor(1 + self._number, thread_name_prefix="workshop")
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes] | None] = queue.SimpleQueue()
        for _ in range(self._number):
            self._idle.put(None)

    async def call(self, work: Callable[[Given], Made], given: Given) -> Made:
        made: Made = await asyncio.get_running_loop().run_in_executor(self._threads, self._do, work, given)
        return made

    async def close(self) -> None:
        """Let running work end, then end the processes."""
        await asyncio.to_thread(self._threads.shutdown)
        while not self._idle.empty():
            await asyncio.to_thread(_end, self._idle.get())

    def _do(self, work: Callable[[Any], Any], given: object) -> Any:
        """In a thread."""
        body = self._asked(packed((work, given))) if self._number else None
        if body is None:
            return work(given)
        is_good, answer = unpacked(body)
        if is_good:
            return answer
        raise answer

    def _asked(self, order: bytes) -> bytes | None:
        """The answer of the next process that is idle; None when it died over it: pure work may be done again, and here too."""
        child = self._idle.get()
        try:
            child = child or _started()
            return _exchanged(child, order)
        except GONE as gone:
            log.warning("a worker process ended (%s); its work is done here", gone or type(gone).__name__)
            _end(child)
            child = None
            return None
        finally:
            self._idle.put(child)


def _started() -> subprocess.Popen[bytes]:
    # a session of its own: the terminal's Ctrl-C is for us, who then end it in order
    child = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    for stream in (child.stdin, child.stdout):
        _widen(stream)
    return child


def _widen(stream: IO[bytes] | None) -> None:
    """Megabytes cross: a narrow pipe would have both sides take turns at every piece of 64 kB."""
    if stream is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _exchanged(child: subprocess.Popen[bytes], order: bytes) -> bytes:
    assert child.stdin is not None
    assert child.stdout is not None
    write_frame(child.stdin, order)
    return read_frame(child.stdout)


def _end(child: subprocess.Popen[bytes] | None) -> None:
    if child is None:
        return
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                pass
    try:
        child.wait(END_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
