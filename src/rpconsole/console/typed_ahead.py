"""Keys that were typed before the line opened that they are meant for: over a far line a whole word comes at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.app import App

from rpconsole.console.actions import BY_ID
from rpconsole.console.desk import Desk

if TYPE_CHECKING:
    _App = App[str]
else:
    _App = object

#: what opens a line
OPENERS = ("palette", "filter.open", "log.search", "log.keep")
#: a line that has not opened by then does not; the keys go where keys go
LINE_S = 0.5


class TypedAhead(_App):
    """Holds what follows a key that opens a line until the line is there: ``/p`` must not close the poll gate."""

    desk: Desk
    #: what came since; None while no line is awaited
    _ahead: list[events.Key] | None = None

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded and self._is_ahead(event):
            return
        await super().on_event(event)

    def _is_ahead(self, key: events.Key) -> bool:
        if self._ahead is not None:
            self._ahead.append(key)
            return True
        if not self.screen.is_modal and key.key in self._openers():
            self._ahead = []
            self.set_timer(LINE_S, self.line_opened)
        return False

    def _openers(self) -> set[str]:
        keymap = self.desk.look.keymap
        return {key for name in OPENERS for key in keymap.raw(BY_ID[name])}

    def line_opened(self) -> None:
        """The line is there, or none came."""
        ahead, self._ahead = self._ahead, None
        for key in ahead or ():
            self.post_message(key)
