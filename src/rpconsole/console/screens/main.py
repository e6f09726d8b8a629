"""The main screen: six panes, as many of them as there is room for."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from rpconsole.console import later
from rpconsole.console.actions import Place, bindings
from rpconsole.console.arrangement import places, too_small
from rpconsole.console.desk import Desk
from rpconsole.console.panes.log import LogPane
from rpconsole.console.panes.queues import QueuesPane
from rpconsole.console.panes.run_pane import RunPane
from rpconsole.console.panes.runs import RunsTable
from rpconsole.console.panes.sessions import SessionsPane
from rpconsole.console.panes.transfer import TransferPane
from rpconsole.console.screens.base import ConsoleScreen
from rpconsole.console.widgets.lines import LinesView
from rpconsole.console.widgets.log_view import LogView
from rpconsole.console.widgets.virtual_table import VirtualTable
from rpconsole.domain.fault import RpconsoleError

#: how long the cursor rests on a run before its details are asked for
REST_S = 0.3
#: from this height on the facts of a run have room for its story
TELLS = 16
STORY_LINES = 60


class MainScreen(ConsoleScreen):
    """Where an operator spends his day."""

    crumb = "main"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.MAIN)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.MAIN,)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.zoomed: str | None = None
        #: the pane that had the focus another day
        self._wished = ""
        self.runs = RunsTable(desk)
        self.facts = RunPane(desk)
        self.log_pane = LogPane(desk.look, desk.model)
        self._queues = QueuesPane(desk.look, desk.model)
        self._transfer = TransferPane(desk.look, desk.model)
        self._panes: dict[str, Widget] = {
            "sessions": SessionsPane(desk.look, desk.model),
            "queues": self._queues,
            "runs": self.runs,
            "run": self.facts,
            "transfer": self._transfer,
            "log": self.log_pane,
        }
        self._asked: asyncio.Task[None] | None = None
        # of the place that the pane gets: its size is that of the last layout, which may come after the asking
        self._tells = False

    def compose_body(self) -> Iterable[Widget]:
        yield from self._panes.values()

    def on_mount(self) -> None:
        self._focus_first()

    def _focus_first(self) -> None:
        """The pane that was wished for where it is in sight; keys never act on one that is not."""
        wished = self._panes.get(self._wished)
        (wished if wished is not None and wished.display else self._home()).focus()

    def _home(self) -> Widget:
        """The pane that is always in sight."""
        return self._panes[self.zoomed] if self.zoomed is not None else self.runs

    # -- places ------------------------------------------------------------------------------------------------------

    def place_panes(self) -> None:
        """Put every pane where it belongs at this size."""
        width, height = self.size
        small = too_small(width, height)
        count = len(self.desk.model.snapshot.sessions) if self.desk.model.snapshot else 2
        found = {} if small else places(width, height, zoomed=self.zoomed, front_ends=count)
        for name, pane in self._panes.items():
            place = found.get(name)
            pane.display = place is not None
            if place is not None:
                pane.styles.offset = (place.x, place.y)
                pane.styles.width, pane.styles.height = place.width, place.height
                self._fence(pane, place.x > 0)
        if self.focused is not None and not self.focused.display:
            self._home().focus()
        self._tells = "run" in found and found["run"].height >= TELLS
        # a larger terminal shows the run's pane, or room in it, for the first time
        self._ask_details()

    def _fence(self, pane: Widget, fence: bool) -> None:
        """A rule at the left of a pane that stands beside another; seen at once, also under a dialog."""
        if getattr(pane, "fence", fence) is fence:
            return
        pane.fence = fence  # type: ignore[attr-defined]
        if isinstance(pane, LinesView):
            pane.touch()
        pane.refresh()

    # -- what changes ------------------------------------------------------------------------------------------------

    def touch_body(self, dirty: Collection[int] | None) -> None:
        for pane in self._panes.values():
            if isinstance(pane, RunsTable):
                pane.touch(dirty)
            elif isinstance(pane, LogPane) or (isinstance(pane, LinesView) and pane.display):
                pane.touch()
        if dirty is None or self.facts.remote_id in dirty:
            self._ask_details()

    @on(VirtualTable.Moved)
    def _show_run(self, event: VirtualTable.Moved) -> None:
        self.facts.show(event.key if isinstance(event.key, int) else None)
        self._ask_details()

    def _ask_details(self) -> None:
        """Fetch what pane 4 shows, once the cursor rests; nothing is asked for a pane that is not shown."""
        if self.facts.remote_id is None or not self.facts.display or not self._is_seen():
            return
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self._fetch(), name="details of a run")

    def _is_seen(self) -> bool:
        """Whether it is on top, dialogs aside."""
        stack = self.app.screen_stack
        return self in stack and all(screen.is_modal for screen in stack[stack.index(self) + 1 :])

    async def _fetch(self) -> None:
        """Until the details are those of the run that the cursor is on when they come."""
        remote_id = None
        while self.facts.remote_id != remote_id:
            await asyncio.sleep(REST_S)
            remote_id = self.facts.remote_id
            if remote_id is None or not self.facts.display:
                return
            try:
                found = await self.desk.details(remote_id)
                story = await self.desk.story(remote_id, limit=STORY_LINES) if self._tells else []
            except RpconsoleError:
                # the alert row tells of a lost engine; facts that are shown stay
                return
            if self.facts.remote_id == remote_id:
                self.facts.facts, self.facts.story = found, story
                self.facts.touch()

    def on_unmount(self) -> None:
        if self._asked is not None:
            self._asked.cancel()

    # -- what keys do ------------------------------------------------------------------------------------------------

    @on(LogView.Opened)
    def _open_run_of_line(self, event: LogView.Opened) -> None:
        if event.remote_id in self.desk.model.ids:
            self.app.push_screen(later.RunScreen(self.desk, event.remote_id, self.runs))

    @on(VirtualTable.Opened)
    def _open_run(self, event: VirtualTable.Opened) -> None:
        if isinstance(event.key, int):
            self.app.push_screen(later.RunScreen(self.desk, event.key, self.runs))

    def bring_back(self, zoomed: str, pane: str) -> None:
        """The zoom and the focus of another day."""
        self.zoomed = zoomed if zoomed in self._panes else None
        self._wished = pane
        self.place_panes()
        self._focus_first()

    def _focus_pane(self, name: str) -> None:
        pane = self._panes[name]
        if not pane.display:
            self.zoomed = name
            self.place_panes()
        pane.focus()

    def do_pane_1(self) -> None:
        self._focus_pane("sessions")

    def do_pane_2(self) -> None:
        self._focus_pane("queues")

    def do_pane_3(self) -> None:
        self._focus_pane("runs")

    def do_pane_4(self) -> None:
        self._focus_pane("run")

    def do_pane_5(self) -> None:
        self._focus_pane("transfer")

    def do_pane_6(self) -> None:
        self._focus_pane("log")

    def do_pane_zoom(self) -> None:
        focused = self.focused.id if self.focused is not None else None
        self.zoomed = None if self.zoomed is not None else focused
        self.place_panes()

    def go_back(self) -> bool:
        """Undo the last step into something: the zoom, then the filter; False when there is none."""
        if self.zoomed is not None:
            self.zoomed = None
            self.place_panes()
            self.runs.focus()
            return True
        if self.runs.filter.text:
            self.runs.set_filter("")
            return True
        return self.log_pane.show_all()
