"""The way to the engine: the running one over its socket, else one that is opened here for a single order and does not work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import typer

from rpconsole.cli.configured import Configured, configured
from rpconsole.cli.given import who_calls
from rpconsole.cli.options import given

if TYPE_CHECKING:
    from rpconsole.engine.facade import RunningEngine
    from rpconsole.protocol.client import Dialogue, EngineClient

Done = TypeVar("Done")
Result = dict[str, Any]
#: answered from what a running engine has in memory
SHOWS_THE_PRESENT = ("status", "session")


class Door(Protocol):
    """Somewhere that carries out verbs."""

    @property
    def lives(self) -> bool:
        """Whether an engine works behind it; else orders are recorded and nothing moves by itself."""
        ...

    async def call(self, verb: str, **args: object) -> Result:
        """What became of it, or the engine's sentence as an error."""
        ...


class _LocalDoor:
    """An engine of our own, opened and not running."""

    lives = False

    def __init__(self, engine: RunningEngine) -> None:
        from rpconsole.daemon.dispatch import Dispatch

        self._engine = engine
        self._dispatch = Dispatch(engine)

    async def call(self, verb: str, **args: object) -> Result:
        if verb in SHOWS_THE_PRESENT:
            await self._engine.look()
        return await self._dispatch.carry_out(verb, args, who=who_calls())


class _SocketDoor:
    """The running engine."""

    lives = True

    def __init__(self, client: EngineClient) -> None:
        self._client = client

    async def call(self, verb: str, **args: object) -> Result:
        return await self._client.call(verb, **args)


def order(context: typer.Context, verb: str, **args: object) -> Result:
    """One order, and what became of it."""
    return through_door(context, lambda door: door.call(verb, **args))


def through_door(context: typer.Context, work: Callable[[Door], Awaitable[Done]]) -> Done:
    """Do something at the door, from the outside of the event loop."""
    settings = configured(given(context))

    async def walk() -> Done:
        async with open_door(settings) as door:
            return await work(door)

    return asyncio.run(walk())


@asynccontextmanager
async def open_door(settings: Configured, *, dialogue: Dialogue | None = None) -> AsyncIterator[Door]:
    """The socket where an engine answers, else an engine of our own."""
    from rpconsole.protocol.client import EngineClient
    from rpconsole.protocol.errors import NoEngine

    async with AsyncExitStack() as stack:
        try:
            client = await EngineClient.connect(settings.socket_path, who=who_calls(), dialogue=dialogue)
        except NoEngine:
            yield _LocalDoor(await stack.enter_async_context(settings.open_engine()))
        else:
            yield _SocketDoor(await stack.enter_async_context(client))
