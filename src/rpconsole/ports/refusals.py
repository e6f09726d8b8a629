"""What was refused of components that are prepared anew."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class Refusals(Protocol):
    """The part of the ledger that a new preparation makes void. Errors as in Ledger."""

    async def forget(self, remote_id: int, stage_ids: Collection[int]) -> None:
        """Drop the verdicts on these components as a whole (those without an item); verdicts on their tasks stay."""
        ...
