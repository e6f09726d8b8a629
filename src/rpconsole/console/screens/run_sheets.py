"""Tables about one run that are fetched anew while the run moves: components, failures, story, files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.widget import Widget

from rpconsole.console.actions import Place
from rpconsole.console.desk import Desk
from rpconsole.console.screens.base import ConsoleScreen
from rpconsole.console.screens.tail import TailScreen
from rpconsole.console.tables import FILES, ListRows, Sheet
from rpconsole.console.text import foreign
from rpconsole.console.widgets.virtual_table import VirtualTable
from rpconsole.domain.fault import RpconsoleError

#: a run that moves is looked at again no sooner than this
LOOK_S = 1.0

Rows = Sequence[Mapping[str, Any]]
Fetch = Callable[[], Awaitable[Rows]]


class RunSheetScreen(ConsoleScreen):
    """One table about one run."""

    PLACES: ClassVar[tuple[Place, ...]] = ()

    def __init__(self, desk: Desk, remote_id: int, crumb: str, sheet: Sheet, fetch: Fetch | None = None) -> None:
        super().__init__(desk)
        self.remote_id, self.crumb, self._fetch_rows = remote_id, crumb, fetch
        self.rows: ListRows = ListRows(desk.look, sheet)
        self.rows.waits = "reading …"
        self.table: VirtualTable = self.make_table(sheet)
        self._work: asyncio.Task[None] | None = None

    def make_table(self, sheet: Sheet) -> VirtualTable:
        """The table over ``rows``."""
        return VirtualTable(self.desk.look, self.rows, title=f"{sheet.title} of run {self.remote_id}", noun=sheet.noun)

    def compose_body(self) -> Iterable[Widget]:
        yield self.table

    def on_mount(self) -> None:
        self.table.styles.height = "1fr"
        self.table.focus()
        self.look()

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def touch_body(self, dirty: Collection[int] | None) -> None:
        if dirty is None or self.remote_id in dirty:
            self.look()

    def look(self) -> None:
        """Fetch anew, unless that is under way."""
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._follow(), name=f"{self.crumb} of run {self.remote_id}")

    async def fetch(self) -> Rows:
        """The rows as they are now."""
        return await self._fetch_rows() if self._fetch_rows is not None else ()

    async def _follow(self) -> None:
        try:
            rows = await self.fetch()
        except RpconsoleError as error:
            # what is shown stays; only an empty table has room for the reason
            self.rows.waits = foreign(error)
            self.table.touch(None)
            return
        self.rows.waits = ""
        self.rows.set(rows)
        self.table.touch(None)
        await asyncio.sleep(LOOK_S)

    @on(VirtualTable.Opened)
    def _open(self, event: VirtualTable.Opened) -> None:
        row = self.rows.row(event.key)
        if row is not None:
            self.open_row(row)

    def open_row(self, row: Mapping[str, Any]) -> None:
        """What enter does: files at the site are shown."""
        if self.rows.sheet is FILES and row["where"] == "site":
            self.app.push_screen(TailScreen(self.desk, str(row["path"])))

    def go_back(self) -> bool:
        """The filter first, then the screen."""
        if self.table.filter.text:
            self.table.set_filter("")
            return True
        return False
