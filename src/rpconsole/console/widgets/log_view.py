"""Lines of a log on the line API: follows its end until a person looks further up, searches, keeps, wraps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from rpconsole.console.actions import Place, bindings
from rpconsole.console.format import counted
from rpconsole.console.text import Line, foreign
from rpconsole.console.widgets.acting import Acting
from rpconsole.console.widgets.lines import fenced, title_line
from rpconsole.console.widgets.log_lines import TIME_CELLS, Laid, LogLine, LogLines, filter_of
from rpconsole.console.widgets.painting import Look, strip_of
from rpconsole.domain.action import Level
from rpconsole.domain.filters import NOTHING, Filter
from rpconsole.patience import PatternTooLong, given_up, patience

FIXED = 1


class LogView(Acting, Widget, can_focus=True):
    """Shows lines of plain text, each with a token; holds the last ``limit`` of them and says how many it dropped."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LogView { overflow: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.LOG)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.LOG,)

    class Opened(Message):
        """A person wants the run that a line is about."""

        def __init__(self, remote_id: int) -> None:
            super().__init__()
            self.remote_id = remote_id

    def __init__(
        self,
        look: Look,
        *,
        title: str,
        number: int | None = None,
        limit: int = 50_000,
        empty: str = "",
        now: Callable[[], float] = time.time,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.look, self.title, self.number, self._empty = look, title, number, empty
        #: whether lines may still come, so that following means something and a cursor picks one of them
        self.grows = True
        self.follow = True
        self.wrap = False
        self.ago = False
        self.fence = False
        self.search: Filter = NOTHING
        self.top = 0
        self.cursor = 0
        #: lines that came in while the end was not looked at
        self.fresh = 0
        self.lines = LogLines(limit=limit, now=now)

    @property
    def useless(self) -> Sequence[str]:
        """Keys that mean nothing for a text that does not grow."""
        return () if self.grows else ("log.follow", "log.open", "log.level", "log.time")

    # -- content -----------------------------------------------------------------------------------------------------

    def add(self, lines: Sequence[tuple[str, str] | LogLine]) -> None:
        """Put lines at the end: (text that is safe to show, token), or with their time, level and run."""
        if not lines:
            return
        gone = 0
        try:
            with patience(self.lines.keep):
                gone = self.lines.add(LogLine(*line) for line in lines)
        except PatternTooLong as error:
            self._keep_all(error)
        self.fresh = 0 if self.follow else self.fresh + len(lines)
        self.top, self.cursor = max(0, self.top - gone), max(0, self.cursor - gone)
        self._show_end()

    def clear(self) -> None:
        """Forget every line."""
        self.lines.clear()
        self.fresh = self.top = self.cursor = 0
        self.refresh()

    def lay(self) -> None:
        """Choose and break the lines anew; the line under the cursor stays there."""
        number = self.lines.laid[self.cursor].number if self.cursor < len(self.lines.laid) else 0
        self.lines.width = max(10, self.size.width - self.fence - 1) if self.wrap else None
        try:
            with patience(self.lines.keep):
                self.lines.lay()
        except PatternTooLong as error:
            self._keep_all(error)
        place = self.lines.place_of(number)
        self.top, self.cursor = max(0, self.top + place - self.cursor), place
        self._show_end()

    def _keep_all(self, error: PatternTooLong) -> None:
        self.lines.keep = given_up(self.lines.keep, error)
        self.lines.lay()

    def _show_end(self) -> None:
        last = max(0, len(self.lines.laid) - self._room())
        self.top = last if self.follow else min(self.top, last)
        self.cursor = max(0, len(self.lines.laid) - 1) if self.follow else self.cursor
        self.refresh()

    def _room(self) -> int:
        return max(1, self.size.height - FIXED)

    def picked(self) -> LogLine | None:
        """The line under the cursor."""
        return self.lines.laid[self.cursor].line if self.cursor < len(self.lines.laid) else None

    def text(self) -> str:
        """What is shown, as a file holds it."""
        firsts = [one.line for one in self.lines.laid if one.is_first]
        return "".join(f"{self.lines.time_of(line, ago=False)}{line.text}\n" for line in firsts)

    # -- what keys do ------------------------------------------------------------------------------------------------

    def scroll_lines(self, by: int) -> None:
        """Look further up, which ends following, or down."""
        count, room = len(self.lines.laid), self._room()
        if self.grows:
            self.cursor = max(0, min(self.cursor + by, count - 1))
            self.top = max(0, min(self.top, self.cursor), self.cursor - room + 1)
            self.follow = by > 0 and self.cursor >= count - 1
        else:
            self.top = max(0, min(self.top + by, count - room))
            self.cursor = self.top
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
        self.scroll_lines(-len(self.lines.laid))

    def do_log_bottom(self) -> None:
        if self.grows:
            self.follow, self.fresh = True, 0
            self._show_end()
        else:
            self.scroll_lines(len(self.lines.laid))

    def do_log_follow(self) -> None:
        if self.grows:
            self.follow = not self.follow
            self._show_end()

    def do_log_wrap(self) -> None:
        self.wrap = not self.wrap
        self.lay()

    def do_log_time(self) -> None:
        self.ago = not self.ago
        self.refresh()

    def do_log_level(self) -> None:
        self.lines.next_level()
        self.lay()

    def do_log_next(self) -> None:
        self.find(1)

    def do_log_previous(self) -> None:
        self.find(-1)

    def do_log_open(self) -> None:
        line = self.picked()
        if line is not None and line.remote_id is not None:
            self.post_message(self.Opened(line.remote_id))

    def set_search(self, text: str) -> None:
        """What to look for; the view goes to the next match at or below its place."""
        self.search = filter_of(text)
        if text and not self._matching([self.cursor]):
            self.find(1)
        self.refresh()

    def set_keep(self, text: str) -> None:
        """Show only lines that pass."""
        self.lines.keep = filter_of(text)
        self.lay()

    def show_all(self) -> bool:
        """Take away the search, else what keeps lines out of sight; False when nothing did."""
        if self.search.text:
            self.set_search("")
            return True
        if not self.lines.narrowed:
            return False
        self.lines.since, self.lines.least = None, Level.NOTE
        self.set_keep("")
        return True

    def find(self, step: int) -> None:
        """Go to the next match in a direction, around the end."""
        count = len(self.lines.laid)
        places = ((self.cursor + step * distance) % count for distance in range(1, count + 1))
        place = next(iter(self._matching(places, most=1)), None)
        if place is None:
            return
        self.follow, self.cursor = False, place
        if not self.top <= place < self.top + self._room():
            self.top = max(0, min(place, count - self._room()))
        self.refresh()

    def _matching(self, places: Iterable[int], *, most: int | None = None) -> list[int]:
        """The places that the search finds; a search that never comes to an end finds none."""
        try:
            with patience(self.search):
                return list(islice((place for place in places if self._matches(place)), most))
        except PatternTooLong as error:
            self.search = given_up(self.search, error)
            return []

    def _matches(self, place: int) -> bool:
        if not self.search.terms or place >= len(self.lines.laid):
            return False
        laid = self.lines.laid[place]
        return laid.is_first and self.search.passes(self.lines.facts(laid.line))

    # -- painting ----------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return strip_of(self._title(width), width, self.look.palette)
        place = y - FIXED + self.top
        line = self._line(place, y)
        is_cursor = self.grows and self.has_focus and place == self.cursor and place < len(self.lines.laid)
        shown = fenced([line], self.look)[0] if self.fence else line
        return strip_of(shown, width, self.look.palette, "cursor" if is_cursor else None)

    def _line(self, place: int, y: int) -> Line:
        if not self.lines.laid:
            empty = "no line passes: & and enter show all again" if len(self.lines) else self._empty
            return [(f" {empty}", "dim")] if y == FIXED else []
        if place >= len(self.lines.laid):
            return []
        laid = self.lines.laid[place]
        return [(" ", "text"), *self._time(laid), *self._with_matches(laid.text, laid.line.token)]

    def _time(self, laid: Laid) -> Line:
        if laid.line.at is None:
            return []
        text = self.lines.time_of(laid.line, ago=self.ago) if laid.is_first else " " * TIME_CELLS
        return [(text, "dim")]

    def _with_matches(self, text: str, token: str) -> Line:
        line: Line = []
        rest = text
        while (found := _first_of(self.search.words, rest.lower())) is not None:
            place, word = found
            line += [(rest[:place], token), (rest[place : place + len(word)], "gate-off")]
            rest = rest[place + len(word) :]
        return [*line, (rest, token)]

    def _title(self, width: int) -> Line:
        parts = [self.lines.narrowed] if self.lines.narrowed else []
        if self.grows:
            parts.append("follow" if self.follow else "held")
        if self.search.text:
            count = len(self._matching(range(len(self.lines.laid))))
            remark = f" {foreign(self.search.remark)}" if self.search.remark else ""
            parts.append(f"/{self.search.text} {count} found{remark}")
        if self.fresh and self.grows:
            parts.append(f"+{self.fresh} new")
        if self.lines.dropped:
            parts.append(f"dropped {self.lines.dropped:,}")
        parts.append(counted(len(self.lines), "line") if self.grows else self._position())
        note = " · ".join(parts)
        return title_line(
            self.title, width, self.look, number=self.number, note=note, focused=self.has_focus, fence=self.fence
        )

    def _position(self) -> str:
        """How far down a text that is read from its beginning is; empty where all of it is seen."""
        beyond = len(self.lines.laid) - self._room()
        if beyond <= 0:
            return "all"
        return "top" if self.top == 0 else "end" if self.top >= beyond else f"{100 * self.top // beyond} %"

    # -- events ------------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.lay()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        place = event.y - FIXED + self.top
        if event.y >= FIXED and place < len(self.lines.laid):
            self.scroll_lines(place - self.cursor)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.scroll_lines(-3)


def _first_of(words: Sequence[str], text: str) -> tuple[int, str] | None:
    """The first place where one of the words stands."""
    found = [(text.find(word), word) for word in words if word and word in text]
    return min(found, default=None)
