"""The file channels of one session: opened when a bundle needs one, kept open for the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from rpconsole.adapters.ssh.bundles import Bundle
from rpconsole.adapters.ssh.channel import NoChannel
from rpconsole.adapters.ssh.fetching import FetchingStream
from rpconsole.adapters.ssh.frame_stream import FrameStream
from rpconsole.adapters.ssh.helper_client import OpenChannel, helper_command
from rpconsole.adapters.ssh.ledger import Ledger
from rpconsole.adapters.ssh.options import SshOptions
from rpconsole.adapters.ssh.sending import SendingStream


class BulkStream(Protocol):
    """Carries bundle after bundle in one direction."""

    @property
    def is_open(self) -> bool:
        """False once it can carry no more."""
        ...

    async def carry(self, bundle: Bundle, ledger: Ledger) -> None:
        """Move the files of a bundle and enter each into the ledger; raises when the stream cannot go on."""
        ...

    def close(self) -> None:
        """End it."""
        ...


_STREAMS: dict[str, type[SendingStream] | type[FetchingStream]] = {"receive": SendingStream, "give": FetchingStream}


class BulkStreams:
    """Lends streams, at most ``bulk_limit`` at once; one that failed is not lent again."""

    def __init__(self, host: str, options: SshOptions, open_channel: OpenChannel) -> None:
        self._host = host
        self._options = options
        self._open_channel = open_channel
        self._count = 0
        self._idle: dict[str, list[BulkStream]] = {verb: [] for verb in _STREAMS}
        self._returned = asyncio.Condition()
        #: how many may be lent at once
        self.limit = options.bulk_limit

    @asynccontextmanager
    async def lease(self, verb: str) -> AsyncIterator[BulkStream]:
        """A stream of the helper's ``receive`` or ``give``."""
        stream = await self._taken(verb) or await self._opened(verb)
        try:
            yield stream
        except BaseException:
            stream.close()
            await self._give_back(verb, None)
            raise
        await self._give_back(verb, stream if stream.is_open else None)

    def close(self) -> None:
        """End the streams that nobody uses; the others end with their bundles."""
        for idle in self._idle.values():
            while idle:
                idle.pop().close()

    async def _taken(self, verb: str) -> BulkStream | None:
        """An idle stream; or None, and the right to open one."""
        async with self._returned:
            while True:
                while self._idle[verb]:
                    stream = self._idle[verb].pop()
                    if stream.is_open:
                        return stream
                    self._count -= 1
                if self._count < self.limit:
                    self._count += 1
                    return None
                if self._dropped_one():
                    return None
                await self._returned.wait()

    def _dropped_one(self) -> bool:
        for idle in self._idle.values():
            if idle:
                idle.pop().close()
                return True
        return False

    async def _opened(self, verb: str) -> BulkStream:
        try:
            return await self._open(verb)
        except NoChannel:
            if self._count <= 1:
                await self._give_back(verb, None)
                raise
            # the front end allows fewer than we were told: make do with those that are open
            self.limit = self._count - 1
            await self._give_back(verb, None)
        except BaseException:
            await self._give_back(verb, None)
            raise
        return await self._taken(verb) or await self._opened(verb)

    async def _open(self, verb: str) -> BulkStream:
        command = helper_command(self._options, verb, "--root", self._options.remote_root)
        frames = FrameStream(await self._open_channel(command), self._host)
        try:
            await frames.greeting(self._options.answer_timeout_s)
        except BaseException:
            frames.channel.close()
            raise
        return _STREAMS[verb](frames, self._host, self._options.stall_s)

    async def _give_back(self, verb: str, stream: BulkStream | None) -> None:
        if stream is None:
            self._count -= 1
        else:
            self._idle[verb].append(stream)
        async with self._returned:
            self._returned.notify_all()
