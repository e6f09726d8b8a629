"""The clock of one login: how long it lives, when to warn, when to stop starting work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from rpconsole.domain.haul import Way

WARN_S = (30 * 60.0, 15 * 60.0, 2 * 60.0)
#: from here on no transfer starts that would not fit
LAST_TRANSFERS_S = 15 * 60.0
#: from here on nothing is submitted or polled
LAST_ORDERS_S = 2 * 60.0


class SessionState(StrEnum):
    """How a front end stands to us."""

    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"
    #: open, and nothing new is started that would not fit
    DRAINING = "draining"
    #: it ended without our doing
    LOST = "lost"


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamView:
    """One file stream of a session that carries at this moment."""

    #: the session's name and the stream's number
    name: str
    way: Way
    #: the last bundle that it took, counted from the transfer's first
    bundle: int
    #: bytes per second, over all that it carried and lately
    rate: float
    #: bytes of what it has taken that have not crossed, and seconds that they take; None = nobody can say
    bytes_left: int
    left_s: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionView:
    """One front end and a session to it, frozen."""

    #: the session's name: see ``session_name``
    host: str
    state: SessionState
    user: str | None = None
    opened_at: float | None = None
    #: epoch seconds at which the site will cut it; None = unknown
    ends_at: float | None = None
    #: local user who answered the prompts
    opened_by: str | None = None
    channels: int = 0
    max_channels: int = 0
    #: how many file streams the front end let one session have, where it refused more; None = as many as were asked for
    streams: int | None = None
    #: bytes of files per second over the last half minute, to the site and from it
    rate_out: float = 0.0
    rate_in: float = 0.0
    #: its file streams that carry at this moment
    carrying: tuple[StreamView, ...] = ()
    #: why it is not open, as a sentence
    sentence: str = ""

    def left_s(self, now: float) -> float | None:
        """Seconds until the site cuts it; None when unknown or not open."""
        if self.ends_at is None or self.state not in (SessionState.OPEN, SessionState.DRAINING):
            return None
        return max(0.0, self.ends_at - now)


def session_name(front_end: str, number: int, count: int) -> str:
    """What views call the number-th of so many sessions to a front end: ``fe1`` where it is the only one, else ``fe1/2``."""
    return front_end if count == 1 else f"{front_end}/{number}"


def front_end_of(name: str) -> str:
    """The front end that the session of this name goes to."""
    return name.partition("/")[0]


def renamed(name: str) -> str:
    """What the first session of a front end is called once it is the only one no longer, or again."""
    return front_end_of(name) if name.endswith("/1") else f"{name}/1"


def lifetime_s(configured_s: float | None, past_s: Sequence[float]) -> float | None:
    """How long a session will live: as configured, else the median of at least three that the site cut, else unknown."""
    if configured_s is not None:
        return configured_s
    return median(past_s) if len(past_s) >= 3 else None


def learned_end(opened_at: float | None, life_s: float | None, now: float) -> float | None:
    """When a session will end if it lives as long as those before it; None once it has outlived them."""
    if opened_at is None or life_s is None or opened_at + life_s <= now:
        return None
    return opened_at + life_s


def warning_at(view: SessionView, before: float, now: float) -> float | None:
    """The threshold (seconds to the end) that was crossed between two looks at the clock, or None."""
    then, left = view.left_s(before), view.left_s(now)
    if then is None or left is None:
        return None
    crossed = [limit for limit in WARN_S if left <= limit < then]
    return min(crossed) if crossed else None


def may_transfer(view: SessionView, now: float, expected_s: float) -> bool:
    """Whether a transfer that takes this long may start: one that is cut goes on behind what arrived, but a last one must fit."""
    left = view.left_s(now)
    if view.state is not SessionState.OPEN:
        return False
    if left is None:
        return True
    last_orders_s = min(LAST_ORDERS_S, 0.1 * _life_s(view))
    return left > LAST_TRANSFERS_S or expected_s + last_orders_s <= left


def may_order(view: SessionView, now: float) -> bool:
    """Whether a submit or a poll may start on the session."""
    left = view.left_s(now)
    is_live = view.state in (SessionState.OPEN, SessionState.DRAINING)
    return is_live if left is None else left > min(LAST_ORDERS_S, 0.1 * _life_s(view))


def _life_s(view: SessionView) -> float:
    if view.opened_at is None or view.ends_at is None:
        return float("inf")
    return view.ends_at - view.opened_at


def about_session(host: str) -> str:
    """How every sentence begins that is out of date once a new session to the front end is open."""
    return f"the session to {host}"
