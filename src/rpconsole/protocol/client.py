"""A client of the engine's process: orders with answers, events, and the site's prompts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from pydantic import SecretStr

from rpconsole import __version__
from rpconsole.protocol.codec import MAX_ANSWER_BYTES, decode_from_engine, encode, read_line
from rpconsole.protocol.errors import BadMessage, EngineGone, EngineSaid, ForeignProtocol, NoEngine
from rpconsole.protocol.messages import (
    PROTOCOL,
    AlertSaid,
    Answer,
    Answered,
    Bye,
    ChallengeAsked,
    Change,
    ClientHello,
    Decline,
    EngineHello,
    Follow,
    FromEngine,
    Look,
    Message,
    Rejected,
    Reply,
    Request,
    WholeSnapshot,
)

Event = WholeSnapshot | Change | AlertSaid


class Dialogue(Protocol):
    """The person at this client, who answers the site's prompts."""

    async def ask(self, challenge: ChallengeAsked) -> Sequence[str] | None:
        """The answers in the order of the prompts, or None when he declines; cancelled when the challenge is closed meanwhile."""
        ...

    def closed(self, answered: Answered) -> None:
        """A challenge is closed, by this client or another."""
        ...

    def rejected(self, rejected: Rejected) -> None:
        """The reply was not passed on; ``ask`` follows again."""
        ...


