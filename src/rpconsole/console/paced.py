"""An application that paints no faster than its terminal shows: over a quick line nothing of this is felt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import App
from textual.geometry import Size
from textual.screen import Screen

from rpconsole.console.pacing import Pacing
from rpconsole.console.screens.base import ConsoleModal
from rpconsole.console.terminal import Terminal

if TYPE_CHECKING:
    _App = App[str]
else:
    _App = object

#: how long an answer of the terminal is waited for before the console leaves
LAST_ANSWER_S = 1.0


class Paced(_App):
    """Asks the terminal where its cursor is behind each painting, and holds the next one until it has answered."""

    terminal: Terminal

    def start_pacing(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Before anything is painted."""
        self.pacing = Pacing(monotonic)
        self._hold: ExitStack | None = None
        #: what was to be painted when painting was held
        self._held: tuple[Screen[Any], Size] | None = None
        self._leaving_with: str | None = None
        self._heard = asyncio.Event()

    @property
    def may_paint(self) -> bool:
        """Whether the terminal has shown what it was sent; what was held since is painted if so."""
        if self._hold is not None and not self.pacing.is_late:
            self._let_go()
        return not self.pacing.is_waiting

    def ask_when_painted(self) -> None:
        """Ask behind what is about to be painted."""
        if not self.is_headless and not self.is_web:
            self.call_after_refresh(self._ask)

    def _ask(self) -> None:
        top = self.screen_stack[-1] if self.screen_stack else None
        # an answer that comes in the middle of a pasted token would become a part of it
        is_private = isinstance(top, ConsoleModal) and top.takes_tokens
        if self._hold is None and self._leaving_with is None and not is_private and self.pacing.asks():
            self.terminal.ask()

    async def on_event(self, event: events.Event) -> None:
        """What keys change is painted at once, unless the terminal is further behind than its line is long."""
        if isinstance(event, events.Key) and self._hold is None:
            if self.pacing.is_late:
                self._hold, self._held = ExitStack(), (self.screen, self.size)
                self._hold.enter_context(self.batch_update())
            else:
                self.ask_when_painted()
        await super().on_event(event)

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """The terminal has answered."""
        event.stop()
        self.pacing.answered()
        self._heard.set()
        self._heard.clear()
        self._let_go()
        if self._leaving_with is not None:
            self._leave_now()

    async def terminal_answered(self) -> None:
        """Wait for the terminal's answer, if one is on its way: another program is about to read what it says."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_ANSWER_S):
                while self.pacing.is_answer_due:
                    await self._heard.wait()

    def _let_go(self) -> None:
        """Paint what was held, together."""
        if self._hold is None:
            return
        hold, held, self._hold = self._hold, self._held, None
        hold.close()
        if held != (self.screen, self.size):
            # a place that was entered meanwhile was not painted at all
            self.screen.refresh(layout=True)
        self.ask_when_painted()

    def leave(self, result: str) -> None:
        """Exit once the terminal has answered: what it says to a console that has left would stand in the shell."""
        if not self.pacing.is_answer_due:
            self.exit(result)
        elif self._leaving_with is None:
            self._leaving_with = result
            self.set_timer(LAST_ANSWER_S, self._leave_now)

    def _leave_now(self) -> None:
        result, self._leaving_with = self._leaving_with, ""
        if result:
            self.exit(result)
