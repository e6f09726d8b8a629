"""A remote run, its components, and where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from rpconsole.domain.stage import Stage


class RunState(StrEnum):
    """``remoteRun.state``; ``error`` is ours and means that a person is needed."""

    NEW = "new"
    PENDING = "pending"
    RUN = "run"
    AUTH = "auth"
    FULL = "full"
    PREP_FAIL = "prep_fail"
    EXEC_FAIL = "exec_fail"
    ERROR = "error"


class ComponentState(StrEnum):
    """``remoteComponent.state``."""

    NEW = "new"
    PREP_DONE = "prep_done"
    PREP_FAIL = "prep_fail"
    FAIL = "fail"
    PASS = "pass"
    RETRY = "retry"


class Step(StrEnum):
    """Where a run stands in finer words than the database's; kept in our journal."""

    PREPARE = "prepare"
    SHIP = "ship"
    SUBMIT = "submit"
    #: a submit whose answer never came: evidence is looked for, nothing is sent
    RECONCILE = "reconcile"
    POLL = "poll"
    RETRIEVE = "retrieve"
    APPLY = "apply"
    ADVANCE = "advance"
    DONE = "done"
    #: no component could be prepared
    PREP_STOPPED = "prep_stopped"
    #: shipping or submitting gave up
    EXEC_STOPPED = "exec_stopped"
    #: anything else that a person must look at
    STOPPED = "stopped"


STATE_OF_STEP = {
    Step.PREPARE: RunState.NEW,
    Step.SHIP: RunState.PENDING,
    Step.SUBMIT: RunState.PENDING,
    Step.RECONCILE: RunState.PENDING,
    Step.POLL: RunState.RUN,
    Step.RETRIEVE: RunState.RUN,
    Step.APPLY: RunState.RUN,
    Step.ADVANCE: RunState.FULL,
    Step.DONE: RunState.FULL,
    Step.PREP_STOPPED: RunState.PREP_FAIL,
    Step.EXEC_STOPPED: RunState.EXEC_FAIL,
    Step.STOPPED: RunState.ERROR,
}

#: the step at which a run with nothing in our journal enters, by its state in the database: such a run was begun by
#: the IPP's own scripts, or the journal was lost. ``pending`` re-verifies its inputs, which sends nothing that is right.
STEP_OF_STATE = {
    RunState.NEW: Step.PREPARE,
    RunState.PENDING: Step.SHIP,
    RunState.RUN: Step.POLL,
    RunState.AUTH: Step.POLL,
    RunState.FULL: Step.DONE,
    RunState.PREP_FAIL: Step.PREP_STOPPED,
    RunState.EXEC_FAIL: Step.EXEC_STOPPED,
    RunState.ERROR: Step.STOPPED,
}

#: why a parked run waits, and every other that needs a session
NO_SESSION = "no session to the site is open"
NETWORK_STEPS = frozenset({Step.SHIP, Step.SUBMIT, Step.RECONCILE, Step.POLL, Step.RETRIEVE})
FINAL_STEPS = frozenset({Step.DONE, Step.PREP_STOPPED, Step.EXEC_STOPPED, Step.STOPPED})


#: in ``Moab.12``, ``12.host3`` and ``12;cluster7`` alike: 12
_JOB_NUMBER = re.compile(r"(?:^|\.)(\d{1,18})(?![\w-])")


class Attempt(NamedTuple):
    """One intention to submit a run: written before the scheduler hears of it.

    A named tuple like its run; its fields are given by name all the same.
    """

    number: int
    #: makes the job's name unique and searchable, also after the journal was restored from a backup
    nonce: str
    intended_at: float
    #: what the scheduler called the job, exactly as printed; None while unknown
    job: str | None = None

    def job_name(self, remote_id: int) -> str:
        """``rp<remote_id>.<attempt>.<nonce>``, cut to 15 characters: PBS back ends cut longer names."""
        return f"rp{remote_id}.{self.number}.{self.nonce}"[:15]


# not frozen: thousands are read with every refresh, and freezing each takes thrice its making
@dataclass(slots=True)
class RunRow:
    """A row of ``remoteRun``, as the database has it.

    Its fields are given by name, but where thousands are made: names double the time of that.
    """

    remote_id: int
    state: RunState
    stage: Stage
    label: str
    path_base: str
    job_id: int | None
    #: epoch seconds
    last_poll: float | None
    fault: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """A row of ``remoteComponent``."""

    remote_id: int
    stage_id: int
    jobs: int | None
    state: ComponentState
    path_base: str | None


class Run(NamedTuple):
    """A remote run with everything that ``decide`` needs: the database's row and our journal's finer truth.

    A named tuple, since thousands are made at a start; its fields are given by name all the same.
    """

    remote_id: int
    stage: Stage
    label: str
    path_base: str
    step: Step
    #: parked for want of a session: the database says ``auth`` where it would say ``run``
    parked: bool = False
    attempt: Attempt | None = None
    #: how many attempts have been intended so far; never grows on a lost session
    attempts: int = 0
    #: jobs that the scheduler took for it; an order that made none is no job
    jobs: int = 0
    #: failures of the present step that counted; reset by every move forward
    tries: int = 0
    #: epoch seconds before which nothing is tried; None = at once
    next_try_at: float | None = None
    #: why it waits, as a sentence for a person
    hold: str | None = None
    fault: int = 0
    #: the step to take up again when a person orders a retry
    stopped_at: Step | None = None
    cancel_wanted: bool = False
    #: components whose products were all there and right / were not, as last counted
    passed: int = 0
    failed: int = 0

    @property
    def state(self) -> RunState:
        """The word for the database."""
        state = STATE_OF_STEP[self.step]
        return RunState.AUTH if self.parked and state is RunState.RUN else state

    @property
    def stem(self) -> str:
        """``<path_base>/remote_<stage>.<remote_id>``: the root of everything that prepare writes for the run."""
        return f"{self.path_base.rstrip('/')}/remote_{self.stage}.{self.remote_id}"

    @property
    def has_place(self) -> bool:
        """False where the row names no directory: the IPP's tools write such a text as ``NULL``, and ``/`` is not a run's own."""
        return self.path_base.strip("/ ") not in ("", "NULL", "(null)")

    @property
    def job_id(self) -> int:
        """The number for ``remoteRun.job_id``, -1 while there is none: the column is a BIGINT, job names are not."""
        found = _JOB_NUMBER.search(self.attempt.job or "") if self.attempt else None
        return int(found[1]) if found else -1

    def with_(self, **changes: object) -> Run:
        """A copy with fields changed."""
        return self._replace(**changes)  # type: ignore[arg-type]


def run_of_row(row: RunRow) -> Run:
    """A run as the database alone shows it, with nothing known from our journal."""
    step = STEP_OF_STATE[row.state]
    attempt = None
    if step is Step.POLL and row.job_id is not None and row.job_id >= 0:
        attempt = Attempt(number=1, nonce="", intended_at=row.last_poll or 0.0, job=str(row.job_id))
    return Run(
        remote_id=row.remote_id,
        stage=row.stage,
        label=row.label,
        path_base=row.path_base,
        step=step,
        parked=row.state is RunState.AUTH,
        attempt=attempt,
        attempts=1 if attempt else 0,
        jobs=1 if attempt else 0,
        fault=row.fault,
    )
