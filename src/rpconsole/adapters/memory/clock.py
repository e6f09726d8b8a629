"""A clock that stands still until somebody moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools

#: turns of the event loop that a woken sleeper gets before the next one is due
TURNS = 20


class MovableClock:
    """``Clock`` for tests and replays: sleepers wake in the order of their times, each at its own time."""

    def __init__(self, now: float = 1_400_000_000.0) -> None:
        self._now = now
        self._monotonic = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._order), woken))
        await woken

    @property
    def sleeping(self) -> int:
        """How many sleepers wait for their time."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Move time forward; who wakes may sleep again, and wakes again if that falls within the same move."""
        await self._settle()
        end = self._monotonic + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, woken = heapq.heappop(self._sleepers)
            if woken.done():
                continue
            self._move_to(due)
            woken.set_result(None)
            await self._settle()
        self._move_to(end)

    def set_wall_clock(self, now: float) -> None:
        """Step the wall clock, as an operator or a time server would; sleepers do not notice."""
        self._now = now

    def _move_to(self, monotonic: float) -> None:
        self._now += monotonic - self._monotonic
        self._monotonic = monotonic

    async def _settle(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)
