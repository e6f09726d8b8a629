"""Over how many sessions and channels a line is best used: tried step by step, until more brings no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rpconsole.domain.bundling import MAX_BUNDLE_BYTES

#: a step that brings less than this is past the bend of the curve
GAIN = 1.05
#: tried sizes of the largest bundle, in bytes
BUNDLES = (MAX_BUNDLE_BYTES, MAX_BUNDLE_BYTES // 4, MAX_BUNDLE_BYTES // 16)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How a transfer is laid over the line."""

    #: sessions that carry files, over all front ends
    sessions: int
    #: streams on each
    channels: int
    #: no bundle is cut larger
    bundle_bytes: int = MAX_BUNDLE_BYTES

    @property
    def streams(self) -> int:
        """Streams in all."""
        return self.sessions * self.channels


def next_spread(rates: Mapping[Spread, float], most: Spread) -> Spread | None:
    """What to try next, with bytes per second of what was tried; None = the curve has bent everywhere.

    Sessions first, for they add windows and cost a token each; then channels; then smaller bundles.
    """
    at = Spread(sessions=1, channels=1)
    if at not in rates:
        return at
    for axis in ("sessions", "channels"):
        while getattr(at, axis) < getattr(most, axis):
            step = replace(at, **{axis: min(2 * getattr(at, axis), getattr(most, axis))})
            if step not in rates:
                return step
            if rates[step] < GAIN * rates[at]:
                break
            at = step
    return _smaller_bundle(at, rates)


def _smaller_bundle(at: Spread, rates: Mapping[Spread, float]) -> Spread | None:
    for size in BUNDLES[1:]:
        step = replace(at, bundle_bytes=size)
        if step not in rates:
            return step
        if rates[step] < GAIN * rates[at]:
            return None
        at = step
    return None


def best_spread(rates: Mapping[Spread, float]) -> Spread | None:
    """The one with the fewest streams that is within a step's gain of the fastest."""
    if not rates:
        return None
    enough = max(rates.values()) / GAIN
    good = [spread for spread, rate in rates.items() if rate >= enough]
    return min(good, key=lambda spread: (spread.streams, spread.sessions, -spread.bundle_bytes))


def spread_to_plain(spread: Spread, rate: float) -> dict[str, Any]:
    """As it is remembered."""
    return {
        "sessions": spread.sessions, "channels": spread.channels, "bundle_bytes": spread.bundle_bytes, "rate": rate
    }  # fmt: skip


def spread_from_plain(plain: Mapping[str, Any]) -> Spread | None:
    """As it was remembered; None for what cannot be one."""
    numbers = [plain.get(name) for name in ("sessions", "channels", "bundle_bytes")]
    if any(isinstance(number, bool) or not isinstance(number, int) or number < 1 for number in numbers):
        return None
    return Spread(sessions=plain["sessions"], channels=plain["channels"], bundle_bytes=plain["bundle_bytes"])
