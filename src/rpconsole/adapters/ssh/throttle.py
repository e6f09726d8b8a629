"""The ceiling that all transfers of a site share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from rpconsole.domain.ceiling import Ceiling, ceiling_at

#: so far ahead of the ceiling the bytes may run
_BURST_S = 0.25
#: paid for at once: a debt made under a low ceiling must not outlast its hour
_SHARE_S = 1.0


def minute_of_day() -> int:
    """By this host's clock, as an operator writes the hours."""
    now = time.localtime()
    return now.tm_hour * 60 + now.tm_min


class Throttle:
    """Lets bytes pass no faster than allowed."""

    def __init__(self, ceilings: Sequence[Ceiling], minute: Callable[[], int] = minute_of_day) -> None:
        self._ceilings = tuple(ceilings)
        self._minute = minute
        self._free_at = 0.0

    @property
    def has_ceilings(self) -> bool:
        """Whether there is an hour in which not everything may move at once."""
        return bool(self._ceilings)

    async def spend(self, count: int) -> None:
        """Wait until so many bytes more may move."""
        if not self._ceilings:
            return
        left = float(count)
        while left > 0 and (limit := ceiling_at(self._ceilings, self._minute())) is not None:
            share = min(left, limit * _SHARE_S)
            left -= share
            await self._pay(share / limit)

    async def _pay(self, line_s: float) -> None:
        now = asyncio.get_running_loop().time()
        self._free_at = max(now, self._free_at) + line_s
        if self._free_at - now > _BURST_S:
            await asyncio.sleep(self._free_at - now - _BURST_S)
