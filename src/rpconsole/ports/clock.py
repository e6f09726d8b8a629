"""Time, as something that tests can move."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """The only source of time above the adapters."""

    def now(self) -> float:
        """Epoch seconds, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never set back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after at least this long; cancellable."""
        ...
