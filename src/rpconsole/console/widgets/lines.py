"""A widget that shows lines which a function made; only lines that differ are painted again."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from rpconsole.console.text import Line, changed_cells, spread
from rpconsole.console.widgets.painting import Look, strip_of


class LinesView(Widget):
    """Shows what ``paint`` returns; longer content scrolls with the wheel and with ``scroll_lines``."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LinesView { overflow: hidden; }"
    #: how many of the first lines stay where they are
    fixed: ClassVar[int] = 0

    def __init__(self, look: Look, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.look = look
        self.top = 0
        self._lines: list[Line] = []

    def paint(self, width: int, height: int) -> list[Line]:
        """The lines for this room."""
        return []

    def touch(self) -> None:
        """Something may have changed: make the lines anew and paint those that differ."""
        width, height = self.size
        if not width or not height:
            return
        before, self._lines = self._lines, self.paint(width, height)
        self.top = max(0, min(self.top, len(self._lines) - height))
        regions = []
        for y in range(height):
            cells = changed_cells(self._at(before, y) or [], self._at(self._lines, y) or [], width)
            if cells is not None:
                regions.append(Region(cells[0], y, cells[1] - cells[0], 1))
        if not before:
            self.refresh()
        elif regions:
            self.refresh(*regions)

    def scroll_lines(self, by: int) -> None:
        """Move the content."""
        top = max(0, min(self.top + by, len(self._lines) - self.size.height))
        if top != self.top:
            self.top = top
            self.refresh()

    def render_line(self, y: int) -> Strip:
        return strip_of(self._at(self._lines, y) or [], self.size.width, self.look.palette)

    def on_resize(self) -> None:
        self.touch()
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.scroll_lines(-3)

    def _at(self, lines: list[Line], y: int) -> Line | None:
        place = y if y < self.fixed else y + self.top
        return lines[place] if place < len(lines) else None


def title_line(
    title: str,
    width: int,
    look: Look,
    *,
    number: int | None = None,
    note: str = "",
    focused: bool = False,
    fence: bool = False,
) -> Line:
    """The rule above a pane with its number, its name and what is to be said of it."""
    rule = look.palette.glyphs["rule"]
    edge = look.palette.glyphs["tee"] if fence else rule
    left: Line = [(edge, "rule")]
    if number is not None:
        left.append((str(number), "key"))
    left += [(f"{' ' if number is not None else ''}{title}", "key" if focused else "title"), (" ", "rule")]
    right: Line = [(f" {note} ", "dim"), (rule, "rule")] if note else []
    return spread(left, right, width, fill=rule, token="rule")


def fenced(lines: list[Line], look: Look) -> list[Line]:
    """The lines behind a rule at the left, for a pane that stands beside another."""
    return [[(look.palette.glyphs["fence"], "rule"), *line] for line in lines]
