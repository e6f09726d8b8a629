"""How many components of each run are in which state: counted a few runs at a time, and again where something may have changed.

A survey has a million components; no cycle may go by them all. A run that moved, or whose components are being worked on, is counted at
the next refresh; the others in turn, for the sake of changes by another hand.
"""

from __future__ import annotations

from collections.abc import Mapping

from rpconsole.domain.run import ComponentState, Run, Step
from rpconsole.engine.world import World

#: runs in one query
AT_ONCE = 50
#: runs that are counted again at a refresh although nothing was seen to change
IN_TURN = 10
#: steps that change components as they go
CHANGING = (Step.PREPARE, Step.APPLY)


class ComponentCounts:
    """The last count of each run in view."""

    def __init__(self, world: World) -> None:
        self._world = world
        #: the run as it was when it was counted, the longest ago first
        self._counted: dict[int, Run] = {}
        #: wanted, in the order in which they are counted
        self._wanted: dict[int, None] = {}
        self.of: dict[int, Mapping[ComponentState, int]] = {}

    def want(self, runs: Mapping[int, Run]) -> None:
        """A refresh: what must be counted (again)."""
        for gone in self._counted.keys() - runs.keys():
            del self._counted[gone]
            self.of.pop(gone, None)
        changed = [
            number for number, run in runs.items() if self._counted.get(number) is not run or run.step in CHANGING
        ]
        in_turn = list(self._counted)[:IN_TURN]
        self._wanted = dict.fromkeys([*changed, *self._wanted, *in_turn])

    async def count_some(self, runs: Mapping[int, Run]) -> None:
        """One query for the next few that are wanted; none when none are."""
        some = {number: runs[number] for number in list(self._wanted)[:AT_ONCE] if number in runs}
        for number in list(self._wanted)[:AT_ONCE]:
            del self._wanted[number]
        if some:
            await self._count(some)

    async def count_all(self, runs: Mapping[int, Run]) -> None:
        """Everything in one query, for somebody who asks once."""
        if runs:
            await self._count(dict(runs))

    async def _count(self, some: Mapping[int, Run]) -> None:
        found = await self._world.runs.component_counts(list(some))
        for number, run in some.items():
            self.of[number] = found.get(number, {})
            self._counted.pop(number, None)
            self._counted[number] = run
