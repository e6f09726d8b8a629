"""What crosses the line at this moment: for each run and for the site, counted while it moves and not when it has arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rpconsole.domain.haul import Way
from rpconsole.domain.pace import Pace
from rpconsole.domain.snapshot import MoveView

Progress = Callable[[int, int], None]


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

    def count(self, way: Way, moved: int, at: float) -> None:
        """Bytes that crossed for anybody."""
        self._moved[way] += moved
        self._site[way] = self._site[way].seen(at, self._moved[way])

    def view(self, remote_id: int) -> MoveView | None:
        """A run's files on their way; None when none are."""
        move = self._moves.get(remote_id)
        return None if move is None else move.view()

    def rates(self, at: float) -> tuple[float, float]:
        """Bytes per second to the site and from it, lately; time in which nothing moved counts."""
        for way in Way:
            if self._site[way].samples:
                self.count(way, 0, at)
        return self._site[Way.SEND].recent_rate(), self._site[Way.FETCH].recent_rate()
