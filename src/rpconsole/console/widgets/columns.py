"""Columns of a table: which of them fit, what they are called when sorting, how a row is laid out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rpconsole.console.text import Line, cropped, fitted, skipped, width_of

#: what a growing column takes where columns are wide
WIDE_CELLS = 72


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column; where there is no room those with the highest rank go first."""

    key: str
    title: str
    width: int
    right: bool = False
    #: takes what is left over
    grows: bool = False
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns with the cells that each has; ``left`` cells are scrolled out."""

    columns: Sequence[tuple[Column, int]]
    left: int = 0

    @property
    def width(self) -> int:
        """Cells of a whole row, without mark and cursor."""
        return sum(room + 1 for _, room in self.columns)

    def head(self) -> Line:
        """The titles."""
        line: Line = [(fitted(one.title, room, right=one.right) + " ", "dim") for one, room in self.columns]
        return skipped(line, self.left)

    def row(self, cells: Mapping[str, Line]) -> Line:
        """One row's cells, each in its room."""
        line: Line = []
        for column, room in self.columns:
            cell = cropped(cells.get(column.key, []), room)
            pad = (" " * (room - width_of(cell)), "text")
            line += [pad, *cell] if column.right else [*cell, pad]
            line.append((" ", "text"))
        return skipped(line, self.left)

    def at(self, x: int) -> Column | None:
        """The column under a cell of the row."""
        place = x + self.left
        for column, room in self.columns:
            if place <= room:
                return column
            place -= room + 1
        return None


def laid_out(columns: Sequence[Column], width: int, *, wide: bool = False, left: int = 0) -> Layout:
    """Columns in this room: without those that do not fit, or all of them in their full width to be scrolled over."""
    if wide:
        full = [(one, max(one.width, WIDE_CELLS) if one.grows else one.width) for one in columns]
        most = max(0, sum(room + 1 for _, room in full) - width)
        return Layout(full, min(left, most))
    kept = list(columns)
    while len(kept) > 1 and sum(one.width + 1 for one in kept) > width:
        kept.remove(max(kept, key=lambda one: one.rank))
    spare = max(0, width - sum(one.width + 1 for one in kept))
    growing = next((one for one in kept if one.grows), None)
    return Layout([(one, one.width + (spare if one is growing else 0)) for one in kept])


def letters(columns: Sequence[Column]) -> dict[str, Column]:
    """The key that sorts by each column: the first letter of its title that is still free."""
    found: dict[str, Column] = {}
    for column in columns:
        free = (ch for ch in f"{column.title.lower()}0123456789" if ch.isalnum() and ch.isascii() and ch not in found)
        found[next(free)] = column
    return found
