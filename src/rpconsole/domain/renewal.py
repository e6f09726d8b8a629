"""The renewal of the sessions: the maintenance procedure's eight steps as one act, frozen as it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from rpconsole.domain.action import Action, PollRun, ReconcileRun, RetrieveRun, ShipRun, SubmitRun

#: the gates that the procedure shuts: nothing new goes over the link
RENEWAL_GATES = ("exec", "poll")


class RenewalStep(StrEnum):
    """The eight steps, in their order."""

    #: who runs the engine, and where
    ENGINE = "engine"
    #: which sessions are open
    LINK = "link"
    #: gates shut, what is under way ends
    DRAIN = "drain"
    DOWN = "down"
    #: as whom the new sessions are opened
    ACCOUNT = "account"
    UP = "up"
    #: gates as they were
    GATES = "gates"
    #: runs in ``auth`` go on
    REVERT = "revert"


class LineState(StrEnum):
    """How far one step is."""

    TODO = "todo"
    DOING = "doing"
    DONE = "done"
    #: not needed, or not reached
    SKIPPED = "skipped"
    FAILED = "failed"


class Choice(StrEnum):
    """What a person may order while the renewal waits."""

    WAIT = "wait"
    #: transfers end at the next bundle border; what is submitted or polled just now still ends by itself
    CUT = "cut"
    ABANDON = "abandon"


class Outcome(StrEnum):
    """How the whole renewal stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, kw_only=True, slots=True)
class RenewalLine:
    """One of the eight steps."""

    step: RenewalStep
    state: LineState = LineState.TODO
    #: what was found or done, or what is being done; a sentence without a full stop
    detail: str = ""
    #: epoch seconds
    began_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outstanding:
    """Something over the link that has to end before the sessions may."""

    remote_id: int
    #: ship, submit, reconcile, poll, retrieve
    action: str
    #: why it is waited for
    sentence: str
    #: whether ``cut`` ends it sooner
    cuttable: bool
    #: a haul's number where it is none of a run's; ``remote_id`` is 0 then
    haul: int = 0
    #: bytes that have not crossed yet, and the seconds that they will take at the present pace; None = unknown
    bytes_left: int | None = None
    left_s: float | None = None

    @property
    def subject(self) -> str:
        """Who is waited for."""
        return f"haul {self.haul}" if self.haul else f"run {self.remote_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RenewalView:
    """The renewal that is under way, or the last one."""

    who: str
    #: the account at the site that the new sessions are opened with
    account: str
    began_at: float
    ended_at: float | None = None
    lines: tuple[RenewalLine, ...] = tuple(RenewalLine(step=step) for step in RenewalStep)
    waits: tuple[Outstanding, ...] = ()
    #: what may be ordered now; empty when it has ended
    choices: tuple[Choice, ...] = ()
    #: what was ordered last, and by whom when not by ``who``
    choice: Choice = Choice.WAIT
    chosen_by: str = ""
    outcome: Outcome = Outcome.RUNNING
    #: how it ended
    sentence: str = ""

    @property
    def step(self) -> RenewalStep | None:
        """The step under way."""
        return next((line.step for line in self.lines if line.state is LineState.DOING), None)


_WAITS: dict[type[Action], tuple[str, str]] = {
    ShipRun: ("ship", "its inputs are being shipped"),
    SubmitRun: ("submit", "its job is being submitted, which is never cut"),
    ReconcileRun: ("reconcile", "the evidence of a doubtful submit is being looked for"),
    PollRun: ("poll", "the scheduler is being asked for its job"),
    RetrieveRun: ("retrieve", "its products are coming home"),
}


def outstanding(busy: Mapping[int, type[Action]]) -> tuple[Outstanding, ...]:
    """What crosses the link just now; work at home is not waited for."""
    return tuple(
        Outstanding(
            remote_id=remote_id,
            action=_WAITS[kind][0],
            sentence=_WAITS[kind][1],
            cuttable=kind in (ShipRun, RetrieveRun),
        )
        for remote_id, kind in sorted(busy.items())
        if kind in _WAITS
    )


def choices_at(step: RenewalStep) -> tuple[Choice, ...]:
    """What a person may order at a step: cutting makes sense while transfers are waited for only."""
    if step is RenewalStep.DRAIN:
        return (Choice.WAIT, Choice.CUT, Choice.ABANDON)
    return (Choice.ABANDON,) if step is RenewalStep.UP else ()


def begun(view: RenewalView, step: RenewalStep, now: float, detail: str = "") -> RenewalView:
    """The step is under way."""
    changed = _with_line(view, step, state=LineState.DOING, began_at=now, detail=detail)
    return replace(changed, choices=choices_at(step))


def finished(view: RenewalView, step: RenewalStep, now: float, detail: str) -> RenewalView:
    """The step is done, with what came of it."""
    return replace(_with_line(view, step, state=LineState.DONE, ended_at=now, detail=detail), choices=(), waits=())


def ended(view: RenewalView, outcome: Outcome, now: float, sentence: str) -> RenewalView:
    """The renewal is over; the step under way failed unless all went well, and those behind it were not reached."""
    lines = tuple(_closed(line, outcome, now) for line in view.lines)
    return replace(view, lines=lines, outcome=outcome, ended_at=now, sentence=sentence, choices=(), waits=())


def _closed(line: RenewalLine, outcome: Outcome, now: float) -> RenewalLine:
    if line.state is LineState.TODO:
        return replace(line, state=LineState.SKIPPED)
    if line.state is LineState.DOING:
        failed = outcome is Outcome.FAILED
        return replace(line, state=LineState.FAILED if failed else LineState.SKIPPED, ended_at=now)
    return line


def _with_line(view: RenewalView, step: RenewalStep, **changes: object) -> RenewalView:
    lines = tuple(
        replace(line, **changes) if line.step is step else line  # type: ignore[arg-type]
        for line in view.lines
    )
    return replace(view, lines=lines)
