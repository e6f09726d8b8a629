"""The live tuner: slices of real hauls are laid over the line in different ways, until more streams bring no more."""

from __future__ import annotations

from rpconsole.domain.tuning import Spread, best_spread, next_spread, spread_from_plain, spread_to_plain
from rpconsole.engine.world import Haulage

TOPIC = "tuning"
#: a slice that was through sooner, or held less, says nothing about the line
LEAST_S = 1.0
LEAST_BYTES = 20_000_000


class Tuning:
    """One haul's part in it; what was found is remembered for the site with what there was to be used then."""

    def __init__(self, haulage: Haulage) -> None:
        self._haulage = haulage
        self._rates: dict[Spread, float] = {}
        self._trying: Spread | None = None
        self._most: Spread | None = None

    @property
    def is_trying(self) -> bool:
        """Whether the next slice is a measurement."""
        return self._trying is not None

    async def load(self) -> None:
        """Use what is known of this many sessions; begin to try where nothing is."""
        self._most = self._haulage.line.most()
        found = await self._haulage.books.recall(self._topic()) or {}
        known = spread_from_plain(found)
        self._haulage.line.use(known)
        self._trying = next_spread({}, self._most) if known is None else None

    def begin(self) -> None:
        """Before a slice."""
        if self._trying is not None:
            self._haulage.line.use(self._trying)

    async def measured(self, moved: int, seconds: float) -> None:
        """After a slice: try on, or stay with the best."""
        if self._trying is None or self._most is None or seconds < LEAST_S or moved < LEAST_BYTES:
            return
        self._rates[self._trying] = moved / seconds
        self._trying = next_spread(self._rates, self._most)
        if self._trying is None:
            await self._settle()

    async def _settle(self) -> None:
        best = best_spread(self._rates)
        assert best is not None
        self._haulage.line.use(best)
        value = spread_to_plain(best, self._rates[best])
        await self._haulage.books.remember(self._topic(), value)
        await self._haulage.books.remember(TOPIC, value)

    def _topic(self) -> str:
        most = self._most or self._haulage.line.most()
        return f"{TOPIC} {most.sessions}x{most.channels}"
