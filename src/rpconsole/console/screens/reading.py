"""Something to read: help, alerts, why a run waits; and the journal as a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from textual.widget import Widget

from rpconsole.console.actions import Place, of
from rpconsole.console.desk import Desk, Result
from rpconsole.console.keymap import Keymap
from rpconsole.console.screens.base import ConsoleScreen
from rpconsole.console.tables import ListRows, Sheet
from rpconsole.console.widgets.log_view import LogView
from rpconsole.console.widgets.virtual_table import VirtualTable


class ReadingScreen(ConsoleScreen):
    """Lines of text from their beginning."""

    def __init__(self, desk: Desk, crumb: str, title: str, lines: Sequence[tuple[str, str]]) -> None:
        super().__init__(desk)
        self.crumb = crumb
        self.view = LogView(desk.look, title=title)
        self.view.grows, self.view.follow, self.view.wrap = False, False, True
        self._text = lines

    def compose_body(self) -> Iterable[Widget]:
        yield self.view

    def on_mount(self) -> None:
        self.view.styles.height = "1fr"
        self.view.add(self._text)
        self.view.focus()


class SheetScreen(ConsoleScreen):
    """A table of what the engine answered once."""

    def __init__(self, desk: Desk, crumb: str, sheet: Sheet, rows: Sequence[Result]) -> None:
        super().__init__(desk)
        self.crumb = crumb
        self.rows = ListRows(desk.look, sheet)
        self.rows.set(rows)
        self.table = VirtualTable(desk.look, self.rows, title=sheet.title, noun=sheet.noun)

    def compose_body(self) -> Iterable[Widget]:
        yield self.table

    def on_mount(self) -> None:
        self.table.styles.height = "1fr"
        self.table.reorder()
        self.table.focus()

    def touch_body(self, dirty: Collection[int] | None) -> None:
        """It stays as it was answered."""


def help_lines(
    places: Sequence[Place], hint: Sequence[str], words: Sequence[tuple[str, str]], keymap: Keymap | None = None
) -> list[tuple[str, str]]:
    """Every key: those of the place where help was asked for first."""
    lines: list[tuple[str, str]] = []
    if hint:
        lines += [("What to do first", "title"), *((f"  {sentence}", "text") for sentence in hint), ("", "text")]
    ordered = dict.fromkeys((*places, *Place))
    for place in ordered:
        lines.append((f"{place}{'  (here)' if place in places else ''}", "title"))
        lines += [
            (f"  {' '.join((keymap or Keymap()).keys_of(action)):<14} {action.says}", "text") for action in of(place)
        ]
        lines.append(("", "text"))
    lines.append(("on the : line", "title"))
    return [*lines, *((f"  {word:<34} {says}", "text") for word, says in words)]
