"""Lines from a terminal or a pipe, awaited without a thread, so that a wait can be given up."""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager


class LineSource:
    """Reads lines from a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = b""
        self._ended = False

    async def read_line(self) -> str | None:
        """The next line without its end; None at the end of the input."""
        while b"\n" not in self._buffer and not self._ended:
            await self._readable()
            piece = os.read(self._descriptor, 65536)
            self._ended = not piece
            self._buffer += piece
        if not self._buffer:
            return None
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode(errors="surrogateescape").removesuffix("\r")

    def forget(self) -> None:
        """Drop what was read and not used."""
        self._buffer = b""

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        try:
            loop.add_reader(self._descriptor, _mark, ready)
        except PermissionError:
            # an ordinary file: epoll refuses it, and reading it never waits
            return
        try:
            await ready
        finally:
            loop.remove_reader(self._descriptor)


@contextmanager
def silent(descriptor: int) -> Iterator[None]:
    """Echo off while something secret is typed; what was typed before is thrown away."""
    if not os.isatty(descriptor):
        yield
        return
    before = termios.tcgetattr(descriptor)
    without_echo = [*before]
    without_echo[3] = before[3] & ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, without_echo)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)


def _mark(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
