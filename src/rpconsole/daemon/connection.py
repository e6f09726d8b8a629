"""One client: its requests in, answers and events out, neither ever waited for by the engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from rpconsole.daemon.baton import BatonDesk, refuse_looker
from rpconsole.daemon.dispatch import Asker, Dispatch, Result, checked_args
from rpconsole.daemon.feed import Feed
from rpconsole.daemon.outbox import Outbox, TooSlow
from rpconsole.daemon.peer import Peer, recorded_name
from rpconsole.daemon.prompts import PromptDesk
from rpconsole.daemon.verbs import BatonArgs, FindRunsArgs
from rpconsole.domain.baton import Seat
from rpconsole.domain.fault import ExitCode, FaultKind, RpconsoleError
from rpconsole.ports.sessions import Challenge
from rpconsole.protocol.codec import decode_from_client, encode, read_line, result
from rpconsole.protocol.errors import BadMessage
from rpconsole.protocol.messages import (
    PROTOCOL,
    Answer,
    Bye,
    ClientHello,
    Decline,
    EngineHello,
    Follow,
    FromClient,
    Look,
    Message,
    Rejected,
    Reply,
    Request,
    WireError,
)

log = logging.getLogger(__name__)

#: requests of one client that may be under way at once
MAX_UNDER_WAY = 32
#: how long the last words to a client may take
FAREWELL_S = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """What all connections share."""

    dispatch: Dispatch
    desk: PromptDesk
    feed: Feed
    baton: BatonDesk
    #: numbers for connections
    numbers: Iterator[int]
    #: greet a client at his seat
    hello: Callable[[Seat], EngineHello]
    #: carry an order to its end, whether the client that gave it stays or not
    start: Callable[[Coroutine[Any, Any, None]], None]


class Connection:
    """A client that the kernel vouched for."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: Peer, office: Office) -> None:
        self._reader, self._writer, self._peer, self._office = reader, writer, peer, office
        self._outbox = Outbox()
        self._under_way = 0
        self._answers = False
        self._looks = False
        self._seat = Seat(client=next(office.numbers), who=peer.user)

    async def serve(self) -> None:
        """Until the client hangs up, says nonsense, or does not read its answers."""
        writing = asyncio.create_task(self._write(), name=f"to client {self._peer.pid}")
        reading = asyncio.create_task(self._read(), name=f"from client {self._peer.pid}")
        try:
            await asyncio.wait({writing, reading}, return_when=asyncio.FIRST_COMPLETED)
            if not writing.done():
                await self._farewell()
        finally:
            self._office.desk.detach(self)
            self._office.feed.remove(self._outbox)
            self._office.baton.leave(self._seat.client)
            await _end(writing, reading)

    @property
    def who(self) -> str:
        """The name under which this client's acts are recorded."""
        return self._seat.who

    def tell(self, message: Message) -> None:
        """Send something; a client that does not read loses its connection, nobody waits for it."""
        try:
            self._outbox.post(message)
        except TooSlow as error:
            log.warning("client of process %d dropped: %s", self._peer.pid, error)
            self._writer.transport.abort()

    async def _farewell(self) -> None:
        """Give the last words a moment to leave."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await self._outbox.emptied()

    async def _write(self) -> None:
        with suppress(OSError):
            while True:
                self._writer.write(encode(await self._outbox.next()))
                await self._writer.drain()

    async def _read(self) -> None:
        try:
            if not await self._greeted():
                return
            while (line := await read_line(self._reader)) is not None:
                self._take(decode_from_client(line))
        except BadMessage as error:
            log.warning("client of process %d (%s) hung up on: %s", self._peer.pid, self.who, error)
            self.tell(Bye(sentence=str(error), exit_code=error.exit_code))
        except OSError as error:
            log.debug("client of process %d is gone: %s", self._peer.pid, error)

    async def _greeted(self) -> bool:
        line = await read_line(self._reader)
        if line is None:
            return False
        hello = decode_from_client(line)
        if not isinstance(hello, ClientHello):
            raise BadMessage(f"the first line must be a hello, this is a {hello.kind}")
        place = "".join(ch for ch in hello.place if ch.isprintable()).strip()
        self._seat = replace(self._seat, who=recorded_name(hello.who, self._peer), place=place)
        self.tell(self._office.hello(self._seat))
        if hello.protocol != PROTOCOL:
            self.tell(Bye(sentence=f"this engine speaks protocol {PROTOCOL}, not {hello.protocol}"))
            return False
        self._looks = hello.looks
        if self._looks:
            return True
        if hello.answers:
            self._answers = True
            self._office.desk.attach(self)
        if place and hello.wants_baton:
            self._office.baton.sit(self._seat)
        return True

    def _take(self, message: FromClient) -> None:
        match message:
            case Request():
                self._accept(message)
            case Follow():
                self._office.feed.add(self._outbox, message)
            case Look():
                self._show(message)
            case Reply() | Decline() if self._looks:
                sentence = "not passed on: this console only looks (--read-only)"
                self.tell(Rejected(ask_id=message.ask_id, sentence=sentence))
            case Reply():
                self._office.desk.reply(self, message)
            case Decline():
                self._office.desk.decline(self, message)
            case ClientHello():
                raise BadMessage("a second hello")

    def _show(self, look: Look) -> None:
        if self._outbox.window is None:
            raise BadMessage("a look before any follow with 'first'")
        self._outbox.window.show(look.runs)
        self._outbox.look_again()

    def _accept(self, request: Request) -> None:
        if self._under_way >= MAX_UNDER_WAY:
            sentence = f"{MAX_UNDER_WAY} requests of this client are under way; wait for an answer first"
            self.tell(_failed(request, sentence, FaultKind.TRANSIENT, ExitCode.SYSTEM))
            return
        self._under_way += 1
        self._office.start(self._carry_out(request))

    async def _carry_out(self, request: Request) -> None:
        try:
            self.tell(await self._answered(request))
        finally:
            self._under_way -= 1

    async def _answered(self, request: Request) -> Answer:
        try:
            return Answer(id=request.id, ok=True, result=await self._done(request))
        except RpconsoleError as error:
            return _failed(request, str(error), error.kind, error.exit_code)
        except Exception:
            log.exception("%s failed", request.verb)
            sentence = f"{request.verb} failed in a way that was not foreseen; the engine's log says where"
            return _failed(request, sentence, FaultKind.PERMANENT, ExitCode.UNEXPECTED)

    async def _done(self, request: Request) -> Result:
        checked = checked_args(request.verb, request.args)
        if self._looks:
            refuse_looker(request.verb)
        if isinstance(checked, FindRunsArgs) and self._outbox.window is not None:
            self._outbox.window.sift(checked.filter)
            self._outbox.look_again()
        if isinstance(checked, BatonArgs):
            baton = self._office.baton
            return result(sentence={"ask": baton.ask, "give": baton.give, "keep": baton.keep}[checked.do](self._seat))
        self._office.baton.check(self._seat, request.verb, request.args)
        return await self._office.dispatch.carry_out(request.verb, request.args, who=self.who, asker=self._asker)

    @property
    def _asker(self) -> Asker:
        async def ask(challenge: Challenge) -> list[str] | None:
            return await self._office.desk.ask(challenge, asker=self if self._answers else None, who=self.who)

        return Asker(ask=ask, is_anyone_there=self._office.desk.is_anyone_there)


def _failed(request: Request, sentence: str, kind: FaultKind, exit_code: ExitCode) -> Answer:
    return Answer(id=request.id, ok=False, error=WireError(sentence=sentence, kind=kind, exit_code=exit_code))


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            log.error("a connection ended badly", exc_info=outcome)
