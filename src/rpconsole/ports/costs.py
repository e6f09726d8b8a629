"""What finished tasks cost: the memory from which allocations learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rpconsole.domain.cost import TaskCost
from rpconsole.domain.stage import Stage


class CostBook(Protocol):
    """One line a run and filter. Raises DatabaseAway / DatabaseRefused."""

    async def record(self, costs: Sequence[TaskCost]) -> None:
        """Remember; a later line of the same run and filter replaces the earlier."""
        ...

    async def recent(self, stage: Stage, *, label: str | None = None, limit: int = 200) -> list[TaskCost]:
        """The newest lines of a stage (of one label), newest run first."""
        ...
