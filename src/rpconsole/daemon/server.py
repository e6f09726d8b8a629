"""The unix-socket server around the engine."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Coroutine
from dataclasses import replace
from itertools import count
from typing import Any

from rpconsole import __version__
from rpconsole.daemon.baton import BatonDesk
from rpconsole.daemon.connection import Connection, Office
from rpconsole.daemon.dispatch import Dispatch
from rpconsole.daemon.feed import Feed
from rpconsole.daemon.peer import may_connect, peer_of
from rpconsole.daemon.prompts import PromptDesk
from rpconsole.domain.baton import Seat
from rpconsole.domain.fault import RpconsoleError
from rpconsole.domain.snapshot import Snapshot
from rpconsole.engine.facade import EngineFacade
from rpconsole.protocol.codec import MAX_REQUEST_BYTES, encode
from rpconsole.protocol.messages import PROTOCOL, Bye, EngineHello

log = logging.getLogger(__name__)

MAX_CLIENTS = 64
#: how long orders under way may take when the engine stops
GRACE_S = 5.0


class EngineServer:
    """Serves any number of clients on a listening socket until closed."""

    def __init__(self, engine: EngineFacade, *, answer_within_s: float = 120.0, own_uid: int | None = None) -> None:
        self._engine = engine
        self._own_uid = os.getuid() if own_uid is None else own_uid
        self._since = time.time()
        self._clients: set[asyncio.Task[None]] = set()
        self._orders: set[asyncio.Task[None]] = set()
        self._desk = PromptDesk(answer_within_s=answer_within_s)
        self._baton = BatonDesk(happened=self._note)
        self._feed = Feed(engine, self._present)
        self._office = Office(
            dispatch=Dispatch(engine, present=self._present),
            desk=self._desk,
            feed=self._feed,
            baton=self._baton,
            numbers=count(1),
            hello=self._hello,
            start=self._start,
        )

    async def serve(self, listener: socket.socket) -> None:
        """Until cancelled; then orders under way get a moment, and everyone is hung up on."""
        server = await asyncio.start_unix_server(self._welcome, sock=listener, limit=MAX_REQUEST_BYTES)
        try:
            await self._feed.run()
        finally:
            server.close()
            await self._wind_up()

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._receive(reader, writer), name="client")
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            peer = peer_of(writer.get_extra_info("socket"))
            if not may_connect(peer, self._own_uid):
                log.warning("process %d of user %s was refused", peer.pid, peer.user)
                writer.write(encode(Bye(sentence=f"this engine does not serve user {peer.user}")))
            elif len(self._clients) > MAX_CLIENTS:
                writer.write(encode(Bye(sentence=f"{MAX_CLIENTS} clients are attached already")))
            else:
                await Connection(reader, writer, peer, self._office).serve()
        except OSError as error:
            log.debug("a client went away: %s", error)
        finally:
            writer.close()

    def _present(self) -> Snapshot:
        """The engine's present, and who of the clients may act."""
        return replace(self._engine.snapshot(), baton=self._baton.view())

    def _note(self, who: str, what: str) -> None:
        self._start(self._audit(who, what))

    async def _audit(self, who: str, what: str) -> None:
        try:
            await self._engine.note(what, who)
        except RpconsoleError as error:
            log.warning("not in the audit: %s %s: %s", who, what, error)

    def _hello(self, seat: Seat) -> EngineHello:
        snapshot = self._engine.snapshot()
        return EngineHello(
            protocol=PROTOCOL,
            version=__version__,
            pid=os.getpid(),
            since=self._since,
            site=snapshot.site,
            database=snapshot.database,
            who=seat.who,
            client=seat.client,
        )

    def _start(self, order: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(order, name="order")
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)

    async def _wind_up(self) -> None:
        self._desk.close()
        if self._orders:
            await asyncio.wait(self._orders, timeout=GRACE_S)
        left = [*self._orders, *self._clients]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
