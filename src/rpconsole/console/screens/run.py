"""One run: where it stands and why, its components as a map, its story; keys lead on to what it is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from rpconsole.console.actions import Place, bindings
from rpconsole.console.desk import Desk
from rpconsole.console.format import event_words
from rpconsole.console.panes.run_facts import RunFacts
from rpconsole.console.screens.base import ConsoleScreen
from rpconsole.console.screens.commands import CommandsScreen
from rpconsole.console.screens.components import ComponentsScreen
from rpconsole.console.screens.failures import FailuresScreen
from rpconsole.console.screens.run_deeds import RunDeeds
from rpconsole.console.screens.run_sheets import RunSheetScreen
from rpconsole.console.tables import FILES, STORY, file_rows
from rpconsole.console.widgets.virtual_table import VirtualTable
from rpconsole.domain.fault import RpconsoleError

#: a run that moves is looked at again no sooner than this
LOOK_S = 1.0
STORY_LINES = 60


class RunScreen(RunDeeds, ConsoleScreen):
    """Drill-down into one run."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.RUN, Place.RUNS)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.RUN, Place.RUNS)

    def __init__(self, desk: Desk, remote_id: int, table: VirtualTable) -> None:
        super().__init__(desk)
        self.remote_id, self._table = remote_id, table
        self.crumb = f"run {remote_id}"
        self.facts = RunFacts(desk)
        # known from the start: what was fetched before the screen was mounted is not forgotten by it
        self.facts.remote_id = remote_id
        self._work: asyncio.Task[None] | None = None

    def compose_body(self) -> Iterable[Widget]:
        yield self.facts

    def on_mount(self) -> None:
        self.facts.styles.height = "1fr"
        self.facts.focus()
        self._look()

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def chosen_runs(self) -> list[int]:
        """The run that an act is about."""
        return [self.remote_id]

    def touch_body(self, dirty: Collection[int] | None) -> None:
        self.facts.touch()
        if dirty is None or self.remote_id in dirty:
            self._look()

    # -- fetching ----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._fetch(), name=f"run {self.remote_id}")

    async def _fetch(self) -> None:
        try:
            known = await self.desk.details(self.remote_id)
            self.facts.story = await self.desk.story(self.remote_id, limit=STORY_LINES)
        except RpconsoleError:
            # the alert row tells of a lost engine; what is shown stays
            return
        self.facts.facts = known
        self.facts.touch()
        await asyncio.sleep(LOOK_S)

    # -- what keys do ------------------------------------------------------------------------------------------------

    def do_run_components(self) -> None:
        self.app.push_screen(ComponentsScreen(self.desk, self.remote_id))

    def do_run_commands(self) -> None:
        self.app.push_screen(CommandsScreen(self.desk, self.remote_id))

    def do_run_failures(self) -> None:
        self.app.push_screen(FailuresScreen(self.desk, self.remote_id))

    def do_run_files(self) -> None:
        self._sheet("files", FILES, file_rows)

    def do_run_story(self) -> None:
        async def fetch() -> list[dict[str, Any]]:
            story = await self.desk.story(self.remote_id)
            return [{**line, "event": event_words(str(line["event"]))} for line in story]

        self.app.push_screen(RunSheetScreen(self.desk, self.remote_id, "story", STORY, fetch))

    def _sheet(self, crumb: str, sheet: Any, content: Any) -> None:
        async def fetch() -> Any:
            return content(await self.desk.details(self.remote_id))

        self.app.push_screen(RunSheetScreen(self.desk, self.remote_id, crumb, sheet, fetch))

    def do_run_down(self) -> None:
        self.facts.scroll_lines(3)

    def do_run_up(self) -> None:
        self.facts.scroll_lines(-3)

    def do_run_next(self) -> None:
        self._step(1)

    def do_run_previous(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        self._table.go(by)
        if isinstance(self._table.cursor, int) and self._table.cursor != self.remote_id:
            self.remote_id = self._table.cursor
            self.crumb = f"run {self.remote_id}"
            self.facts.show(self.remote_id)
            if self._work is not None:
                self._work.cancel()
                self._work = None
            self.touch(None)
