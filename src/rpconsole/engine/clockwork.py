"""What recurs: the session's clock, the poll, the sweep, the lease. Each knows when it is due; none sleeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rpconsole.domain.action import Level, TellOperators
from rpconsole.domain.schedule import Limits, Situation
from rpconsole.domain.session import SessionView, about_session, may_order, may_transfer, warning_at


@dataclass(kw_only=True, slots=True)
class Due:
    """One thing that recurs."""

    #: epoch seconds; 0 = at once
    at: float = 0.0

    def is_due(self, now: float) -> bool:
        """Whether its time has come."""
        return now >= self.at

    def next_in(self, now: float, seconds: float) -> None:
        """Set the next time."""
        self.at = now + seconds

    def by(self, at: float) -> None:
        """Make it due at a time, unless it is due before."""
        self.at = min(self.at, at)

    def wake(self) -> None:
        """Make it due at once."""
        self.at = 0.0


def situation_of(
    *,
    now: float,
    views: Iterable[SessionView],
    closed_gates: Iterable[str],
    busy: dict[int, type],
    limits: Limits,
    transfer_s: float = 0.0,
    silence: str | None = None,
) -> Situation:
    """What may start now: the best of the open sessions decides."""
    open_views = [view for view in views if view.left_s(now) is not None or may_order(view, now)]
    return Situation(
        now=now,
        closed_gates=frozenset(closed_gates),
        session=bool(open_views),
        may_order=any(may_order(view, now) for view in open_views),
        may_transfer=any(may_transfer(view, now, transfer_s) for view in open_views),
        busy=busy,
        limits=limits,
        silence=silence,
    )


def session_warnings(views: Iterable[SessionView], before: float, now: float) -> list[TellOperators]:
    """What to say of sessions that came near their end since the last look."""
    said = []
    for view in views:
        limit = warning_at(view, before, now)
        if limit is not None:
            level = Level.ALERT if limit <= 15 * 60 else Level.WARN
            sentence = f"{about_session(view.host)} ends in {limit / 60:.0f} minutes: have a token ready"
            said.append(TellOperators(remote_id=0, level=level, sentence=sentence))
    return said
