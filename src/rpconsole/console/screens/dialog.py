"""Dialogs that a key answers: what exactly will be done, and whether to leave the engine running."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from rpconsole.console.desk import Desk
from rpconsole.console.screens.base import ConsoleModal
from rpconsole.console.text import Line, spread, width_of, wrapped
from rpconsole.console.widgets.lines import LinesView
from rpconsole.console.widgets.painting import Look

#: a key that was typed for the table must not confirm
PATIENCE_S = 0.4
#: so many runs, and their number has to be typed
MANY = 10
_SCROLLS = {"down": 1, "up": -1, "pagedown": 10, "pageup": -10}


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One way out of a dialog."""

    key: str
    says: str
    value: str


class Box(LinesView):
    """A frame around lines that its owner sets."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.title = ""
        self.note = ""
        self.content: Sequence[Line] = ()

    def paint(self, width: int, height: int) -> list[Line]:
        glyphs = self.look.palette.glyphs
        rule, fence, corners = glyphs["rule"], glyphs["fence"], glyphs["corners"]
        left: Line = [(corners[0] + rule, "rule"), (f" {self.title} ", "title")]
        right: Line = [(f" {self.note} " if self.note else "", "dim"), (rule + corners[1], "rule")]
        body = [
            spread([(f"{fence} ", "rule"), *line], [(f" {fence}", "rule")], width)
            for line in list(self.content)[: height - 2]
        ]
        foot: Line = [(corners[2] + rule * (width - 2) + corners[3], "rule")]
        return [spread(left, right, width, fill=rule, token="rule"), *body, foot]


class Dialog(ConsoleModal[str]):
    """Says something in a box and waits for one of its keys; ``esc`` and ``n`` always mean no."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "no")]

    def __init__(
        self,
        desk: Desk,
        *,
        title: str,
        sentences: Sequence[tuple[str, str]],
        choices: Sequence[Choice],
        typed: str = "",
        at_once: bool = False,
        no: str = "no",
    ) -> None:
        super().__init__(desk)
        self._title, self._sentences, self._choices, self._wanted = title, sentences, choices, typed
        self._typed, self._no = "", no
        #: lines that are scrolled out at the top, where the box cannot hold all of them
        self._top = 0
        self._patience_s = 0.0 if at_once else PATIENCE_S
        self._opened = time.monotonic()
        self.box = Box(desk.look)

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.box

    def on_mount(self) -> None:
        self.on_resize()

    def on_resize(self) -> None:
        width = min(self.size.width - 2, 96)
        self.box.styles.width = width
        text, keys = self._lines(width - 4), self._keys(width - 4)
        self.box.title = self._title
        height = min(len(text) + len(keys) + 2, self.size.height - 3)
        room = max(1, height - 2 - len(keys))
        self._top = max(0, min(self._top, len(text) - room))
        self.box.note = f"{self._top + 1}-{self._top + room} of {len(text)}, arrows scroll" if len(text) > room else ""
        self.box.content = [*text[self._top : self._top + room], *keys]
        self.box.styles.height = height
        self.box.styles.offset = ((self.size.width - width) // 2, max(2, (self.size.height - height) // 2))
        self.box.touch()

    def _lines(self, width: int) -> list[Line]:
        return [[(piece, token)] for sentence, token in self._sentences for piece in wrapped(sentence, width)]

    def _keys(self, width: int) -> list[Line]:
        """What answers it; it never scrolls away."""
        lines: list[Line] = [[]]
        if self._wanted:
            lines.append([(f"type {self._wanted} to go on: ", "text"), (self._typed + "_", "key")])
        offers = [(choice.key, choice.says) for choice in self._choices]
        row: Line = []
        for key, says in [*offers, *([("esc", self._no)] if self._no else [])]:
            offer: Line = [(key, "key"), (f" {says}   ", "text")]
            if row and width_of([*row, *offer]) > width:
                lines.append(row)
                row = []
            row += offer
        return [*lines, row]

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            return
        event.stop()
        if event.key in _SCROLLS:
            self._top += _SCROLLS[event.key]
            self.on_resize()
            return
        if time.monotonic() - self._opened < self._patience_s:
            return
        if event.character == "n":
            self.dismiss("")
            return
        if self._wanted and self._typed != self._wanted:
            self._type(event)
            return
        choice = next((one for one in self._choices if event.key == one.key or event.character == one.key), None)
        if choice is not None:
            self.dismiss(choice.value)

    def _type(self, event: events.Key) -> None:
        if event.key == "backspace":
            self._typed = self._typed[:-1]
        elif event.character and event.character.isdigit():
            self._typed = (self._typed + event.character)[-len(self._wanted) :]
        self.on_resize()

    def action_leave(self) -> None:
        self.dismiss("")
