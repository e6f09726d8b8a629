"""The numbers and names that the engine works with; handed in, never looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rpconsole.commands.jobscript import NO_DIRECTIVES, Directives
from rpconsole.commands.scheduler import Scheduler
from rpconsole.domain.allocation import SitePlan
from rpconsole.domain.retry import RetryPolicy
from rpconsole.domain.schedule import Limits, PollPace
from rpconsole.domain.scratch import ScratchSettings
from rpconsole.domain.stage import Stage
from rpconsole.stages.base import SiteLayout


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedLabel:
    """A label whose new stage runs are bundled without being asked for."""

    label: str
    stages: tuple[Stage, ...]
    path_base: str
    #: components a run; 0 = no limit
    limit: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Bookkeeping:
    """What we do ourselves where the IPP's own tasks do not run beside us."""

    #: fake rows between camera and warp
    fake: bool = False
    #: directory of ``<exp_name>.map`` files; None = the IPP computes overlaps
    overlap_maps: str | None = None
    #: define stacks when every warp of a label is full
    stacks: bool = False
    min_warps: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Waits:
    """How long single orders to the site may take, in seconds."""

    #: for the scheduler's answer to a submit, before it counts as unknown
    submit_s: float = 60.0
    #: after which a claim without a receipt is doubtful: the site gives its own msub less
    receipt_s: float = 900.0
    queue_s: float = 60.0
    #: after which a job that no list shows is called out; a fresh id may be unknown to the scheduler for a while
    unlisted_s: float = 120.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptSettings:
    """What the site wants in a batch script and of a submission."""

    shell: str = "/bin/tcsh"
    #: the site's Python, for the runner
    python: str = "python3"
    #: ``workers`` or ``multi-prog``
    runner: str = "workers"
    #: the script lists the job's nodes where its scheduler has a way; else the runner finds them
    lists_nodes: bool = True
    directives: Directives = NO_DIRECTIVES
    #: stages whose jobs want something else than the site's others
    of_stages: Mapping[Stage, Directives] = field(default_factory=dict)
    #: a job that names no account is not submitted
    account_required: bool = False

    def directives_of(self, stage: Stage) -> Directives:
        """What a job of this stage wants."""
        return self.of_stages.get(stage, self.directives)


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineSettings:
    """Everything that the engine was configured with."""

    site: str
    database: str
    layout: SiteLayout
    plan: SitePlan
    scheduler: Scheduler
    script: ScriptSettings = field(default_factory=ScriptSettings)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    limits: Limits = field(default_factory=Limits)
    pace: PollPace = field(default_factory=PollPace)
    waits: Waits = field(default_factory=Waits)
    labels: tuple[WatchedLabel, ...] = ()
    #: accounts at the site that operators log in with, the proposed one first; empty = as the site adapter knows
    accounts: tuple[str, ...] = ()
    #: wrong answers in a row after which the site locks an account; None = unknown
    login_tries: int | None = None
    #: whether any other account may be given too
    any_account: bool = True
    bookkeeping: Bookkeeping = field(default_factory=Bookkeeping)
    scratch: ScratchSettings = field(default_factory=ScratchSettings)
    #: ask the scheduler by what finished tasks cost, where enough of them are known
    learn_costs: bool = True
    #: between two looks at what may start
    tick_s: float = 1.0
    #: between two looks at the database for rows that other hands changed
    refresh_s: float = 10.0
    #: between two rounds of defining and advancing
    sweep_s: float = 300.0
    #: a lease without a heartbeat for this long may be taken over
    lease_stale_s: float = 60.0
    #: running performers get this long to end at a stop
    grace_s: float = 10.0

    @property
    def beat_s(self) -> float:
        """Between two signs of life of a job: several in the shortest time between two polls."""
        return min(20.0, max(1.0, self.pace.shortest_s / 6))
