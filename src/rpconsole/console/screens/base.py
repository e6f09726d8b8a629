"""What every screen has: the header and alert row, the status row and the keys, and a body between them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widget import Widget

from rpconsole.console.actions import Action, Place, of
from rpconsole.console.arrangement import LEAST_HEIGHT, LEAST_WIDTH, too_small
from rpconsole.console.desk import Desk
from rpconsole.console.panes.footer import FootBar
from rpconsole.console.panes.header import HeadBar
from rpconsole.console.text import Line
from rpconsole.console.widgets.acting import Acting
from rpconsole.console.widgets.lines import LinesView
from rpconsole.console.widgets.painting import Look


class Framed(Acting):
    """Keeps header and footer current; the body is the screen's own affair."""

    desk: Desk
    head: HeadBar
    foot: FootBar
    PLACES: ClassVar[tuple[Place, ...]] = ()

    def make_frame(self, desk: Desk) -> None:
        """Make the rows; compose them first and last."""
        self.desk = desk
        self.head = HeadBar(desk.look, desk.model)
        self.foot = FootBar(desk.look, desk.model)

    def touch_frame(self, crumbs: Sequence[str], focused: object) -> None:
        """Paint header and footer anew."""
        places = (*getattr(focused, "PLACES", ()), *self.PLACES, Place.ALL)
        useless = getattr(focused, "useless", ())
        self.foot.actions = [action for action in self.keys(places) if action.id not in useless]
        self.foot.crumbs = crumbs
        self.head.touch()
        self.foot.touch()

    def keys(self, places: Sequence[Place]) -> Sequence[Action]:
        """The actions that the footer chooses from."""
        return of(*dict.fromkeys(places))


class TooSmall(LinesView):
    """What is shown in a terminal that nothing fits in."""

    DEFAULT_CSS = "TooSmall { width: 100%; height: 100%; display: none; }"

    def __init__(self, look: Look, desk: Desk) -> None:
        super().__init__(look)
        self._desk = desk

    def paint(self, width: int, height: int) -> list[Line]:
        snapshot = self._desk.model.snapshot
        live = sum(view.state in ("open", "draining") for view in snapshot.sessions) if snapshot else 0
        count = len(snapshot.sessions) if snapshot else 0
        return [
            [(f"rpconsole needs {LEAST_WIDTH}x{LEAST_HEIGHT},", "alert")],
            [(f"has {width}x{height}.", "alert")],
            [(f"q quits · sessions {live}/{count}", "text")],
        ]


class ConsoleScreen(Framed, Screen[None]):
    """A place of its own, on the stack of screens."""

    #: the screen's name in the breadcrumb
    crumb = ""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.make_frame(desk)
        self.small = TooSmall(desk.look, desk)
        self.small.display = False
        self._parts: list[Widget] = []
        self._was_focused: Widget | None = None

    def compose(self) -> ComposeResult:
        self._parts = [self.head, *self.compose_body(), self.foot]
        yield from self._parts
        yield self.small

    def compose_body(self) -> Iterable[Widget]:
        """What stands between header and footer."""
        yield from ()

    def touch(self, dirty: Collection[int] | None = None) -> None:
        """Runs changed (None: anything may have)."""
        crumbs = [screen.crumb for screen in self.app.screen_stack if isinstance(screen, ConsoleScreen)]
        self.touch_frame(crumbs, self.focused)
        self.touch_body(dirty)
        if self.small.display:
            self.small.touch()

    def touch_body(self, dirty: Collection[int] | None) -> None:
        """Paint what changed in the body."""

    def on_resize(self) -> None:
        """Nothing but a sentence where nothing fits; everything as it was once it does."""
        small = too_small(*self.size)
        if small is not self.small.display:
            if small:
                # what is hidden loses the focus
                self._was_focused = self.focused
            self.small.display = small
            for part in self._parts:
                part.display = not small
            if not small and self._was_focused is not None and self._was_focused.display:
                self._was_focused.focus()
        self.place_panes()
        self.small.touch()

    def place_panes(self) -> None:
        """Lay the body out for the size there is."""

    def on_screen_resume(self) -> None:
        self.touch(None)

    def on_descendant_focus(self) -> None:
        self.touch(None)


class ConsoleModal(Framed, ModalScreen[ScreenResultType]):
    """A dialog; header and alert row stay in sight. Where nothing fits it is not seen, and the screen below says what is needed."""

    #: tokens are typed here: it is shown the site's prompts, and nothing is exported while it is open
    takes_tokens: ClassVar[bool] = False

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.make_frame(desk)

    def touch(self, dirty: Collection[int] | None = None) -> None:
        """The header counts on under a dialog."""
        self.head.touch()
        self.touch_body()

    def on_resize(self) -> None:
        """Called besides that of the dialog's own class."""
        self.visible = not too_small(*self.size)

    def touch_body(self) -> None:
        """Paint what changed in the dialog."""

    def on_screen_resume(self) -> None:
        self.touch(None)
