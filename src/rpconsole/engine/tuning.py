"""The live tuner: slices of real transfers are laid over the line in different ways, until more streams bring no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rpconsole.domain.haul import Way
from rpconsole.domain.tuning import Spread, best_spread, next_spread, spread_from_plain, spread_to_plain
from rpconsole.ports.hauls import Hauls
from rpconsole.ports.site_files import Line

TOPIC = "tuning"
#: a slice that was through sooner, or held less, says nothing about the line
LEAST_S = 1.0
LEAST_BYTES = 20_000_000
#: a slice while the line is being tuned
PROBE_BYTES = 200_000_000


class Tuner:
    """Shared by all transfers of a site; what was found is remembered with what there was to be used then, for each way."""

    def __init__(self, books: Hauls, line: Line) -> None:
        self._books = books
        self._line = line
        self._rates: dict[str, dict[Spread, float]] = {}
        self._best: dict[str, Spread] = {}
        self._under_way = 0
        #: counts beginnings, to see whether a slice had the line to itself
        self._begun = 0

    async def is_trying(self, way: Way) -> bool:
        """Whether the next slice should be a measurement: a small one then."""
        topic = self._topic(way)
        if topic not in self._best and topic not in self._rates:
            self._rates[topic] = {}
            known = spread_from_plain(await self._books.recall(topic) or {})
            if known is not None:
                self._best[topic] = known
        return topic not in self._best

    @contextmanager
    def slice(self, way: Way) -> Iterator[Trial]:
        """While a slice is on its way; only one that has the line to itself is a measurement."""
        topic = self._topic(way)
        trial = Trial(topic, None)
        if topic not in self._best and not self._under_way:
            trial.spread = next_spread(self._rates.get(topic, {}), self._line.most())
        self._line.use(trial.spread or self._best.get(topic))
        self._under_way += 1
        self._begun += 1
        begun = self._begun
        try:
            yield trial
        finally:
            self._under_way -= 1
            self._line.use(None)
            if self._begun != begun:
                trial.spread = None

    async def measured(self, trial: Trial, moved: int, seconds: float) -> None:
        """After a slice: what it moved, in how long."""
        if trial.spread is None or seconds < LEAST_S or moved < LEAST_BYTES:
            return
        rates = self._rates.setdefault(trial.topic, {})
        rates[trial.spread] = moved / seconds
        if next_spread(rates, self._line.most()) is None:
            await self._settle(trial.topic, rates)

    async def _settle(self, topic: str, rates: dict[Spread, float]) -> None:
        best = best_spread(rates)
        assert best is not None
        self._best[topic] = best
        value = spread_to_plain(best, rates[best])
        await self._books.remember(topic, value)
        await self._books.remember(TOPIC, value)

    def _topic(self, way: Way) -> str:
        most = self._line.most()
        return f"{TOPIC} {way} {most.sessions}x{most.channels}"


class Trial:
    """One slice; without a spread it measures nothing."""

    def __init__(self, topic: str, spread: Spread | None) -> None:
        self.topic = topic
        self.spread = spread
