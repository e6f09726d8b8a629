"""What to do next: one frozen class an action, in the imperative. Performers carry them out and answer with an event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rpconsole.domain.run import Run, Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """Something to do for a run."""

    remote_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PrepareRun(Action):
    """Write list files, component rows and the job script."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShipRun(Action):
    """Bring lists and missing inputs to the site and verify all of them there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitRun(Action):
    """Write the intention if there is none, then claim and submit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReconcileRun(Action):
    """Look for evidence of a submit whose answer never came; send nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PollRun(Action):
    """Ask the site how the job stands (all runs of a site share one round trip)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetrieveRun(Action):
    """Bring the products home and compare each with what the site reports."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplyRun(Action):
    """Apply the dbinfo of good tasks and write each component's last state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AdvanceRun(Action):
    """Register what is now ready for the next stage."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelJob(Action):
    """Ask the scheduler to end the job."""

    job: str


class Level(StrEnum):
    """How loud a message to the operators is."""

    NOTE = "note"
    WARN = "warn"
    #: a person must act
    ALERT = "alert"


@dataclass(frozen=True, kw_only=True, slots=True)
class TellOperators(Action):
    """Say something where every operator sees it."""

    level: Level
    sentence: str


ACTION_OF_STEP: dict[Step, type[Action]] = {
    Step.PREPARE: PrepareRun,
    Step.SHIP: ShipRun,
    Step.SUBMIT: SubmitRun,
    Step.RECONCILE: ReconcileRun,
    Step.POLL: PollRun,
    Step.RETRIEVE: RetrieveRun,
    Step.APPLY: ApplyRun,
    Step.ADVANCE: AdvanceRun,
}


def action_for(run: Run) -> Action | None:
    """The one thing to do next for a run, or None where it has ended or waits for a person."""
    kind = ACTION_OF_STEP.get(run.step)
    return kind(remote_id=run.remote_id) if kind else None
