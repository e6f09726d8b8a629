"""Tables of what the engine answered: components, failures, story, files, journal. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rpconsole.console.filters import Facts, Filter
from rpconsole.console.format import clock
from rpconsole.console.text import Line, foreign
from rpconsole.console.widgets.painting import Look
from rpconsole.console.widgets.virtual_table import Column

Row = Mapping[str, Any]


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
        Column(key="path_base", title="path", width=12, grows=True, rank=2),
    ),
    empty="No components yet: they are written when the run is prepared.",
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
    ),
    empty="Nobody has ordered anything yet.",
)

_STATE_TOKENS = {"pass": "state-full", "fail": "state-fault", "prep_fail": "state-fault", "retry": "comp-part"}
_STATE_GLYPHS = {
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
        row = self._rows.get(key, {})
        return {column.key: self._cell(column.key, row.get(column.key)) for column in self.sheet.columns}

    def facts(self, key: Hashable) -> Facts:
        row = self._rows.get(key, {})
        return {**row, "text": " ".join(str(value) for value in row.values())}

    def empty(self, filter: Filter) -> Sequence[str]:
        return [f"Nothing matches /{filter.text}; esc clears"] if filter.text else [self.sheet.empty]

    def _cell(self, column: str, value: object) -> Line:
        if value is None:
            return [(self._look.palette.glyphs["dash"], "dim")]
        if column == "at" and isinstance(value, int | float):
            return [(clock(float(value), seconds=True), "dim")]
        if column == "state":
            glyph = self._look.palette.glyphs[_STATE_GLYPHS.get(str(value), "new")]
            return [(f"{glyph} {foreign(value)}", _STATE_TOKENS.get(str(value), "state-new"))]
        return [(foreign(value), "text")]
