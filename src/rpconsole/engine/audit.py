"""The audit: who ordered what, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rpconsole.domain.fault import RpconsoleError
from rpconsole.engine.world import World
from rpconsole.ports.journal import Act


@dataclass(slots=True)
class Ending:
    """What came of an act, as a sentence."""

    outcome: str = "done"


class Audit:
    """Writes an act down before it is begun, and its outcome behind it; one that a crash cut short has none."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def note(self, who: str, what: str, outcome: str | None = "done") -> int:
        """Something that is done already; its number in the journal."""
        act = Act(at=self._world.clock.now(), who=who, what=what, outcome=outcome)
        return await self._world.operations.record_act(act)

    @asynccontextmanager
    async def acting(self, who: str, what: str) -> AsyncIterator[Ending]:
        """An act from its beginning to its end; a failure is its outcome and goes on."""
        number, ending = await self.note(who, what, None), Ending()
        try:
            yield ending
        except RpconsoleError as error:
            await self._ended(number, f"not done: {str(error).partition(chr(10))[0]}")
            raise
        except BaseException:
            await self._ended(number, "not done: it was broken off")
            raise
        await self._ended(number, ending.outcome)

    async def _ended(self, number: int, outcome: str) -> None:
        await self._world.operations.act_ended(number, outcome)
