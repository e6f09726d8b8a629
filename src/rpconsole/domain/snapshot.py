"""The frozen view of everything that the console and the commands show."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rpconsole.domain.action import Level
from rpconsole.domain.baton import NOBODY, Baton
from rpconsole.domain.haul import HaulView, Way
from rpconsole.domain.renewal import RenewalView
from rpconsole.domain.run import ComponentState, RunState, Step
from rpconsole.domain.session import SessionView
from rpconsole.domain.stage import Stage

#: the gates, in the order of the work; ``all`` in commands means every one of them
GATES = ("define", "prepare", "exec", "poll", "advance")
#: the preparing of one stage; shown while it is closed
STAGE_GATES = tuple(f"prepare.{stage}" for stage in Stage)


def gates_of(names: Collection[str], *, open: bool) -> tuple[str, ...]:
    """Gates as a person names them, ``all`` spelt out: what is closed for one stage only is opened with the rest."""
    if "all" in names:
        return (*GATES, *STAGE_GATES) if open else GATES
    return tuple(dict.fromkeys(names))


@dataclass(frozen=True, kw_only=True, slots=True)
class GateView:
    """An operator's switch."""

    name: str
    open: bool
    #: who set it last and when; None when it was never touched
    who: str | None = None
    at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MoveView:
    """A run's files that cross the line at this moment."""

    way: Way
    files: int
    files_done: int
    bytes: int
    bytes_done: int
    #: bytes per second
    rate: float
    #: seconds until they are through; None = nobody can say
    left_s: float | None


# not frozen: thousands are made with every look, and freezing each would cost more than all the rest of it
@dataclass(slots=True)
class RunView:
    """One remote run as it is shown.

    Its fields are given by name, but where thousands are made: names double the time of that.
    """

    remote_id: int
    stage: Stage
    label: str
    state: RunState
    step: Step
    #: the scheduler's name for the job, as printed
    job: str | None
    attempts: int
    tries: int
    next_try_at: float | None
    #: why it does not move, as sentences, the most telling first; empty when it moves
    why: tuple[str, ...]
    fault: int
    #: None = not counted yet
    components: Mapping[ComponentState, int] | None
    #: tasks of the job: ended well, abandoned, all; zeros before the first poll
    tasks_done: int = 0
    tasks_failed: int = 0
    tasks: int = 0
    bytes_sent: int = 0
    bytes_returned: int = 0
    #: what is on its way just now; None = nothing
    moving: MoveView | None = None
    #: epoch seconds: when its present attempt was intended, when its job began
    submitted_at: float | None = None
    started_at: float | None = None
    #: epoch seconds at which the first of what it reads is purged from scratch; None = not known, or it reads nothing there
    purge_at: float | None = None
    #: what its job asked for: seconds of wall time, nodes; zeros before it began
    wall_s: int = 0
    nodes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """Something that was said to the operators."""

    at: float
    level: Level
    sentence: str
    remote_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything that is shown, at one moment."""

    #: epoch seconds
    at: float
    #: grows with every change
    sequence: int
    site: str
    database: str
    owner: str
    sessions: tuple[SessionView, ...]
    gates: tuple[GateView, ...]
    #: live runs and the latest ended ones, ordered by remote_id
    runs: tuple[RunView, ...]
    #: newest last
    alerts: tuple[Alert, ...]
    #: bytes per second over the last half minute: to the site, from the site
    rate_out: float = 0.0
    rate_in: float = 0.0
    #: epoch seconds of the last answer of the scheduler; None = never
    polled_at: float | None = None
    #: the renewal of the sessions that is under way, else the last one since the engine's start
    renewal: RenewalView | None = None
    #: hauls that live, and the last that ended
    hauls: tuple[HaulView, ...] = ()
    #: the accounts at the site that sessions may be opened with, the proposed one first
    accounts: tuple[str, ...] = ()
    #: the database that is away, as a sentence: nothing starts before it answers
    waits_for: str | None = None
    #: which of the attached consoles acts
    baton: Baton = NOBODY
