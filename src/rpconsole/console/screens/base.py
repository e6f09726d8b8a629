"""What every screen has: the header and alert row, the status row and the keys, and a body between them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.screen import ModalScreen, Screen, ScreenResultType

from rpconsole.console.actions import Action, Place, of
from rpconsole.console.desk import Desk
from rpconsole.console.panes.footer import FootBar
from rpconsole.console.panes.header import HeadBar
from rpconsole.console.widgets.acting import Acting


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


class ConsoleScreen(Framed, Screen[None]):
    """A place of its own, on the stack of screens."""

    #: the screen's name in the breadcrumb
    crumb = ""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.make_frame(desk)

    def compose(self) -> ComposeResult:
        yield self.head
        yield from self.compose_body()
        yield self.foot

    def compose_body(self) -> ComposeResult:
        """What stands between header and footer."""
        yield from ()

    def touch(self, dirty: Collection[int] | None = None) -> None:
        """Runs changed (None: anything may have)."""
        crumbs = [screen.crumb for screen in self.app.screen_stack if isinstance(screen, ConsoleScreen)]
        self.touch_frame(crumbs, self.focused)
        self.touch_body(dirty)

    def touch_body(self, dirty: Collection[int] | None) -> None:
        """Paint what changed in the body."""

    def on_screen_resume(self) -> None:
        self.touch(None)

    def on_descendant_focus(self) -> None:
        self.touch(None)


class ConsoleModal(Framed, ModalScreen[ScreenResultType]):
    """A dialog; header and alert row stay in sight."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.make_frame(desk)

    def touch(self, dirty: Collection[int] | None = None) -> None:
        """The header counts on under a dialog."""
        self.head.touch()
        self.touch_body()

    def touch_body(self) -> None:
        """Paint what changed in the dialog."""

    def on_screen_resume(self) -> None:
        self.touch(None)
