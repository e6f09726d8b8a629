"""What feeds what, and which labels go first, by the survey's own tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from rpconsole.domain.stage import Stage


class Lineage(Protocol):
    """Looks only. Errors as in RunStore."""

    async def feeding(self, remote_ids: Collection[int]) -> Mapping[int, frozenset[int]]:
        """run -> the earlier remote runs that made what it reads at the site; a constant number of queries."""
        ...

    async def unspent(self, stage: Stage, stage_ids: Collection[int]) -> set[int]:
        """Those of the stage runs whose files at the site a later stage still reads, or may."""
        ...

    async def priorities(self) -> Mapping[str, int]:
        """label -> priority, higher first; a label without row or number is left out (the IPP takes 10000 for it)."""
        ...
