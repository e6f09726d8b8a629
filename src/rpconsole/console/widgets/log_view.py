"""Lines of a log on the line API: follows its end until a person looks further up, searches, wraps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from rpconsole.console.actions import Place, bindings
from rpconsole.console.format import counted
from rpconsole.console.text import Line, wrapped
from rpconsole.console.widgets.acting import Acting
from rpconsole.console.widgets.lines import fenced, title_line
from rpconsole.console.widgets.painting import Look, strip_of

FIXED = 1
LONGEST_LINE = 10_000


class LogView(Acting, Widget, can_focus=True):
    """Shows lines of plain text, each with a token; holds the last ``limit`` of them and says how many it dropped."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LogView { overflow: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.LOG)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.LOG,)

    def __init__(
        self,
        look: Look,
        *,
        title: str,
        number: int | None = None,
        limit: int = 50_000,
        empty: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.look, self.title, self.number, self._limit, self._empty = look, title, number, limit, empty
        #: whether lines may still come, so that following means something
        self.grows = True
        self.follow = True
        self.wrap = False
        self.fence = False
        self.search = ""
        self.top = 0
        self.dropped = 0
        #: lines that came in while the end was not looked at
        self.fresh = 0
        self._lines: list[tuple[str, str]] = []
        self._laid: list[tuple[int, str, str]] = []

    # -- content -----------------------------------------------------------------------------------------------------

    def add(self, lines: Sequence[tuple[str, str]]) -> None:
        """Put lines at the end: (text that is safe to show, token)."""
        if not lines:
            return
        self._lines += [(text[:LONGEST_LINE], token) for text, token in lines]
        over = len(self._lines) - self._limit
        if over > 0:
            del self._lines[:over]
            self.dropped += over
        self.fresh = 0 if self.follow else self.fresh + len(lines)
        self._lay(moved=max(0, over))

    def clear(self) -> None:
        """Forget every line."""
        self._lines, self.dropped, self.fresh, self.top = [], 0, 0, 0
        self._lay()

    def _lay(self, *, moved: int = 0) -> None:
        width = max(10, self.size.width - self.fence - 1)
        self._laid = [
            (number, piece, token)
            for number, (text, token) in enumerate(self._lines)
            for piece in (wrapped(text, width) if self.wrap else [text])
        ]
        last = max(0, len(self._laid) - self._room())
        self.top = last if self.follow else max(0, min(self.top - moved, last))
        self.refresh()

    def _room(self) -> int:
        return max(1, self.size.height - FIXED)

    # -- what keys do ------------------------------------------------------------------------------------------------

    def scroll_lines(self, by: int) -> None:
        """Look further up, which ends following, or down."""
        last = max(0, len(self._laid) - self._room())
        self.top = max(0, min(self.top + by, last))
        self.follow = by > 0 and self.top == last
        self.fresh = 0 if self.follow else self.fresh
        self.refresh()

    def do_log_down(self) -> None:
        self.scroll_lines(1)

    def do_log_up(self) -> None:
        self.scroll_lines(-1)

    def do_log_page_down(self) -> None:
        self.scroll_lines(self._room())

    def do_log_page_up(self) -> None:
        self.scroll_lines(-self._room())

    def do_log_top(self) -> None:
        self.scroll_lines(-len(self._laid))

    def do_log_bottom(self) -> None:
        self.follow, self.fresh = True, 0
        self._lay()

    def do_log_follow(self) -> None:
        self.follow = not self.follow
        self._lay()

    def do_log_wrap(self) -> None:
        self.wrap = not self.wrap
        self._lay()

    def do_log_next(self) -> None:
        self.find(1)

    def do_log_previous(self) -> None:
        self.find(-1)

    def set_search(self, text: str) -> None:
        """What to look for; the view goes to the next match at or below its first line."""
        self.search = text
        if text and not self._matches(self.top):
            self.find(1)
        self.refresh()

    def find(self, step: int) -> None:
        """Go to the next match in a direction, around the end."""
        count = len(self._laid)
        for distance in range(1, count + 1):
            place = (self.top + step * distance) % count
            if self._matches(place):
                self.follow, self.top = False, place
                self.refresh()
                return

    def _matches(self, place: int) -> bool:
        wanted = self.search.lower()
        return bool(wanted) and place < len(self._laid) and wanted in self._laid[place][1].lower()

    # -- painting ----------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return strip_of(self._title(width), width, self.look.palette)
        line = self._line(y - FIXED + self.top, y)
        return strip_of(fenced([line], self.look)[0] if self.fence else line, width, self.look.palette)

    def _line(self, place: int, y: int) -> Line:
        if not self._laid:
            return [(f" {self._empty}", "dim")] if y == FIXED else []
        if place >= len(self._laid):
            return []
        _, text, token = self._laid[place]
        return [(" ", "text"), *self._with_matches(text, token)]

    def _with_matches(self, text: str, token: str) -> Line:
        wanted, line, rest = self.search.lower(), [], text
        while wanted and (found := rest.lower().find(wanted)) >= 0:
            line += [(rest[:found], token), (rest[found : found + len(wanted)], "gate-off")]
            rest = rest[found + len(wanted) :]
        return [*line, (rest, token)]

    def _title(self, width: int) -> Line:
        parts = ["follow" if self.follow else "held"] if self.grows else []
        if self.search:
            count = sum(self._matches(place) for place in range(len(self._laid)))
            parts.append(f"/{self.search} {count} found")
        if self.fresh and self.grows:
            parts.append(f"+{self.fresh} new")
        if self.dropped:
            parts.append(f"dropped {self.dropped:,}")
        parts.append(counted(len(self._lines), "line"))
        return title_line(
            self.title,
            width,
            self.look,
            number=self.number,
            note=" · ".join(parts),
            focused=self.has_focus,
            fence=self.fence,
        )

    # -- events ------------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._lay()

    def on_focus(self) -> None:
        self.refresh(Region(0, 0, self.size.width, 1))

    def on_blur(self) -> None:
        self.refresh(Region(0, 0, self.size.width, 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.scroll_lines(-3)
