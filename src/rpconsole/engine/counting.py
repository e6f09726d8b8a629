"""How many components of each run are in which state: counted beside the loop, and again where something may have changed.

A survey has a million components; no cycle may go by them all, or wait for somebody who does. A run that is new to us, that moved, or
whose components are being worked on is counted after the next refresh; the others in turn, for the sake of changes by another hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from rpconsole.domain.run import ComponentState, Run, Step
from rpconsole.engine.world import World

#: runs that are counted again at a refresh although nothing was seen to change
IN_TURN = 10
#: steps that change components as they go
CHANGING = (Step.PREPARE, Step.APPLY)


class ComponentCounts:
    """The last count of each run in view; a run that is not in ``of`` has not been counted yet."""

    def __init__(self, world: World) -> None:
        self._world = world
        #: the run as it was when it was counted, the longest ago first
        self._counted: dict[int, Run] = {}
        self._wanted: set[int] = set()
        self.of: dict[int, Mapping[ComponentState, int]] = {}

    def want(self, runs: Mapping[int, Run]) -> None:
        """A refresh: what must be counted (again)."""
        for gone in self._counted.keys() - runs.keys():
            del self._counted[gone]
            self.of.pop(gone, None)
        changed = (
            number for number, run in runs.items() if self._counted.get(number) is not run or run.step in CHANGING
        )
        self._wanted.update(changed, islice(self._counted, IN_TURN))

    async def count(self, runs: Mapping[int, Run]) -> None:
        """One query for all that are wanted; none when none are. It may take seconds: for a task of its own."""
        some = {number: runs[number] for number in sorted(self._wanted) if number in runs}
        self._wanted.clear()
        if not some:
            return
        found = await self._world.runs.component_counts(list(some))
        for number, run in some.items():
            self.of[number] = found.get(number, {})
            self._counted.pop(number, None)
            self._counted[number] = run
