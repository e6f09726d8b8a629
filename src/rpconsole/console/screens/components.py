"""A run's components; enter leads on to the commands of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.binding import BindingType

from rpconsole.console.actions import Place, bindings
from rpconsole.console.desk import Desk
from rpconsole.console.screens.commands import CommandsScreen
from rpconsole.console.screens.reading import ReadingScreen
from rpconsole.console.screens.run_deeds import RunDeeds
from rpconsole.console.screens.run_sheets import Rows, RunSheetScreen
from rpconsole.console.tables import COMPONENTS, component_rows
from rpconsole.console.why_rows import component_why


class ComponentsScreen(RunDeeds, RunSheetScreen):
    """Every component with its state and its worst failure."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.COMPONENTS, Place.RUNS)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.COMPONENTS, Place.RUNS)

    def __init__(self, desk: Desk, remote_id: int) -> None:
        super().__init__(desk, remote_id, "components", COMPONENTS)
        self._known: Mapping[str, Any] = {}

    async def fetch(self) -> Rows:
        self._known = await self.desk.details(self.remote_id)
        return component_rows(self._known)

    def chosen_runs(self) -> list[int]:
        """Acts are about the run: the database knows no smaller order."""
        return [self.remote_id]

    def open_row(self, row: Mapping[str, Any]) -> None:
        ids = [one["stage_id"] for key in self.table.order if (one := self.rows.row(key)) is not None]
        self.app.push_screen(CommandsScreen(self.desk, self.remote_id, row["stage_id"], siblings=ids))

    def do_component_failed(self) -> None:
        self.app.push_screen(CommandsScreen(self.desk, self.remote_id, failed=True))

    def do_run_why(self) -> None:
        row = self.rows.row(self.table.cursor) if self.table.cursor is not None else None
        if row is None:
            super().do_run_why()
            return
        run = self.desk.model.runs.get(self.remote_id)
        lines = component_why(row, self._known, run)
        number = row["stage_id"]
        self.app.push_screen(ReadingScreen(self.desk, "why", f"Why component {number} does not move", lines))
