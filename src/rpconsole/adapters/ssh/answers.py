"""What the site's end of a stream says of files, read beside whatever moves them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rpconsole.adapters.ssh.frame_stream import FrameStream
from rpconsole.domain.fault import NoAnswer, RpconsoleError, SiteFailed
from rpconsole.remote.frames import Message


class Answers:
    """Reads until the channel ends; why it ended stays. ``hear`` takes each answer, and what it raises ends the reading too."""

    def __init__(self, frames: FrameStream, hear: Callable[[Message], None], *, kind: str, silence: str) -> None:
        """For sentences: ``kind`` is what is read, such as ``An acknowledgement of mu-fe1``, ``silence`` what its lack means."""
        self.failure: Exception | None = None
        self._frames = frames
        self._hear = hear
        self._kind = kind
        self._silence = silence
        self._heard = asyncio.Event()
        self._reading = asyncio.create_task(self._read_all(), name=kind)

    def check(self) -> None:
        """Raises what ended the reading."""
        if self.failure is not None:
            raise self.failure

    async def another(self, within_s: float) -> None:
        """Wait until something was heard, or the reading ended meanwhile. Raises what had ended it before, and NoAnswer for silence."""
        self.check()
        self._heard.clear()
        try:
            async with asyncio.timeout(within_s):
                await self._heard.wait()
        except TimeoutError:
            raise NoAnswer(f"{self._silence} for {within_s:g} s.") from None

    def close(self) -> None:
        """Read no more."""
        self._reading.cancel()

    async def _read_all(self) -> None:
        try:
            while True:
                self._hear(await self._frames.read(None))
                self._heard.set()
        except RpconsoleError as error:
            self.failure = error
        except Exception as error:
            self.failure = SiteFailed(f"{self._kind} cannot be read: {error!r}.")
        finally:
            self._heard.set()
