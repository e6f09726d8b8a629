"""What to start now: given the runs, the gates, the sessions and the limits. A plain function over data.

Work whose products would otherwise be swept from scratch comes first: bring home, then look, then submit, then ship, then prepare.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from rpconsole.domain.action import (
    ACTION_OF_STEP,
    Action,
    AdvanceRun,
    ApplyRun,
    PollRun,
    PrepareRun,
    ReconcileRun,
    RetrieveRun,
    ShipRun,
    SubmitRun,
)
from rpconsole.domain.run import NETWORK_STEPS, Run, Step

#: the gate that each action stands behind
GATE_OF_ACTION: dict[type[Action], str] = {
    PrepareRun: "prepare",
    ShipRun: "exec",
    SubmitRun: "exec",
    ReconcileRun: "exec",
    PollRun: "poll",
    RetrieveRun: "poll",
    ApplyRun: "poll",
    AdvanceRun: "advance",
}


#: of a label that has no row, or no number in it: the IPP's own rule
DEFAULT_PRIORITY = 10000


def closed_gate(kind: type[Action], run: Run, closed_gates: Collection[str]) -> str:
    """The closed gate that such an action stands behind, its own or that of the run's stage; empty when the way is free."""
    if not closed_gates:
        return ""
    gate = GATE_OF_ACTION[kind]
    return next((name for name in (gate, f"{gate}.{run.stage}") if name in closed_gates), "")


_ORDER: tuple[type[Action], ...] = (
    ApplyRun, AdvanceRun, RetrieveRun, ReconcileRun, SubmitRun, ShipRun, PrepareRun,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How many of each action may be under way at once."""

    prepares: int = 2
    ships: int = 1
    submits: int = 1
    retrieves: int = 2
    applies: int = 1

    def of(self, kind: type[Action]) -> int:
        """The limit of one kind of action."""
        numbers: dict[type[Action], int] = {
            PrepareRun: self.prepares,
            ShipRun: self.ships,
            SubmitRun: self.submits,
            RetrieveRun: self.retrieves,
            ApplyRun: self.applies,
        }
        return numbers.get(kind, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteAway:
    """A session lives, but the helper at the site does not start."""

    sentence: str
    #: epoch seconds at which it is asked again
    again_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What the choice depends on besides the runs."""

    now: float
    closed_gates: frozenset[str]
    #: a session lives, and may still start orders (submit, poll) and transfers
    session: bool
    may_order: bool = True
    may_transfer: bool = True
    #: runs with an action under way
    busy: Mapping[int, type[Action]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    #: what the scheduler did when it was asked for its queue, instead of answering; None = it answered
    silence: str | None = None
    #: why nothing that needs the site is begun though a session lives; None = nothing is known against it
    site_away: SiteAway | None = None
    #: run -> epoch seconds at which the first of what it reads is purged from scratch
    urgency: Mapping[int, float] = field(default_factory=dict)
    #: what is purged within so many seconds goes before every priority
    risk_s: float = 3 * 86400.0
    #: label -> priority, higher first
    priority: Mapping[str, int] = field(default_factory=dict)
    #: run -> why its transfer is not begun before the sessions end
    too_long: Mapping[int, str] = field(default_factory=dict)
    #: run -> why it waits for room on scratch
    throttled: Mapping[int, str] = field(default_factory=dict)


def is_ready(run: Run, situation: Situation) -> bool:
    """Whether the run's next action may start, limits aside."""
    kind = ACTION_OF_STEP.get(run.step)
    if kind is None or run.remote_id in situation.busy:
        return False
    if run.step in NETWORK_STEPS and not _link_serves(run, situation):
        return False
    if closed_gate(kind, run, situation.closed_gates):
        return False
    if run.next_try_at is not None and run.next_try_at > situation.now:
        return False
    return not (run.remote_id in situation.throttled and kind in (PrepareRun, ShipRun))


def _link_serves(run: Run, situation: Situation) -> bool:
    if not situation.session or situation.site_away is not None:
        return False
    if run.step in (Step.SHIP, Step.RETRIEVE):
        return situation.may_transfer and run.remote_id not in situation.too_long
    return situation.may_order


def choose(runs: Iterable[Run], situation: Situation) -> list[Action]:
    """The actions to start now, best first; polls are left to ``to_poll``, since all runs share one round trip."""
    ready: dict[type[Action], list[Run]] = {}
    for run in runs:
        if run.step is not Step.POLL and is_ready(run, situation):
            ready.setdefault(ACTION_OF_STEP[run.step], []).append(run)
    under_way = list(situation.busy.values())
    chosen: list[Action] = []
    for kind in _ORDER:
        free = situation.limits.of(kind) - under_way.count(kind)
        waiting = in_order(ready.get(kind, ()), situation)
        chosen += [kind(remote_id=run.remote_id) for run in waiting[: max(0, free)]]
    return chosen


def in_order(runs: Iterable[Run], situation: Situation) -> list[Run]:
    """Best first: what would soon lose its inputs, then labels by priority, then what loses them first, then the oldest."""
    return sorted(runs, key=lambda run: _rank(run, situation))


def _rank(run: Run, situation: Situation) -> tuple[float, float, float, int]:
    purged_at = situation.urgency.get(run.remote_id, inf)
    at_risk = purged_at <= situation.now + situation.risk_s
    priority = situation.priority.get(run.label, DEFAULT_PRIORITY)
    return (purged_at if at_risk else inf, -priority, purged_at, run.remote_id)


def to_poll(runs: Iterable[Run], situation: Situation) -> list[Run]:
    """Every run that the next round trip asks for; none without a session."""
    if not situation.session:
        return []
    return [run for run in runs if run.step is Step.POLL and is_ready(run, situation)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """When something new may be seen of a job."""

    #: seconds of work that it is likely to have left; 0 = any moment
    left_s: float
    #: seconds until its wall time is up; None while it waits, or where nobody says
    wall_left_s: float | None = None


def expectation(
    *, tasks: int, ended: int, elapsed_s: float, wall_left_s: float | None, is_running: bool, unknown_s: float
) -> Expectation:
    """What the tasks that have ended and the wall time show together.

    ``unknown_s`` stands in where neither says anything; a job that waits has all of its wall time left.
    """
    known = [] if wall_left_s is None else [wall_left_s]
    if is_running and ended > 0 and elapsed_s > 0:
        known.append(elapsed_s * max(0, tasks - ended) / ended)
    return Expectation(left_s=min(known, default=unknown_s), wall_left_s=wall_left_s if is_running else None)


#: between a job's wall time and the scheduler's own word that it has ended
AFTER_WALL_S = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PollPace:
    """Bounds of the interval between two polls of a site, in seconds."""

    shortest_s: float = 120.0
    longest_s: float = 3600.0

    def interval_s(self, expected: Collection[Expectation]) -> float:
        """A tenth of the shortest expected remaining time, within bounds: dense near an end, sparse in the middle.

        The end of a wall time is looked at as it comes, whatever the tasks promised.
        """
        if not expected:
            return self.longest_s
        tenth = 0.1 * min(each.left_s for each in expected)
        walls = [each.wall_left_s for each in expected if each.wall_left_s is not None and each.wall_left_s > 0]
        return min([max(self.shortest_s, tenth), self.longest_s, *(wall + AFTER_WALL_S for wall in walls)])

    def silent_s(self, polls: int) -> float:
        """After so many polls without the scheduler's answer: each wait twice as long as the one before, within bounds."""
        return min(self.longest_s, self.shortest_s * 2.0 ** min(polls, 30))
