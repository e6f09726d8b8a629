"""Makes asyncssh's sending of channel data cheaper: one write to the socket for many packets, and no packet more than is needed.

asyncssh writes each packet of 32 kB by itself, puts an empty one before it (a guard for block chaining ciphers, which we do not speak)
and asks the kernel for fresh padding each time; at full line that is half of the client's CPU. This replaces one step of it on a
connection, and leaves everything but channel data to asyncssh. Where the library is not built as we know it, nothing is replaced.
"""

from __future__ import annotations

import asyncio
import os
import struct
import time
from typing import Any

import asyncssh

_CHANNEL_DATA = 94
#: so much waits for the end of the loop's turn at most
_GATHERED_BYTES = 256 << 10
_PADDING = os.urandom(256)
_USED = (
    "_send", "send_packet", "_send_encryption", "_send_enchdrlen", "_send_blocksize", "_send_seq", "_kex_complete", "_compressor",
    "_auth_complete", "_rekey_bytes_sent", "_rekey_bytes", "_rekey_seconds", "_rekey_time",
)  # fmt: skip


def quicken(connection: asyncssh.SSHClientConnection) -> bool:
    """Replace the step; False where it stays as it was."""
    cipher = str(connection.get_extra_info("send_cipher") or "cbc")
    if "cbc" in cipher or any(not hasattr(connection, name) for name in _USED):
        return False
    framing = _Framing(connection)
    vars(connection).update(_send=framing.send, send_packet=framing.send_packet)
    return True


class _Framing:
    """The one step, for one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._write = connection._send
        self._send_packet = connection.send_packet
        self._gathered: list[bytes] = []
        self._size = 0

    def send(self, data: bytes) -> None:
        """What asyncssh itself sends: at once, behind what is gathered."""
        if self._gathered:
            self._gathered.append(data)
            self._flush()
        else:
            self._write(data)

    def send_packet(self, kind: int, *parts: bytes, handler: Any = None) -> None:
        """A packet; channel data is framed here and gathered."""
        connection = self._connection
        if kind != _CHANNEL_DATA or not self._is_plain(connection):
            self._send_packet(kind, *parts, handler=handler)
            return
        body = b"".join(parts)
        padding = -(connection._send_enchdrlen + 1 + len(body)) % connection._send_blocksize
        if padding < 4:
            padding += connection._send_blocksize
        packet = b"".join((bytes((padding, kind)), body, _PADDING[:padding]))
        sequence = connection._send_seq
        framed = connection._send_encryption.encrypt_packet(sequence, struct.pack(">I", len(packet)), packet)
        connection._send_seq = (sequence + 1) & 0xFFFFFFFF
        connection._rekey_bytes_sent += len(packet)
        self._gather(framed)

    def _is_plain(self, connection: Any) -> bool:
        """Neither a key exchange nor anything else that asyncssh must see to."""
        return (
            connection._kex_complete
            and connection._auth_complete
            and connection._send_encryption is not None
            and connection._compressor is None
            and connection._rekey_bytes_sent < connection._rekey_bytes
            and not (connection._rekey_seconds and time.monotonic() >= connection._rekey_time)
        )

    def _gather(self, framed: tuple[bytes, bytes]) -> None:
        if not self._gathered:
            self._loop.call_soon(self._flush)
        self._gathered.extend(framed)
        self._size += len(framed[0])
        if self._size >= _GATHERED_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._gathered:
            data, self._size = b"".join(self._gathered), 0
            self._gathered.clear()
            self._write(data)
