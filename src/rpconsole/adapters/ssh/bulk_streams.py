"""The file channels of one session: opened when a bundle needs one, kept open for the next."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

from rpconsole.adapters.ssh.bundles import Bundle
from rpconsole.adapters.ssh.carrying import CarryingStream, first_frame
from rpconsole.adapters.ssh.channel import NoChannel
from rpconsole.adapters.ssh.fetching import FetchingStream
from rpconsole.adapters.ssh.frame_stream import FrameStream
from rpconsole.adapters.ssh.helper_client import OpenChannel, helper_command
from rpconsole.adapters.ssh.ledger import Ledger
from rpconsole.adapters.ssh.options import CARRYING, SshOptions
from rpconsole.adapters.ssh.sending import SendingStream
from rpconsole.domain.fault import RpconsoleError
from rpconsole.ports.site import Urgency

#: the next bundle, or None when the stream should be given back
NextBundle = Callable[[], Bundle | None]


class BulkStream(Protocol):
    """Carries bundle after bundle in one direction."""

    @property
    def is_open(self) -> bool:
        """False once it can carry no more."""
        ...

    async def carry(self, next_bundle: NextBundle, ledger: Ledger) -> None:
        """Move bundles until there are no more, and enter each file into the ledger; raises when the stream cannot go on."""
        ...

    def close(self) -> None:
        """End it."""
        ...


_STREAMS: dict[str, Callable[[FrameStream, str, float], BulkStream]] = {
    "receive": SendingStream,
    "give": FetchingStream,
    "pull": partial(CarryingStream, is_outward=True),
    "push": partial(CarryingStream, is_outward=False),
}


class BulkStreams:
    """Lends streams, at most ``limit`` at once, to the most urgent first; one that failed is not lent again."""

    def __init__(self, host: str, options: SshOptions, open_channel: OpenChannel, badge: str) -> None:
        self._host = host
        self._options = options
        self._open_channel = open_channel
        self._badge = badge
        self._lent = 0
        self._idle: dict[str, list[BulkStream]] = {verb: [] for verb in _STREAMS}
        #: (urgency, turn): the most urgent first, and of those who came first
        self._waiting: list[tuple[Urgency, int]] = []
        self._turns = itertools.count()
        self._returned = asyncio.Condition()
        #: how many may be lent at once
        self.limit = options.bulk_limit
        #: how many may be open, lent or idle
        self._room = options.bulk_room
        #: how many the front end let us have, where it refused more
        self.narrowed_to: int | None = None

    def narrow(self, room: int | None) -> None:
        """Hold no more open than the front end is known to allow; None = nothing is known."""
        if room is not None:
            self.narrowed_to = room
            self.limit, self._room = min(self.limit, room), min(self._room, room)

    async def try_more(self, verb: str) -> None:
        """Whether the front end allows more by now than it did: one stream more is opened as long as it does."""
        while self.narrowed_to is not None and not self._lent and not self._waiting:
            self._lent += 1
            stream = None
            try:
                stream = await self._open(verb)
                self._widen()
            except RpconsoleError:
                return
            finally:
                await self._give_back(verb, stream)

    def _widen(self) -> None:
        """All that are open, and the one that was just opened, are known to be allowed."""
        most = self._options.bulk_room
        self._room = min(most, max(self._room, self._open_now()))
        self.limit = min(self._options.bulk_limit, max(self.limit, self._room))
        self.narrowed_to = None if self._room >= most else self._room

    def is_wanted(self, urgency: Urgency) -> bool:
        """Whether somebody waits for a stream who is as urgent as that."""
        return any(waiting <= urgency for waiting, _ in self._waiting)

    async def warm(self, verb: str) -> None:
        """Open what a transfer will need while nobody needs it; not to be had is no fault, the transfer will say why."""
        while len(self._idle[verb]) < self.limit and not self._lent and not self._waiting and self._has_room():
            self._lent += 1
            try:
                stream: BulkStream | None = await self._open(verb)
            except NoChannel:
                # never fewer than one: the next transfer shall try, and say why it cannot
                self.narrow(max(1, self._open_now() - 1))
                await self._give_back(verb, None)
                return
            except RpconsoleError:
                await self._give_back(verb, None)
                return
            except BaseException:
                await self._give_back(verb, None)
                raise
            await self._give_back(verb, stream)

    @asynccontextmanager
    async def lease(self, verb: str, urgency: Urgency = Urgency.RUN) -> AsyncIterator[BulkStream]:
        """A stream of the helper's ``receive`` or ``give``."""
        stream = await self._taken(verb, urgency) or await self._opened(verb, urgency)
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

    async def _taken(self, verb: str, urgency: Urgency) -> BulkStream | None:
        """An idle stream; or None, and the right to open one."""
        await self._admitted(urgency)
        while self._idle[verb]:
            stream = self._idle[verb].pop()
            if stream.is_open:
                return stream
        self._make_room()
        return None

    async def _admitted(self, urgency: Urgency) -> None:
        """Wait for one of the streams that may be lent, and count it as lent."""
        async with self._returned:
            turn = (urgency, next(self._turns))
            self._waiting.append(turn)
            try:
                await self._returned.wait_for(lambda: self._lent < self.limit and turn == min(self._waiting))
                self._lent += 1
            finally:
                self._waiting.remove(turn)
                # who stood behind this one may be the next, and looked in vain while it stood there
                self._returned.notify_all()

    def _has_room(self) -> bool:
        return self._open_now() < self._room

    def _open_now(self) -> int:
        """Lent or idle."""
        return self._lent + sum(map(len, self._idle.values()))

    def _make_room(self) -> None:
        """Close idle streams where there would be more than the session has channels for."""
        for idle in self._idle.values():
            while idle and self._lent + sum(map(len, self._idle.values())) > self._room:
                idle.pop().close()

    async def _opened(self, verb: str, urgency: Urgency) -> BulkStream:
        try:
            return await self._open(verb)
        except NoChannel:
            if self._closed_an_idle_one():
                return await self._opened(verb, urgency)
            if self._lent <= 1:
                await self._give_back(verb, None)
                raise
            # the front end allows fewer than we were told: make do with those that are open
            self.narrow(self._lent - 1)
            await self._give_back(verb, None)
        except BaseException:
            await self._give_back(verb, None)
            raise
        return await self._taken(verb, urgency) or await self._opened(verb, urgency)

    def _closed_an_idle_one(self) -> bool:
        for idle in self._idle.values():
            if idle:
                idle.pop().close()
                return True
        return False

    async def _open(self, verb: str) -> BulkStream:
        roots = [word for root in self._options.roots for word in ("--root", root)]
        command = helper_command(self._options, verb, *roots, self._badge)
        frames = FrameStream(await self._open_channel(command), self._host)
        try:
            await frames.greeting(self._options.answer_timeout_s)
            if verb in CARRYING:
                await frames.send(first_frame(self._options, verb), self._options.answer_timeout_s)
        except BaseException:
            frames.channel.close()
            raise
        return _STREAMS[verb](frames, self._host, self._options.stall_s)

    async def _give_back(self, verb: str, stream: BulkStream | None) -> None:
        self._lent -= 1
        if stream is not None:
            self._idle[verb].append(stream)
        async with self._returned:
            self._returned.notify_all()
