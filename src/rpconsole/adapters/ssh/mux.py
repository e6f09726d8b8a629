"""The conversation with an OpenSSH master over its control socket (OpenSSH's PROTOCOL.mux, version 4).

No ``ssh`` client runs: nothing here could fall back to a login of its own when the master is dead or full.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path

VERSION = 4
_ESCAPE_NONE = 0xFFFFFFFF
_MAX_PACKET_BYTES = 256 << 10
#: the master answers from memory
ANSWER_S = 5.0


class MuxWord(IntEnum):
    """Message types that we send or understand."""

    HELLO = 0x00000001
    NEW_SESSION = 0x10000002
    ALIVE_CHECK = 0x10000004
    TERMINATE = 0x10000005
    OK = 0x80000001
    PERMISSION_DENIED = 0x80000002
    FAILURE = 0x80000003
    EXIT_MESSAGE = 0x80000004
    ALIVE = 0x80000005
    SESSION_OPENED = 0x80000006


class MuxRefused(Exception):
    """The master said no, in its own words."""


class MuxBroken(OSError):
    """The master is gone, or speaks something else."""


def u32(number: int) -> bytes:
    """A number as it goes over the socket."""
    return struct.pack(">I", number)


def text(words: str) -> bytes:
    """A string as it goes over the socket."""
    data = words.encode("utf-8", "surrogateescape")
    return u32(len(data)) + data


def packet(word: MuxWord, *fields: bytes) -> bytes:
    """A message as it goes over the socket."""
    body = u32(word) + b"".join(fields)
    return u32(len(body)) + body


class Fields:
    """Reads the fields of a message one after the other."""

    def __init__(self, body: bytes) -> None:
        self._body = memoryview(body)

    def number(self) -> int:
        """The next number; MuxBroken when the message ends before it."""
        if len(self._body) < 4:
            raise MuxBroken("the master sent a message that is too short")
        found = int.from_bytes(self._body[:4], "big")
        self._body = self._body[4:]
        return found

    def words(self) -> str:
        """The next string."""
        size = self.number()
        if len(self._body) < size:
            raise MuxBroken("the master sent a message that is too short")
        found = bytes(self._body[:size]).decode("utf-8", "replace")
        self._body = self._body[size:]
        return found


class MuxControl:
    """One connection to the control socket: it carries one session, or questions about the master itself."""

    def __init__(self, connection: socket.socket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        #: descriptors cannot be sent through a transport; this is the same connection
        self._connection = connection
        self._reader = reader
        self._writer = writer
        self._requests = 0

    @classmethod
    async def connect(cls, path: Path) -> MuxControl:
        """Greet the master; OSError when nobody listens there, MuxBroken when it speaks another version."""
        reader, writer = await asyncio.open_unix_connection(str(path))
        control = cls(_duplicate(writer), reader, writer)
        try:
            async with asyncio.timeout(ANSWER_S):
                control._send(packet(MuxWord.HELLO, u32(VERSION)))
                word, fields = await control.read()
            if word != MuxWord.HELLO or fields.number() != VERSION:
                raise MuxBroken(f"{path} does not speak version {VERSION} of the protocol of masters")
        except TimeoutError:
            control.close()
            raise MuxBroken(f"{path} accepts and says nothing") from None
        except BaseException:
            control.close()
            raise
        return control

    def peer_uid(self) -> int:
        """Who listens there, as the kernel knows it."""
        found = self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int(struct.unpack("3i", found)[1])

    async def alive(self) -> int:
        """The master's process number; it says nothing of the peer."""
        async with _patience():
            self._ask(MuxWord.ALIVE_CHECK)
            return (await self._answer(MuxWord.ALIVE)).number()

    async def terminate(self) -> None:
        """End the master; returns when it has hung up."""
        async with _patience():
            self._ask(MuxWord.TERMINATE)
            await self._answer(MuxWord.OK)

    async def new_session(self, command: str, descriptors: Sequence[int]) -> None:
        """Start a program with these three descriptors; MuxRefused with the master's words when it cannot."""
        flags = b"".join(u32(0) for _ in ("terminal", "X11", "agent", "subsystem"))
        self._ask(MuxWord.NEW_SESSION, text(""), flags, u32(_ESCAPE_NONE), text(""), text(command))
        for descriptor in descriptors:
            socket.send_fds(self._connection, [b"\0"], [descriptor])
        await self._answer(MuxWord.SESSION_OPENED)

    async def read(self) -> tuple[int, Fields]:
        """The next message; MuxBroken at the end of the connection."""
        size = int.from_bytes(await self._exactly(4), "big")
        if not 4 <= size <= _MAX_PACKET_BYTES:
            raise MuxBroken("the master does not speak the protocol of masters")
        fields = Fields(await self._exactly(size))
        return fields.number(), fields

    def close(self) -> None:
        """Hang up; the session that it carries ends with it."""
        self._connection.close()
        self._writer.transport.abort()

    def _ask(self, word: MuxWord, *fields: bytes) -> None:
        self._requests += 1
        self._send(packet(word, u32(self._requests), *fields))

    async def _answer(self, wanted: MuxWord) -> Fields:
        while True:
            word, fields = await self.read()
            if word in (MuxWord.FAILURE, MuxWord.PERMISSION_DENIED):
                fields.number()
                raise MuxRefused(fields.words())
            if word == wanted:
                fields.number()
                return fields

    def _send(self, data: bytes) -> None:
        """Requests are far smaller than what a socket takes at once."""
        self._connection.sendall(data)

    async def _exactly(self, count: int) -> bytes:
        try:
            return await self._reader.readexactly(count)
        except asyncio.IncompleteReadError:
            raise MuxBroken("the master hung up") from None


def _duplicate(writer: asyncio.StreamWriter) -> socket.socket:
    connection = writer.get_extra_info("socket").dup()
    assert isinstance(connection, socket.socket)
    return connection


def _patience() -> asyncio.Timeout:
    return asyncio.timeout(ANSWER_S)
