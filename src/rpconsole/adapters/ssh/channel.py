"""One program at the site, with the bytes to and from it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from rpconsole.domain.fault import NoAnswer, SessionLost, SiteFailed

#: client's window for what comes home; larger ones make the front end's sshd buffer and burn CPU
WINDOW_BYTES = 4 << 20
_PAUSE_READING_BYTES = 2 << 20
_RESUME_READING_BYTES = 512 << 10
WRITE_HIGH_BYTES = 1 << 20
_STDERR_KEPT_BYTES = 4096


class ChannelEnded(SiteFailed):
    """The program at the site ended before it had answered."""


class NoChannel(SiteFailed):
    """The front end opens no more channels now."""


class Pipe(Protocol):
    """The transport below a channel."""

    def pause_reading(self) -> None:
        """Deliver nothing more for now."""
        ...

    def resume_reading(self) -> None:
        """Deliver again."""
        ...

    def write(self, data: bytes) -> None:
        """Take bytes for the program; OSError when it takes none any more."""
        ...

    def write_eof(self) -> None:
        """Nothing more comes."""
        ...

    def abort(self) -> None:
        """End at once."""
        ...


class Channel:
    """Reads and writes with back-pressure; a dead session is SessionLost, a dead program ChannelEnded, silence NoAnswer."""

    def __init__(self, host: str, is_link_closed: Callable[[], bool]) -> None:
        self._host = host
        self._is_link_closed = is_link_closed
        self._pipe: Pipe | None = None
        self._pieces: deque[memoryview] = deque()
        self._held_bytes = 0
        self._is_paused = False
        self._has_ended = False
        self._stderr = bytearray()
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._when_closed: list[Callable[[], None]] = []
        self._is_gone = False
        #: monotonic seconds of the last sign of life
        self._heard_at = monotonic()
        #: told of each sign of life from the other end
        self.on_life: Callable[[], None] = _nobody
        self.exit_status: int | None = None

    # -- the transport calls these -------------------------------------------------------------------------------------

    def attach(self, pipe: Pipe) -> None:
        """What carries the bytes from now on."""
        self._pipe = pipe

    def received(self, data: bytes) -> None:
        """The program wrote this."""
        self._lives()
        self._pieces.append(memoryview(data))
        self._held_bytes += len(data)
        if self._held_bytes > _PAUSE_READING_BYTES and not self._is_paused and self._pipe is not None:
            self._is_paused = True
            self._pipe.pause_reading()
        self._readable.set()

    def complained(self, data: bytes) -> None:
        """The program wrote this on its standard error."""
        self._lives()
        self._stderr += data
        del self._stderr[:-_STDERR_KEPT_BYTES]

    def ended(self) -> None:
        """The program writes and takes nothing more."""
        self._has_ended = True
        self._readable.set()
        self._writable.set()

    def gone(self) -> None:
        """The front end has let go of the channel."""
        self.ended()
        self._is_gone = True
        while self._when_closed:
            self._when_closed.pop()()

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It has room again: the other end took something."""
        self._lives()
        self._writable.set()

    # -- we call these -------------------------------------------------------------------------------------------------

    @property
    def held_bytes(self) -> int:
        """What has come and was not read yet."""
        return self._held_bytes

    @property
    def is_open(self) -> bool:
        """False once the program or the session has ended."""
        return not self._has_ended

    @property
    def stderr(self) -> str:
        """The last that the program complained of."""
        return self._stderr.decode("utf-8", "replace").strip()

    async def write(self, data: bytes, timeout_s: float) -> None:
        """Hand over bytes; returns when there is room for more."""
        if self._has_ended or self._pipe is None:
            raise self._ended()
        try:
            self._pipe.write(data)
        except OSError as error:
            raise self._ended() from error
        await self._until(self._writable, timeout_s)
        if self._has_ended:
            raise self._ended()

    def when_closed(self, act: Callable[[], None]) -> None:
        """Act once, when the front end has let go of the channel."""
        if self._is_gone:
            act()
        else:
            self._when_closed.append(act)

    def write_end(self) -> None:
        """Tell the program that nothing more comes."""
        if self._pipe is not None and not self._has_ended:
            self._pipe.write_eof()

    async def read_some(self, limit: int, timeout_s: float | None) -> memoryview:
        """At least one byte and at most ``limit``; raises when there will be none."""
        while not self._pieces:
            if self._has_ended:
                raise self._ended()
            self._readable.clear()
            await self._until(self._readable, timeout_s)
        piece = self._pieces.popleft()
        if len(piece) > limit:
            self._pieces.appendleft(piece[limit:])
            piece = piece[:limit]
        self._took(len(piece))
        return piece

    async def read_exactly(self, count: int, timeout_s: float | None) -> bytes:
        """Exactly so many bytes."""
        if count == 0:
            return b""
        first = await self.read_some(count, timeout_s)
        if len(first) == count:
            return bytes(first)
        parts, left = [first], count - len(first)
        while left:
            part = await self.read_some(left, timeout_s)
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        """End it now; safe to repeat."""
        self.ended()
        if self._pipe is not None:
            self._pipe.abort()

    def _took(self, count: int) -> None:
        self._held_bytes -= count
        if self._is_paused and self._held_bytes < _RESUME_READING_BYTES and self._pipe is not None:
            self._is_paused = False
            self._pipe.resume_reading()

    async def _until(self, event: asyncio.Event, timeout_s: float | None) -> None:
        if event.is_set():
            return
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            # it may have been so before anybody began to wait
            silent_s = monotonic() - self._heard_at
            raise NoAnswer(f"{self._host} was silent for {silent_s:.0f} s.") from None

    def _lives(self) -> None:
        self._heard_at = monotonic()
        self.on_life()

    def _ended(self) -> SessionLost | ChannelEnded:
        if self._is_link_closed():
            return SessionLost(f"The session to {self._host} ended before an answer came.")
        status = "" if self.exit_status is None else f" with exit code {self.exit_status}"
        said = f": {self.stderr.splitlines()[-1]}" if self.stderr else ""
        return ChannelEnded(f"The helper at {self._host} ended{status}{said}.", evidence=self.stderr)


def _nobody() -> None:
    """Nobody listens for signs of life."""
