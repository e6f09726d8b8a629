"""What failed in a run; each failure opens the commands of its component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rpconsole.console.desk import Desk
from rpconsole.console.screens.commands import CommandsScreen
from rpconsole.console.screens.run_sheets import Rows, RunSheetScreen
from rpconsole.console.tables import FAILURES


class FailuresScreen(RunSheetScreen):
    """Every failed task with what is wrong."""

    def __init__(self, desk: Desk, remote_id: int) -> None:
        super().__init__(desk, remote_id, "failures", FAILURES)

    async def fetch(self) -> Rows:
        rows: Rows = (await self.desk.details(self.remote_id)).get("failures", ())
        return list(rows)

    def open_row(self, row: Mapping[str, Any]) -> None:
        """The commands of the component, where the one that failed has its log."""
        ids = dict.fromkeys(one["stage_id"] for key in self.table.order if (one := self.rows.row(key)) is not None)
        self.app.push_screen(CommandsScreen(self.desk, self.remote_id, row["stage_id"], siblings=list(ids)))
