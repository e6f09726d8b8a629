"""What failed in a run; each failure opens the commands of its component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rpconsole.console.desk import Desk
from rpconsole.console.screens.commands import CommandsScreen
from rpconsole.console.screens.run_sheets import Rows, RunSheetScreen
from rpconsole.console.tables import FAILURES

#: more are not carried over the socket for one screen
MOST = 2000


class FailuresScreen(RunSheetScreen):
    """The first of the failed tasks with what is wrong; how many there are is said."""

    def __init__(self, desk: Desk, remote_id: int) -> None:
        super().__init__(desk, remote_id, "failures", FAILURES)

    async def fetch(self) -> Rows:
        found = await self.desk.link.call("failures", remote_id=self.remote_id, limit=MOST)
        failures: Rows = found["failures"]
        more = found["count"] > len(failures)
        self.table.note = f"the first {len(failures):,} of {found['count']:,}" if more else ""
        return failures

    def open_row(self, row: Mapping[str, Any]) -> None:
        """The commands of the component, where the one that failed has its log."""
        ids = dict.fromkeys(one["stage_id"] for key in self.table.order if (one := self.rows.row(key)) is not None)
        self.app.push_screen(CommandsScreen(self.desk, self.remote_id, row["stage_id"], siblings=list(ids)))
