"""The console's connection to the engine: it follows, orders, and comes back by itself. No Textual."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rpconsole.console.model import Model
from rpconsole.domain.fault import RpconsoleError

if TYPE_CHECKING:
    from rpconsole.protocol.client import Dialogue, EngineClient
from rpconsole.protocol.errors import EngineGone, ForeignProtocol, NoEngine

#: seconds between tries to reach an engine: the first, and the longest
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 5.0
#: how often an engine that says nothing is asked whether it lives
PULSE_S = 2.0

Result = dict[str, Any]


class EngineLink:
    """One engine, connected to again and again until cancelled."""

    def __init__(
        self,
        *,
        who: str,
        model: Model,
        dialogue: Dialogue | None,
        changed: Callable[[], None],
        place: str = "",
        first: int | None = None,
    ) -> None:
        self._who, self._model, self._dialogue = who, model, dialogue
        self._place = place
        self._changed = changed
        #: the runs that are looked at: so many at first, then those that were named; None = all
        self._first = first
        self._looked_at: tuple[int, ...] = ()
        self._client: EngineClient | None = None
        self._now = asyncio.Event()

    async def run(self, path: Path) -> None:
        """Stay connected to the engine at this socket until cancelled."""
        wait_s = FIRST_RETRY_S
        while True:
            try:
                await self._live(path)
                wait_s = FIRST_RETRY_S
            except (RpconsoleError, ValueError) as error:
                self._model.lost(str(error))
                wait_s = LONGEST_RETRY_S if isinstance(error, ForeignProtocol) else wait_s
            self._changed()
            await self._pause(wait_s)
            wait_s = min(LONGEST_RETRY_S, wait_s * 2)

    async def call(self, verb: str, **args: object) -> Result:
        """Order something; EngineGone when no engine is there to hear it."""
        if self._client is None:
            raise EngineGone("no engine is connected; nothing was ordered")
        return await self._client.call(verb, **args)

    def look(self, runs: Sequence[int]) -> None:
        """The runs that are in sight from now on."""
        self._looked_at = tuple(runs)
        if self._client is not None and self._first is not None:
            self._client.look(self._looked_at)

    async def decline_all(self) -> None:
        """The person leaves: no prompt of the site shall wait for him."""
        if self._client is not None:
            await self._client.decline_all()

    def hurry(self) -> None:
        """Try again now."""
        self._now.set()

    async def _live(self, path: Path) -> None:
        # loaded here, because the first frame need not wait for what checks messages
        from rpconsole.protocol.client import EngineClient

        # who comes back takes up only what he had: another may have begun to act meanwhile
        async with await EngineClient.connect(
            path,
            who=self._who,
            dialogue=self._dialogue,
            place=self._place,
            wants_baton=self._model.wants_baton,
            looks=self._model.read_only,
        ) as client:
            self._model.greeted(client.hello)
            self._client = client
            pulse = asyncio.create_task(self._pulse(client), name="pulse")
            try:
                async for event in client.follow(first=self._first, runs=self._looked_at):
                    self._model.take(event)
                    self._changed()
            finally:
                self._client = None
                pulse.cancel()
        raise NoEngine("the engine ended the connection")

    async def _pulse(self, client: EngineClient) -> None:
        """An engine with nothing to tell sends nothing, so it is asked now and then."""
        while True:
            await asyncio.sleep(PULSE_S)
            if self._model.silent_s() >= PULSE_S * 0.9:
                try:
                    await client.call("session")
                except RpconsoleError:
                    return
                self._model.heard()

    async def _pause(self, wait_s: float) -> None:
        self._now.clear()
        try:
            async with asyncio.timeout(wait_s):
                await self._now.wait()
        except TimeoutError:
            pass
