"""What crosses one session: counted where bytes move, made into rates only when somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rpconsole.domain.haul import Way
from rpconsole.domain.pace import Pace
from rpconsole.domain.session import StreamView


class Lane:
    """One of a session's streams, while it carries for one transfer."""

    def __init__(self, traffic: Traffic, name: str, way: Way, at: float) -> None:
        self._traffic = traffic
        self.name, self.way = name, way
        self._bundle = self._left = self._moved = 0
        self._pace = Pace().seen(at, 0)

    @property
    def has_begun(self) -> bool:
        """Whether it has taken anything yet."""
        return self._bundle > 0

    def took(self, number: int, size: int) -> None:
        """It will carry this bundle of so many bytes too."""
        self._bundle = number
        self._left += size

    def moved(self, count: int) -> None:
        """So many bytes have crossed: for every piece of a file, so it only adds."""
        self._left -= count
        self._moved += count
        self._traffic.moved[self.way] += count

    def rests(self) -> None:
        """What it had taken has arrived, or goes another way."""
        self._left = 0

    def view(self, at: float) -> StreamView:
        """At this moment."""
        self._pace = self._pace.seen(at, self._moved)
        left = max(0, self._left)
        return StreamView(
            name=self.name, way=self.way, bundle=self._bundle, rate=self._pace.recent_rate(), bytes_left=left,
            left_s=self._pace.left_s(left),
        )  # fmt: skip


class Traffic:
    """The bytes of files that one session carries; all times are monotonic seconds."""

    def __init__(self) -> None:
        self.moved = dict.fromkeys(Way, 0)
        self._lanes: list[Lane] = []
        self._paces = {way: Pace() for way in Way}

    @contextmanager
    def lane(self, name: str, way: Way, at: float) -> Iterator[Lane]:
        """While a stream carries for a transfer."""
        lane = Lane(self, name, way, at)
        self._lanes.append(lane)
        self._look(way, at)
        try:
            yield lane
        finally:
            self._lanes.remove(lane)

    def rate(self, way: Way, at: float) -> float:
        """Bytes per second lately; time in which nothing moved counts."""
        if not self._paces[way].samples:
            return 0.0
        self._look(way, at)
        return self._paces[way].recent_rate()

    def streams(self, at: float) -> tuple[StreamView, ...]:
        """Those that carry now."""
        carrying = sorted((lane for lane in self._lanes if lane.has_begun), key=lambda lane: (lane.name, lane.way))
        return tuple(lane.view(at) for lane in carrying)

    def _look(self, way: Way, at: float) -> None:
        self._paces[way] = self._paces[way].seen(at, self.moved[way])
