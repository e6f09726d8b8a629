"""Pane 4: the run under the cursor; ``[`` and ``]`` turn from its facts to its files and its rows."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from rpconsole.console.actions import Place, bindings
from rpconsole.console.desk import Desk
from rpconsole.console.panes.run_facts import RunFacts, run_title
from rpconsole.console.raw import raw_lines
from rpconsole.console.tables import file_rows
from rpconsole.console.text import Line, foreign
from rpconsole.console.widgets.acting import Acting
from rpconsole.console.widgets.lines import fenced, title_line

TABS = ("facts", "files", "raw")


class RunPane(Acting, RunFacts):
    """The same widget that fills a run's own screen, with two sheets behind it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.RUN_PANE)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.RUN_PANE,)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, number=4, id="run")
        self.tab = TABS[0]

    def paint(self, width: int, height: int) -> list[Line]:
        run = self._desk.model.runs.get(self.remote_id) if self.remote_id is not None else None
        if self.tab == TABS[0] or run is None:
            return super().paint(width, height)
        note = "  ".join(f"[{tab}]" if tab == self.tab else tab for tab in TABS)
        head = f"{run_title(run)}"
        title = title_line(
            head, width, self.look, number=self._number, note=note, focused=self.has_focus, fence=self.fence
        )
        lines = self._sheet()
        return [title, *(fenced(lines, self.look) if self.fence else lines)]

    def _sheet(self) -> list[Line]:
        if self.facts is None:
            return [[(" reading …", "dim")]]
        if self.tab == "raw":
            return [[(f" {text}", token)] for text, token in raw_lines(self.facts)]
        rows = file_rows(self.facts)
        return [
            [(f" {row['where']:<4} {foreign(row['role']):<10} ", "dim"), (foreign(row["path"]), "text")] for row in rows
        ] or [[(" no files yet: they are written when the run is prepared", "dim")]]

    def _turn(self, by: int) -> None:
        self.tab = TABS[(TABS.index(self.tab) + by) % len(TABS)]
        self.top = 0
        self.touch()

    def do_tab_next(self) -> None:
        self._turn(1)

    def do_tab_previous(self) -> None:
        self._turn(-1)

    def do_tab_down(self) -> None:
        self.scroll_lines(3)

    def do_tab_up(self) -> None:
        self.scroll_lines(-3)
