"""Frames over a channel: the greeting that ends a login shell's chatter, then messages and plain bytes."""

from __future__ import annotations

import json
from typing import Any

from rpconsole.adapters.ssh.channel import Channel
from rpconsole.domain.fault import SiteFailed
from rpconsole.remote.frames import HEADER_BYTES, Garbage, Message, frame_of, length_of, message_of

GREETING = b"RPR1 "
_NOISE_LIMIT_BYTES = 256 << 10


class FrameStream:
    """Reads and writes one channel of the helper."""

    def __init__(self, channel: Channel, host: str) -> None:
        self.channel = channel
        self._host = host

    async def greeting(self, timeout_s: float) -> dict[str, Any]:
        """The helper's first line; banners and messages of the day before it are skipped."""
        line, skipped = bytearray(), 0
        while skipped + len(line) < _NOISE_LIMIT_BYTES:
            line += await self.channel.read_exactly(1, timeout_s)
            if line.endswith(b"\n"):
                found = line.rfind(GREETING + b"{")
                if found >= 0:
                    return self._read(bytes(line[found + len(GREETING) :]))
                skipped += len(line)
                line.clear()
        raise SiteFailed(
            f"{self._host} prints {_NOISE_LIMIT_BYTES} bytes before the helper speaks; its login files must be quieter."
        )

    def _read(self, line: bytes) -> dict[str, Any]:
        try:
            found = json.loads(line)
        except ValueError as error:
            raise self._garbage(error) from error
        if not isinstance(found, dict):
            raise SiteFailed(f"The helper at {self._host} greets with no object.")
        return found

    async def send(self, message: Message, timeout_s: float) -> None:
        """Write one message."""
        await self.channel.write(frame_of(message), timeout_s)

    async def read(self, timeout_s: float | None) -> Message:
        """The next message; garbage ends the channel, for after it no border is certain."""
        try:
            length = length_of(await self.channel.read_exactly(HEADER_BYTES, timeout_s))
            return message_of(await self.channel.read_exactly(length, timeout_s))
        except Garbage as error:
            self.channel.close()
            raise self._garbage(error) from error

    def _garbage(self, error: Exception) -> SiteFailed:
        return SiteFailed(f"The helper at {self._host} speaks no frames: {error}.")
