"""One run: its facts, and below them its components, failures, story or files."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from rpconsole.console.actions import Place, bindings
from rpconsole.console.desk import Desk
from rpconsole.console.panes.run_facts import RunFacts
from rpconsole.console.screens.base import ConsoleScreen
from rpconsole.console.screens.run_deeds import RunDeeds
from rpconsole.console.screens.tail import TailScreen
from rpconsole.console.tables import COMPONENTS, FAILURES, FILES, STORY, ListRows, Sheet, file_rows
from rpconsole.console.widgets.virtual_table import VirtualTable
from rpconsole.domain.fault import RpconsoleError

#: a run that moves is looked at again no sooner than this
LOOK_S = 1.0


class RunScreen(RunDeeds, ConsoleScreen):
    """Drill-down into one run."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.RUN, Place.RUNS)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.RUN, Place.RUNS)

    def __init__(self, desk: Desk, remote_id: int, table: VirtualTable) -> None:
        super().__init__(desk)
        self.remote_id, self._table = remote_id, table
        self.crumb = f"run {remote_id}"
        self.facts = RunFacts(desk)
        self.rows = ListRows(desk.look, COMPONENTS)
        self.sheet = VirtualTable(desk.look, self.rows, title="Components", noun="component")
        self._known: Mapping[str, Any] = {}
        self._story: Sequence[Mapping[str, Any]] = ()
        self._component: int | None = None
        self._work: asyncio.Task[None] | None = None

    def compose_body(self) -> ComposeResult:
        yield self.facts
        yield self.sheet

    def on_mount(self) -> None:
        self.facts.styles.height = 9
        self.sheet.styles.height = "1fr"
        self.facts.show(self.remote_id)
        self.sheet.focus()
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
            self._known = await self.desk.details(self.remote_id)
            self._story = await self.desk.story(self.remote_id)
        except RpconsoleError:
            # the alert row tells of a lost engine; what is shown stays
            return
        self.facts.facts = self._known
        self.facts.touch()
        self._fill()
        await asyncio.sleep(LOOK_S)

    def _fill(self) -> None:
        self.rows.set(self._content(self.rows.sheet))
        self.sheet.touch(None)

    def _content(self, sheet: Sheet) -> Sequence[Mapping[str, Any]]:
        if sheet is STORY:
            return self._story
        if sheet is FILES:
            return file_rows(self._known)
        if sheet is FAILURES:
            found = self._known.get("failures", ())
            return [one for one in found if self._component in (None, one["stage_id"])]
        return list(self._known.get("components", ()))

    # -- what keys do ------------------------------------------------------------------------------------------------

    def _show(self, sheet: Sheet, *, component: int | None = None) -> None:
        self._component = component
        self.rows.sheet = sheet
        self.sheet.title = sheet.title if component is None else f"{sheet.title} of component {component}"
        self.sheet.noun, self.sheet.sorted_by = sheet.noun, None
        self.sheet.marks.clear()
        self.rows.set(self._content(sheet))
        self.sheet.set_filter("")

    def do_run_components(self) -> None:
        self._show(COMPONENTS)

    def do_run_failures(self) -> None:
        self._show(FAILURES)

    def do_run_story(self) -> None:
        self._show(STORY)

    def do_run_files(self) -> None:
        self._show(FILES)

    def do_run_next(self) -> None:
        self._step(1)

    def do_run_previous(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        self._table.go(by)
        if isinstance(self._table.cursor, int) and self._table.cursor != self.remote_id:
            self.remote_id = self._table.cursor
            self.crumb = f"run {self.remote_id}"
            self._known, self._story = {}, ()
            self.facts.show(self.remote_id)
            self._fill()
            if self._work is not None:
                self._work.cancel()
                self._work = None
            self.touch(None)

    @on(VirtualTable.Opened)
    def _open(self, event: VirtualTable.Opened) -> None:
        row = self.rows.row(event.key)
        if self.rows.sheet is COMPONENTS and row is not None:
            self._show(FAILURES, component=row["stage_id"])
        elif self.rows.sheet is FILES and row is not None and row["where"] == "site":
            self.app.push_screen(TailScreen(self.desk, row["path"]))

    def go_back(self) -> bool:
        """From a component's failures to the components; False when the screen itself is to be left."""
        if self.sheet.filter.text:
            self.sheet.set_filter("")
            return True
        if self._component is not None:
            self._show(COMPONENTS)
            return True
        return False
