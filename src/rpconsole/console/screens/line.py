"""The line at the bottom that a filter, a search or a command is typed into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from rpconsole.console.desk import Desk
from rpconsole.console.screens.base import ConsoleModal
from rpconsole.console.text import Line, fitted
from rpconsole.console.typed_ahead import TypedAhead
from rpconsole.console.widgets.lines import LinesView
from rpconsole.console.widgets.painting import Look

SHOWN = 8


class Proposals(LinesView):
    """What the words typed so far could become."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.words: Sequence[tuple[str, str]] = ()

    def paint(self, width: int, height: int) -> list[Line]:
        return [[(f" {fitted(word, 36)} ", "key"), (says, "text")] for word, says in self.words]


class LineScreen(ConsoleModal[str | None]):
    """One line of input; ``esc`` gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("tab", "complete", show=False, priority=True),
        Binding("up", "older(-1)", show=False),
        Binding("down", "older(1)", show=False),
    ]

    def __init__(
        self,
        desk: Desk,
        sign: str,
        *,
        value: str = "",
        typed: Callable[[str], None] | None = None,
        propose: Callable[[str], Sequence[tuple[str, str]]] | None = None,
        before: Sequence[str] = (),
    ) -> None:
        super().__init__(desk)
        self._sign, self._value, self._typed, self._propose = sign, value, typed, propose
        #: what up and down bring back; the last one is what is being typed
        self._before, self._at = [*before, value], len(before)
        self.proposals = Proposals(desk.look)

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.proposals
        line = Input(value=self._value, placeholder=self._sign, compact=True, select_on_focus=False)
        line.cursor_blink = False
        yield line

    def on_mount(self) -> None:
        # at once: keys may be waiting for it
        self.set_focus(self.query_one(Input))
        self._refresh(self._value)
        if isinstance(self.app, TypedAhead):
            self.app.line_opened()

    def _refresh(self, text: str) -> None:
        words = list(self._propose(text))[:SHOWN] if self._propose is not None else []
        self.proposals.words = words
        self.proposals.styles.height = len(words)
        self.proposals.display = bool(words)
        self.proposals.touch()
        self.proposals.refresh()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if self._typed is not None:
            self._typed(event.value)
        self._refresh(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)

    def action_complete(self) -> None:
        if self.proposals.words:
            word = self.proposals.words[0][0].split(" [")[0].split(" <")[0]
            line = self.query_one(Input)
            line.value = word.split(" …")[0] + " "
            line.cursor_position = len(line.value)

    def action_older(self, by: int) -> None:
        """What was typed into such a line before."""
        self._at = max(0, min(self._at + by, len(self._before) - 1))
        line = self.query_one(Input)
        line.value = self._before[self._at]
        line.cursor_position = len(line.value)

    def action_leave(self) -> None:
        self.dismiss(None)
