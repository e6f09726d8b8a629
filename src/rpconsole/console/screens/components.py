"""A run's components; enter leads on to the commands of one. The engine filters and sorts them, and sends those in sight."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from textual.binding import BindingType

from rpconsole.console.actions import Place, bindings
from rpconsole.console.desk import Desk
from rpconsole.console.screens.commands import CommandsScreen
from rpconsole.console.screens.reading import ReadingScreen
from rpconsole.console.screens.run_deeds import RunDeeds
from rpconsole.console.screens.run_sheets import LOOK_S, RunSheetScreen
from rpconsole.console.tables import COMPONENTS, ListRows, Row
from rpconsole.console.text import foreign
from rpconsole.console.why_rows import component_why
from rpconsole.console.widgets.marking import Key
from rpconsole.console.widgets.virtual_table import VirtualTable
from rpconsole.domain.fault import RpconsoleError
from rpconsole.domain.filters import Facts
from rpconsole.domain.ranges import numbers_of

#: rows that are fetched at once where all of them are needed
PIECE = 1000


class ComponentRows(ListRows):
    """The numbers of all components, and the rows of those that were sent last."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.look, COMPONENTS)
        self._keys: tuple[Hashable, ...] = ()
        self.passing: frozenset[Hashable] = frozenset()

    def learn(self, found: Mapping[str, Any]) -> list[Hashable]:
        """What the engine answered; the components that pass, in order."""
        self.set(found["rows"])
        self._keys = keys_of(found["components"])
        order = keys_of(found["order"])
        self.passing = frozenset(order)
        return list(order)

    def row_keys(self) -> Sequence[Hashable]:
        return self._keys

    def _row_of(self, key: Hashable) -> Row:
        # one that is on its way has its number
        return self._rows.get(key) or {"stage_id": number_of(key)}


def keys_of(ranges: Any) -> tuple[Hashable, ...]:
    """Numbers of components as keys of the table."""
    return tuple((COMPONENTS.title, number) for number in numbers_of(ranges))


def number_of(key: Hashable) -> int:
    """The component that a key is of."""
    assert isinstance(key, tuple)
    return int(key[1])


class ComponentsTable(VirtualTable):
    """Asks whenever it needs rows, or another order."""

    def __init__(self, desk: Desk, rows: ComponentRows, remote_id: int, ask: Callable[[], None]) -> None:
        super().__init__(desk.look, rows, title=f"{COMPONENTS.title} of run {remote_id}", noun=COMPONENTS.noun)
        self._desk, self._remote_id, self._known, self._ask = desk, remote_id, rows, ask
        #: a person filtered, sorted or wants it anew; else rows hold still
        self.wants_order = True

    def reorder(self) -> None:
        self.wants_order = True
        self._ask()

    def scrolled(self) -> None:
        if any(self._known.row(key) is None for key in self.in_sight()):
            self._ask()

    def passing(self, keys: Iterable[Key]) -> list[Key]:
        return [key for key in keys if key in self._known.passing]

    async def whole(self) -> list[Facts]:
        rows = {row["stage_id"]: row for row in await self.all_rows()}
        return [rows[number_of(key)] for key in self.order if number_of(key) in rows]

    async def all_rows(self) -> list[Row]:
        """Every component's row, a thousand at a time."""
        numbers, rows = [number_of(key) for key in self._known.row_keys()], list[Row]()
        for start in range(0, len(numbers), PIECE):
            shown = numbers[start : start + PIECE]
            rows += (await self._desk.link.call("components", remote_id=self._remote_id, shown=shown))["rows"]
        return rows


class ComponentsScreen(RunDeeds, RunSheetScreen):
    """Every component with its state and its worst failure."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.COMPONENTS, Place.RUNS)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.COMPONENTS, Place.RUNS)
    rows: ComponentRows
    table: ComponentsTable

    def __init__(self, desk: Desk, remote_id: int) -> None:
        super().__init__(desk, remote_id, "components", COMPONENTS)
        self._is_fetching = self._again = False

    def make_table(self, sheet: object) -> VirtualTable:
        self.rows = ComponentRows(self.desk)
        self.rows.waits = "reading …"
        return ComponentsTable(self.desk, self.rows, self.remote_id, self._look_now)

    # -- fetching ----------------------------------------------------------------------------------------------------

    def _look_now(self) -> None:
        """At once, or behind the answer that is under way."""
        if self._is_fetching:
            self._again = True
        elif self.is_mounted:
            if self._work is not None:
                self._work.cancel()
                self._work = None
            self.look()

    async def _follow(self) -> None:
        self._is_fetching = self._again = True
        try:
            while self._again:
                self._again = False
                await self._fetch_those_in_sight()
        except RpconsoleError as error:
            # what is shown stays; only an empty table has room for the reason
            self.rows.waits = foreign(error)
            self.table.touch(None)
            return
        finally:
            self._is_fetching = False
        await asyncio.sleep(LOOK_S)

    async def _fetch_those_in_sight(self) -> None:
        anew, self.table.wants_order = self.table.wants_order, False
        by, backwards = self.table.sorted_by or (None, False)
        text = self.table.filter.text
        ask: dict[str, object] = {
            "filter": text,
            "shown": [number_of(key) for key in self.table.in_sight()],
        }
        if anew and by is not None:
            ask |= {"by": by, "backwards": backwards}
        order = self.rows.learn(await self.desk.link.call("components", remote_id=self.remote_id, **ask))
        self.rows.waits = ""
        if anew:
            self.table.take_order(order)
        else:
            self.table.touch(None)
            self.table.scrolled()

    # -- what keys do ------------------------------------------------------------------------------------------------

    def chosen_runs(self) -> list[int]:
        """Acts are about the run: the database knows no smaller order."""
        return [self.remote_id]

    def open_row(self, row: Mapping[str, Any]) -> None:
        ids = [number_of(key) for key in self.table.order]
        self.app.push_screen(CommandsScreen(self.desk, self.remote_id, row["stage_id"], siblings=ids))

    def do_component_failed(self) -> None:
        self.app.push_screen(CommandsScreen(self.desk, self.remote_id, failed=True))

    def do_run_why(self) -> None:
        row = self.rows.row(self.table.cursor) if self.table.cursor is not None else None
        if row is None:
            super().do_run_why()
            return
        self._explaining = asyncio.create_task(self._explain(row), name="why a component does not move")

    async def _explain(self, row: Mapping[str, Any]) -> None:
        number = row["stage_id"]
        try:
            found = await self.desk.link.call("failures", remote_id=self.remote_id, stage_id=number)
        except RpconsoleError as error:
            found = {"failures": [{"item": "its failures", "sentence": f"could not be had: {error}"}]}
        lines = component_why(row, found["failures"], self.desk.model.runs.get(self.remote_id))
        await self.app.push_screen(ReadingScreen(self.desk, "why", f"Why component {number} does not move", lines))
