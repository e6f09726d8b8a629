"""How much of the line transfers may take, by the hour of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DAY_MIN = 24 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Ceiling:
    """From one minute of the day to another (behind midnight where ``until`` is not later), all transfers together."""

    from_min: int
    until_min: int
    bytes_per_s: float

    def holds_at(self, minute: int) -> bool:
        """Whether it is in force at a minute of the day."""
        if self.from_min < self.until_min:
            return self.from_min <= minute < self.until_min
        return minute >= self.from_min or minute < self.until_min


def ceiling_at(ceilings: Sequence[Ceiling], minute: int) -> float | None:
    """Bytes per second that are allowed at a minute of the day; None = as much as the line gives."""
    return min((one.bytes_per_s for one in ceilings if one.holds_at(minute % DAY_MIN)), default=None)