class EngineClient:
    """One connection to the engine. Use it as ``async with await EngineClient.connect(path) as engine:``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dialogue: Dialogue | None) -> None:
        self._reader, self._writer, self._dialogue = reader, writer, dialogue
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._asks: dict[int, tuple[ChallengeAsked, asyncio.Task[None]]] = {}
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(maxsize=1024)
        self._listener: asyncio.Task[None] | None = None
        self._gone: Exception | None = None
        self._hello: EngineHello | None = None

    @classmethod
    async def connect(
        cls,
        path: Path,
        *,
        who: str = "",
        dialogue: Dialogue | None = None,
        place: str = "",
        wants_baton: bool = False,
        looks: bool = False,
        timeout_s: float = 10.0,
    ) -> EngineClient:
        """Connect and greet; NoEngine when nobody answers, ForeignProtocol when the versions do not fit.

        ``place`` names the terminal of a console that may act; such a one needs the baton.
        ``looks`` asks the engine to refuse whatever this client orders or answers.
        """
        try:
            async with asyncio.timeout(timeout_s):
                reader, writer = await asyncio.open_unix_connection(str(path), limit=MAX_ANSWER_BYTES)
                client = cls(reader, writer, dialogue)
                try:
                    await client._greet(
                        ClientHello(
                            protocol=PROTOCOL,
                            version=__version__,
                            who=who,
                            answers=dialogue is not None,
                            place=place,
                            wants_baton=wants_baton,
                            looks=looks,
                        )
                    )
                except BaseException:
                    writer.close()
                    raise
        except OSError as error:
            raise NoEngine(f"no engine answers on {path}: {_reason(error)}") from None
        client._listener = asyncio.create_task(client._listen(), name="engine client")
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def hello(self) -> EngineHello:
        """Which engine this is."""
        assert self._hello is not None
        return self._hello

    async def call(self, verb: str, **args: object) -> dict[str, Any]:
        """Order something and wait for what became of it; EngineSaid with the engine's sentence when it failed."""
        if self._gone is not None:
            raise self._gone
        number = next(self._ids)
        answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._send(Request(id=number, verb=verb, args=args))
            result: dict[str, Any] = await answer
            return result
        finally:
            self._waiting.pop(number, None)

    async def follow(self, *, first: int | None = None, runs: Sequence[int] = ()) -> AsyncIterator[Event]:
        """A whole snapshot, then changes and alerts; consume it steadily, answers to calls come behind it. Ends with the engine.

        With ``first`` only so many runs, and ``runs``, are sent, until ``look`` names others.
        """
        await self._send(Follow(first=first, runs=tuple(runs)))
        while (event := await self._events.get()) is not None:
            yield event

    def look(self, runs: Sequence[int]) -> None:
        """These runs are looked at from now on; a line of this size never waits for the socket."""
        if not self._writer.is_closing():
            self._writer.write(encode(Look(runs=tuple(runs))))

    async def decline_all(self) -> None:
        """The person leaves: no challenge shall wait for him."""
        for ask_id, (_, task) in list(self._asks.items()):
            task.cancel()
            with suppress(EngineGone):
                await self._send(Decline(ask_id=ask_id))

    async def close(self) -> None:
        """Hang up."""
        for _, task in self._asks.values():
            task.cancel()
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _greet(self, hello: ClientHello) -> None:
        await self._send(hello)
        message = await self._next()
        if isinstance(message, EngineHello) and message.protocol == PROTOCOL:
            self._hello = message
            return
        if isinstance(message, EngineHello):
            raise ForeignProtocol(
                f"the engine (version {message.version}, process {message.pid}) speaks protocol {message.protocol}, "
                f"this program (version {__version__}) protocol {PROTOCOL}: use the same version, or restart the engine"
            )
        raise NoEngine(message.sentence if isinstance(message, Bye) else "the engine did not greet")

    async def _send(self, message: Message) -> None:
        try:
            self._writer.write(encode(message))
            await self._writer.drain()
        except OSError:
            raise EngineGone from None

    async def _next(self) -> FromEngine | None:
        line = await read_line(self._reader)
        return None if line is None else decode_from_engine(line)

    async def _listen(self) -> None:
        try:
            while (message := await self._next()) is not None:
                if isinstance(message, Bye):
                    self._gone = EngineGone(f"the engine ended the connection: {message.sentence}")
                    return
                await self._take(message)
        except (OSError, BadMessage) as error:
            self._gone = EngineGone(f"the connection to the engine broke: {error}")
        finally:
            self._hang_up()

    def _hang_up(self) -> None:
        self._gone = self._gone or EngineGone()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(self._gone)
        for _, task in self._asks.values():
            task.cancel()
        if self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(None)

    async def _take(self, message: FromEngine) -> None:
        match message:
            case Answer():
                self._settle(message)
            case ChallengeAsked():
                self._ask(message)
            case Answered():
                self._close_ask(message)
            case Rejected():
                self._ask_again(message)
            case WholeSnapshot() | Change() | AlertSaid():
                await self._events.put(message)
            case _:
                raise BadMessage(f"a {message.kind} was not expected")

    def _settle(self, message: Answer) -> None:
        answer = self._waiting.get(message.id)
        if answer is None or answer.done():
            return
        if message.error is not None:
            error = message.error
            answer.set_exception(EngineSaid(error.sentence, kind=error.kind, exit_code=error.exit_code))
        else:
            answer.set_result(message.result or {})

    def _ask(self, challenge: ChallengeAsked) -> None:
        if self._dialogue is not None:
            task = asyncio.create_task(self._answer(self._dialogue, challenge), name=f"ask {challenge.ask_id}")
            self._asks[challenge.ask_id] = (challenge, task)

    async def _answer(self, dialogue: Dialogue, challenge: ChallengeAsked) -> None:
        answers = await dialogue.ask(challenge)
        with suppress(EngineGone):
            if answers is None:
                await self._send(Decline(ask_id=challenge.ask_id))
            else:
                await self._send(Reply(ask_id=challenge.ask_id, answers=tuple(SecretStr(one) for one in answers)))

    def _close_ask(self, answered: Answered) -> None:
        _, task = self._asks.pop(answered.ask_id, (None, None))
        if task is not None and self._dialogue is not None:
            task.cancel()
            self._dialogue.closed(answered)

    def _ask_again(self, rejected: Rejected) -> None:
        challenge, _ = self._asks.get(rejected.ask_id, (None, None))
        if challenge is not None and self._dialogue is not None:
            self._dialogue.rejected(rejected)
            self._ask(challenge)


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such socket"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there; it was left behind by an engine that is gone"
    if isinstance(error, PermissionError):
        return "it belongs to another user"
    return error.strerror or "no answer in time"
