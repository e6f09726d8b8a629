"""The commands of a component, or of a whole run: where each ran, how it ended, what it printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.binding import BindingType

from rpconsole.console.actions import Place, bindings
from rpconsole.console.desk import Desk
from rpconsole.console.screens.reading import ReadingScreen
from rpconsole.console.screens.run_sheets import Rows, RunSheetScreen
from rpconsole.console.screens.tail import TailScreen
from rpconsole.console.tables import COMMANDS
from rpconsole.console.text import foreign
from rpconsole.console.why_rows import command_why

#: more are not carried over the socket for one screen
MOST = 2000


class CommandsScreen(RunSheetScreen):
    """Command lines with what became of them."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.COMMANDS)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.COMMANDS,)

    def __init__(
        self,
        desk: Desk,
        remote_id: int,
        stage_id: int | None = None,
        *,
        failed: bool = False,
        siblings: Sequence[int] = (),
    ) -> None:
        super().__init__(desk, remote_id, "commands", COMMANDS)
        self._failed, self._siblings = failed, siblings
        self._turn_to(stage_id)

    def _turn_to(self, stage_id: int | None) -> None:
        self.stage_id = stage_id
        self.crumb = f"comp {stage_id}" if stage_id is not None else "failed commands" if self._failed else "commands"
        whose = f"component {stage_id}" if stage_id is not None else f"run {self.remote_id}"
        self.table.title = f"{'Failed c' if self._failed else 'C'}ommands of {whose}"

    async def fetch(self) -> Rows:
        found = await self.desk.link.call(
            "commands", remote_id=self.remote_id, stage_id=self.stage_id, failed=self._failed, limit=MOST
        )
        commands: Rows = found["commands"]
        notes = [foreign(found["unread"])] if found["unread"] else []
        if found["count"] > len(commands):
            notes.append(f"the first {len(commands):,} of {found['count']:,}")
        self.table.note = " · ".join(notes)
        return commands

    def open_row(self, row: Mapping[str, Any]) -> None:
        """Its log where there is one, else everything that is known of it."""
        if row["log"]:
            self.app.push_screen(TailScreen(self.desk, str(row["log"])))
        else:
            self._explain(row)

    def _picked(self) -> Mapping[str, Any] | None:
        return self.rows.row(self.table.cursor) if self.table.cursor is not None else None

    def do_command_log(self) -> None:
        row = self._picked()
        if row is not None:
            self.open_row(row)

    def do_command_why(self) -> None:
        row = self._picked()
        if row is not None:
            self._explain(row)

    def _explain(self, row: Mapping[str, Any]) -> None:
        title = f"Command {row['task']} of run {self.remote_id}"
        self.app.push_screen(ReadingScreen(self.desk, "why", title, command_why(row)))

    def do_command_next(self) -> None:
        self._step(1)

    def do_command_previous(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        if self.stage_id not in self._siblings:
            return
        place = self._siblings.index(self.stage_id) + by
        if not 0 <= place < len(self._siblings):
            return
        self._turn_to(self._siblings[place])
        self.rows.set(())
        self.rows.waits = "reading …"
        if self._work is not None:
            self._work.cancel()
            self._work = None
        self.table.set_filter(self.table.filter.text)
        self.touch(None)
