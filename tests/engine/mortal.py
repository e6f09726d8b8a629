"""Death at a chosen write: from then on nothing that the engine does has any effect, as after ``kill -9``."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from rpconsole.engine.world import World

#: every call of a port that changes something somewhere, by the port's name in the world
WRITES = {
    "runs": {"define", "change_run", "change_states", "touch", "change_components"},
    "survey": {"apply", "advance", "advance_fake", "add_overlap", "define_stacks"},
    "catalogue": {"create"},
    "files": {"write", "append_all"},
    "site": {"send", "fetch", "submit", "run"},
    "journal": {"save", "save_all"},
    "ledger": {"record_delivered", "record_verdicts", "add_bytes"},
    "operations": {"record_act"},
}


class Fate:
    """Counts writes; at the given one the engine dies."""

    def __init__(self, die_at: int | None = None) -> None:
        self.die_at = die_at
        self.writes: list[str] = []
        self.dead = asyncio.Event()

    async def meet(self, port: str, verb: str) -> None:
        """Pass a write on, or never come back."""
        if self.dead.is_set() or len(self.writes) == self.die_at:
            self.dead.set()
            await asyncio.Event().wait()
        self.writes.append(f"{port}.{verb}")


class MortalPort:
    """Any port; its writes go through fate, and once dead its reads do not come back either."""

    def __init__(self, port: Any, name: str, fate: Fate) -> None:
        self._port, self._name, self._fate = port, name, fate

    def __getattr__(self, verb: str) -> Any:
        method = getattr(self._port, verb)
        if not asyncio.iscoroutinefunction(method):
            return method

        async def called(*args: Any, **kwargs: Any) -> Any:
            if verb in WRITES.get(self._name, ()):
                await self._fate.meet(self._name, verb)
            elif self._fate.dead.is_set():
                await asyncio.Event().wait()
            return await method(*args, **kwargs)

        return called


def mortal(world: World, fate: Fate) -> World:
    """The same world, where fate may strike."""
    ports: dict[str, Any] = {name: MortalPort(getattr(world, name), name, fate) for name in WRITES}
    return replace(world, **ports)
