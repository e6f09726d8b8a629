"""What crosses the line at this moment: for each run and for the site, counted while it moves and not when it has arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rpconsole.domain.haul import Way
from rpconsole.domain.pace import Pace
from rpconsole.domain.session import SessionView, may_transfer
from rpconsole.domain.snapshot import MoveView

Progress = Callable[[int, int], None]
#: less than this is over before the line has got going
LEAST_LESSON_BYTES = 5_000_000
#: bytes per second, before anything was seen of the line
SLOWEST = 1e6


@dataclass(kw_only=True, slots=True)
class _Move:
    way: Way
    files: int
    bytes: int
    files_done: int = 0
    moved: int = 0
    pace: Pace = field(default_factory=Pace)

    def view(self) -> MoveView:
        done = min(self.moved, self.bytes)
        return MoveView(
            way=self.way, files=self.files, files_done=self.files_done, bytes=self.bytes, bytes_done=done,
            rate=self.pace.rate(), left_s=self.pace.left_s(self.bytes - done),
        )  # fmt: skip


class Meter:
    """Fed by whoever moves files; read by the views."""

    def __init__(self) -> None:
        self._moves: dict[int, _Move] = {}
        self._site = {way: Pace() for way in Way}
        self._moved = dict.fromkeys(Way, 0)
        #: bytes per second of the last transfers that were large enough to tell
        self._learned: dict[Way, float] = {}
        #: run -> what it wanted to move when there was no time
        self._wanted: dict[int, tuple[Way, int]] = {}

    @contextmanager
    def run(self, remote_id: int, way: Way, files: int, size: int, now: Callable[[], float]) -> Iterator[Progress]:
        """While a run's files move; the progress is what ``Site.send`` and ``fetch`` want."""
        move = _Move(way=way, files=files, bytes=size)
        self._moves[remote_id] = move
        self.count(way, 0, now())

        def progress(files: int, moved: int) -> None:
            move.files_done += files
            move.moved += moved
            at = now()
            move.pace = move.pace.seen(at, move.moved)
            self.count(way, moved, at)

        try:
            yield progress
        finally:
            self._moves.pop(remote_id, None)

    def learn(self, way: Way, moved: int, seconds: float) -> None:
        """What a transfer brought, from its beginning to its end; a few bytes say nothing."""
        if seconds > 0 and moved >= LEAST_LESSON_BYTES:
            self._learned[way] = moved / seconds

    def expected_s(self, way: Way, size: int) -> float:
        """Seconds that so many bytes are likely to take."""
        return size / self.pace(way)

    def knows(self, way: Way) -> bool:
        """Whether a pace was seen."""
        return way in self._learned

    def pace(self, way: Way) -> float:
        """Bytes per second that are reckoned with."""
        return self._learned.get(way, SLOWEST)

    def wants(self, remote_id: int, way: Way, size: int) -> None:
        """A run was not begun for want of time; it is asked for until it is."""
        self._wanted[remote_id] = (way, size)

    def too_long(self, views: Sequence[SessionView], now: float) -> dict[int, str]:
        """run -> why its transfer is not begun before the sessions end; those that fit now are forgotten."""
        said = {}
        for remote_id, (way, size) in list(self._wanted.items()):
            expected_s = self.expected_s(way, size)
            if any(may_transfer(view, now, expected_s) for view in views):
                del self._wanted[remote_id]
            else:
                said[remote_id] = (
                    f"its {size / 1e9:.3g} GB would take {expected_s / 60:.0f} minutes and the session ends before: "
                    f"'rpconsole login' (L) with a new token moves it"
                )
        return said

    def count(self, way: Way, moved: int, at: float) -> None:
        """Bytes that crossed for anybody."""
        self._moved[way] += moved
        self._site[way] = self._site[way].seen(at, self._moved[way])

    def views(self) -> dict[int, MoveView]:
        """The files on their way, by run."""
        return {remote_id: move.view() for remote_id, move in self._moves.items()}

    def rates(self, at: float) -> tuple[float, float]:
        """Bytes per second to the site and from it, lately; time in which nothing moved counts."""
        for way in Way:
            if self._site[way].samples:
                self.count(way, 0, at)
        return self._site[Way.SEND].recent_rate(), self._site[Way.FETCH].recent_rate()
