"""The lines behind a log: the last so many of them, which of them are kept in sight, and how they are broken. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from rpconsole.console.format import clock, span
from rpconsole.console.text import foreign, wrapped
from rpconsole.domain.action import Level
from rpconsole.domain.filters import NOTHING, Facts, Filter, parse

LONGEST_LINE = 10_000
FILTER_KEYS = ("level", "run", "age")
#: cells of the time before a line that has one
TIME_CELLS = 9

_LEVELS = tuple(Level)


class LogLine(NamedTuple):
    """One line; its text is safe to show."""

    text: str
    token: str = "text"
    #: epoch seconds
    at: float | None = None
    level: Level | None = None
    remote_id: int | None = None


class Laid(NamedTuple):
    """A piece of a line as it is drawn; ``number`` counts the lines that ever came."""

    number: int
    line: LogLine
    text: str
    is_first: bool


class LogLines:
    """A ring of lines and the part of it that is shown; adding costs what is added, not what is there."""

    def __init__(self, *, limit: int, now: Callable[[], float]) -> None:
        self._limit, self.now = limit, now
        self._lines: list[LogLine] = []
        self._first = 0
        self.dropped = 0
        self.laid: list[Laid] = []
        self.keep: Filter = NOTHING
        self.least: Level = Level.NOTE
        #: nothing older than this is shown; epoch seconds
        self.since: float | None = None
        self.width: int | None = None

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[LogLine]:
        return iter(self._lines)

    @property
    def narrowed(self) -> str:
        """What keeps lines out of sight, in words; empty when nothing does."""
        parts = [f"level>={self.least}"] if self.least is not Level.NOTE else []
        if self.keep.text:
            parts.append(f"&{self.keep.text}")
        if self.keep.remark:
            parts.append(foreign(self.keep.remark))
        if self.since is not None:
            parts.append(f"since {clock(self.since)}")
        return " ".join(parts)

    def add(self, lines: Iterable[LogLine]) -> int:
        """Put lines at the end; how many drawn lines went away at the beginning."""
        start = self._first + len(self._lines)
        cut = [line._replace(text=line.text[:LONGEST_LINE]) for line in lines]
        self._lines += cut
        self.laid += self._pieces(start, cut)
        over = len(self._lines) - self._limit
        if over <= 0:
            return 0
        del self._lines[:over]
        self._first += over
        self.dropped += over
        gone = next((place for place, one in enumerate(self.laid) if one.number >= self._first), len(self.laid))
        del self.laid[:gone]
        return gone

    def lay(self) -> None:
        """Choose and break every line anew."""
        self.laid = list(self._pieces(self._first, self._lines))

    def clear(self) -> None:
        """Forget every line."""
        self._first += len(self._lines)
        self._lines, self.laid, self.dropped = [], [], 0

    def place_of(self, number: int) -> int:
        """Where a line is drawn, or the next one that is."""
        found = (place for place, one in enumerate(self.laid) if one.number >= number)
        return next(found, max(0, len(self.laid) - 1))

    def _pieces(self, start: int, lines: Sequence[LogLine]) -> Iterator[Laid]:
        for number, line in enumerate(lines, start=start):
            if self._is_shown(line):
                room = None if self.width is None else max(10, self.width - (TIME_CELLS if line.at is not None else 0))
                pieces = [line.text] if room is None else wrapped(line.text, room)
                yield from (Laid(number, line, piece, place == 0) for place, piece in enumerate(pieces))

    def _is_shown(self, line: LogLine) -> bool:
        if line.level is not None and _LEVELS.index(line.level) < _LEVELS.index(self.least):
            return False
        if self.since is not None and line.at is not None and line.at < self.since:
            return False
        return self.keep.passes(self.facts(line))

    def facts(self, line: LogLine) -> Facts:
        """What a filter asks a line for."""
        age = None if line.at is None else self.now() - line.at
        return {"text": line.text, "level": line.level or "", "run": line.remote_id or "", "age": age}

    def next_level(self) -> None:
        """The next higher level, then all again."""
        self.least = _LEVELS[(_LEVELS.index(self.least) + 1) % len(_LEVELS)]

    def time_of(self, line: LogLine, *, ago: bool) -> str:
        """The time before a line, always equally wide."""
        if line.at is None:
            return ""
        return f"{span(self.now() - line.at):>8} " if ago else f"{clock(line.at, seconds=True)} "


def filter_of(text: str) -> Filter:
    """A filter for lines."""
    return parse(text, FILTER_KEYS)
