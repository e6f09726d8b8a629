"""Marks on rows: they belong to keys, survive filters, and say what an act is about."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

Key = Hashable


class Marks:
    """The marked rows of one table, and where a range began."""

    def __init__(self) -> None:
        self.keys: set[Key] = set()
        self.anchor: Key | None = None

    def toggle(self, key: Key) -> None:
        """Mark a row, or take its mark away."""
        self.keys ^= {key}

    def range_to(self, key: Key, order: Sequence[Key]) -> bool:
        """Begin a range at a row, or mark everything from where it began to here; True when it has ended."""
        if self.anchor is None or self.anchor not in order:
            self.anchor = key
            return False
        ends = sorted((order.index(self.anchor), order.index(key)))
        self.keys |= set(order[ends[0] : ends[1] + 1])
        self.anchor = None
        return True

    def keep(self, present: set[Key]) -> None:
        """Rows that are gone take their marks along."""
        self.keys &= present
        if self.anchor not in present:
            self.anchor = None

    def clear(self) -> None:
        """No marks."""
        self.keys.clear()
        self.anchor = None
