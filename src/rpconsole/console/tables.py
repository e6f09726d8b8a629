"""Tables of what the engine answered: components, failures, story, files, journal. Pure."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rpconsole.console.format import clock
from rpconsole.console.text import Line, foreign
from rpconsole.console.widgets.columns import Column
from rpconsole.console.widgets.painting import Look
from rpconsole.domain.filters import Facts, Filter

Row = Mapping[str, Any]

#: every command line begins with it: what tells them apart comes behind
_MAKES_FOLDER = re.compile(r"^mkdir -p \S+ && ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One kind of list."""

    title: str
    noun: str
    columns: tuple[Column, ...]
    #: the fields that tell a row from the others; empty = its place in the list
    key: tuple[str, ...] = ()
    empty: str = "There is nothing here."


COMPONENTS = Sheet(
    title="Components",
    noun="component",
    key=("stage_id",),
    columns=(
        Column(key="stage_id", title="component", width=10, right=True),
        Column(key="state", title="state", width=11),
        Column(key="jobs", title="commands", width=8, right=True, rank=1),
        Column(key="fails", title="failed", width=6, right=True, rank=1),
        Column(key="worst", title="what is wrong first", width=24, grows=True, rank=2),
        Column(key="path_base", title="path", width=28, rank=3),
    ),
    empty="No components yet: they are written when the run is prepared.",
)
COMMANDS = Sheet(
    title="Commands",
    noun="command",
    key=("task",),
    columns=(
        Column(key="task", title="task", width=6, right=True),
        Column(key="item", title="item", width=14),
        Column(key="state", title="state", width=9),
        Column(key="attempts", title="try", width=3, right=True, rank=4),
        Column(key="code", title="rc", width=4, right=True, rank=2),
        Column(key="node", title="node", width=8, rank=3),
        Column(key="wall_s", title="seconds", width=7, right=True, rank=5),
        Column(key="told", title="what is wrong, or the command", width=24, grows=True, rank=1),
    ),
    empty="No commands yet: they are written when the run is prepared.",
)
FAILURES = Sheet(
    title="Failures",
    noun="failure",
    key=("stage_id", "item"),
    columns=(
        Column(key="stage_id", title="component", width=10, right=True),
        Column(key="item", title="item", width=14),
        Column(key="sentence", title="what is wrong", width=20, grows=True),
    ),
    empty="Nothing failed.",
)
STORY = Sheet(
    title="Story",
    noun="line",
    columns=(
        Column(key="at", title="when", width=8),
        Column(key="event", title="what happened", width=18),
        Column(key="before", title="before", width=10, rank=2),
        Column(key="after", title="after", width=10, rank=1),
        Column(key="detail", title="detail", width=16, grows=True),
    ),
    empty="Nothing has happened to it yet.",
)
FILES = Sheet(
    title="Files",
    noun="file",
    key=("where", "role"),
    columns=(
        Column(key="where", title="where", width=5),
        Column(key="role", title="file", width=10),
        Column(key="path", title="path (enter shows those at the site)", width=20, grows=True),
    ),
    empty="No files yet: they are written when the run is prepared.",
)
ACTS = Sheet(
    title="Journal",
    noun="act",
    columns=(
        Column(key="at", title="when", width=8),
        Column(key="who", title="who", width=12),
        Column(key="what", title="what", width=20, grows=True),
        Column(key="outcome", title="what came of it", width=28, rank=1),
    ),
    empty="Nobody has ordered anything yet.",
)

_STATE_TOKENS = {"pass": "state-full", "fail": "state-fault", "prep_fail": "state-fault", "retry": "comp-part"}
_STATE_TOKENS |= {"waiting": "dim", "running": "state-run"}
_STATE_GLYPHS = {
    "waiting": "waits",
    "running": "run",
    "pass": "full",
    "fail": "fault",
    "prep_fail": "fault",
    "retry": "new",
    "prep_done": "pend",
    "new": "new",
}


def file_rows(run: Row) -> list[Row]:
    """The files of a run, at home and at the site."""
    home = [{"where": "home", "role": role, "path": path} for role, path in sorted(run.get("files", {}).items())]
    site = [{"where": "site", "role": role, "path": path} for role, path in sorted(run.get("site_files", {}).items())]
    return [*site, *home]


class ListRows:
    """Rows out of a list of plain objects."""

    def __init__(self, look: Look, sheet: Sheet) -> None:
        self._look = look
        self.sheet = sheet
        #: what is said in place of rows while they are fetched, or why they cannot be
        self.waits = ""
        self._rows: dict[Hashable, Row] = {}

    @property
    def columns(self) -> Sequence[Column]:
        return self.sheet.columns

    @property
    def filter_keys(self) -> Sequence[str]:
        return tuple(column.key for column in self.sheet.columns)

    def set(self, rows: Sequence[Row]) -> None:
        """Other content; a row keeps its identity by the sheet's key."""
        names = self.sheet.key
        self._rows = {
            (self.sheet.title, *(row[name] for name in names)) if names else (self.sheet.title, number): row
            for number, row in enumerate(rows)
        }

    def row(self, key: Hashable) -> Row | None:
        """The object behind a row."""
        return self._rows.get(key)

    def row_keys(self) -> Sequence[Hashable]:
        return tuple(self._rows)

    def cells(self, key: Hashable) -> Mapping[str, Line]:
        row = self._row_of(key)
        return {column.key: self._cell(column.key, self._value(row, column.key)) for column in self.sheet.columns}

    def facts(self, key: Hashable) -> Facts:
        return self.facts_of(self._rows.get(key, {}))

    def facts_of(self, row: Row) -> Facts:
        """What filters and sorting ask a row for."""
        return {**row, "told": self._value(row, "told"), "text": " ".join(str(value) for value in row.values())}

    def empty(self, filter: Filter) -> Sequence[str]:
        return [f"Nothing matches /{filter.text}; esc clears"] if filter.text else [self.waits or self.sheet.empty]

    def _row_of(self, key: Hashable) -> Row:
        return self._rows.get(key, {})

    def _value(self, row: Row, column: str) -> object:
        if column == "told":
            return row.get("sentence") or _MAKES_FOLDER.sub("", str(row.get("command") or ""))
        value = row.get(column)
        return f"{value:,.1f}" if column == "wall_s" and isinstance(value, int | float) else value

    def _cell(self, column: str, value: object) -> Line:
        if value is None:
            return [(self._look.palette.glyphs["dash"], "dim")]
        if column == "at" and isinstance(value, int | float):
            return [(clock(float(value), seconds=True), "dim")]
        if column == "state":
            glyph = self._look.palette.glyphs[_STATE_GLYPHS.get(str(value), "new")]
            return [(f"{glyph} {foreign(value)}", _STATE_TOKENS.get(str(value), "state-new"))]
        return [(foreign(value), "text")]
