"""Doubtful submits: the evidence of each, and the keys that decide."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from rpconsole.console.actions import Place, bindings
from rpconsole.console.desk import Desk, Result
from rpconsole.console.doubts import DOUBTS, doubt_lines, doubt_rows
from rpconsole.console.screens.reading import ReadingScreen, SheetScreen
from rpconsole.console.screens.run_deeds import RunDeeds
from rpconsole.console.widgets.virtual_table import VirtualTable


class DoubtsScreen(RunDeeds, SheetScreen):
    """What the engine laid out when it was asked."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.RUNS)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.RUNS,)

    def __init__(self, desk: Desk, found: Sequence[Result]) -> None:
        super().__init__(desk, "doubts", DOUBTS, doubt_rows(found))

    def chosen_runs(self) -> list[int]:
        """The marked ones, else the one under the cursor."""
        rows = [self.rows.row(key) for key in self.table.chosen()]
        return [int(row["remote_id"]) for row in rows if row is not None]

    def asked_runs(self) -> list[int]:
        row = self.rows.row(self.table.cursor) if self.table.cursor is not None else None
        return [int(row["remote_id"])] if row is not None else []

    @on(VirtualTable.Opened)
    def _open(self, event: VirtualTable.Opened) -> None:
        row = self.rows.row(event.key)
        if row is not None:
            title = f"The submit of run {row['remote_id']}"
            self.app.push_screen(ReadingScreen(self.desk, "evidence", title, doubt_lines(row)))

    def touch_body(self, dirty: Collection[int] | None) -> None:
        """It stays as it was answered; D asks anew."""
