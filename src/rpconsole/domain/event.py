"""What happened: one frozen class a cause, in the past tense. Different causes are never one class with a flag."""

from __future__ import annotations

from dataclasses import dataclass

from rpconsole.domain.fault import Fault, FaultKind
from rpconsole.domain.run import Attempt


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened to a run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPrepared(Event):
    """Every component that could be prepared has its lists, and the job script is written."""

    prepared: int
    refused: int
    tasks: int
    #: what was left out of the lists, and why
    sentence: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PrepareRefused(Event):
    """No component of the run could be prepared."""

    sentence: str
    fault: Fault = Fault.DATA


@dataclass(frozen=True, kw_only=True, slots=True)
class InputsVerified(Event):
    """Every list and input lies at the site with the right size and checksum."""

    sent_files: int
    sent_bytes: int
    present_files: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitIntended(Event):
    """The intention to submit is in the journal; nothing has been sent."""

    attempt: Attempt


@dataclass(frozen=True, kw_only=True, slots=True)
class JobAccepted(Event):
    """The scheduler printed a job id, or the site's receipt holds one."""

    job: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitRefused(Event):
    """The scheduler understood and said no."""

    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueFull(Event):
    """The scheduler takes no more jobs of ours for now."""

    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulerAway(Event):
    """The submit program could not reach the scheduler: proof that nothing was submitted."""

    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitUnknown(Event):
    """The order went out and no answer came back."""

    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NothingSubmitted(Event):
    """Proof that the order never reached the scheduler: there is no claim at the site."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitDoubtful(Event):
    """The evidence neither shows a job nor rules one out: a person decides."""

    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobQueued(Event):
    """The scheduler lists the job as waiting."""

    #: where it is more than its turn that it waits for: the scheduler's words, and what would help
    sentence: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobHeld(Event):
    """The scheduler lists the job as one that will not start by itself: its words, and what would help."""

    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRunning(Event):
    """The scheduler lists the job as running, or its task results grow."""

    done: int
    failed: int
    total: int
    #: what is odd about it, for a person
    sentence: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobEnded(Event):
    """The job's own end mark is there."""

    passed: int
    failed: int
    #: tasks that were not tried to their end, for want of time
    left: int


@dataclass(frozen=True, kw_only=True, slots=True)
class JobKilled(Event):
    """The scheduler's own record says that the job ended, and there is no end mark: its tasks were cut."""

    left: int
    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobNotListed(Event):
    """Neither the queue nor the scheduler's history knows the job, and it left no end mark."""

    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductsVerified(Event):
    """Each component's promised products were compared with what the site reported."""

    passed: int
    failed: int
    bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DbinfoApplied(Event):
    """The dbinfo of every good task is in gpc1, and each component has its last state."""

    passed: int
    failed: int
    #: the label's policy: a failed component stops the run
    strict: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RunAdvanced(Event):
    """What this run made ready for the next stage is registered."""

    registered: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StepFailed(Event):
    """The present step failed; the kind decides whether a try was spent."""

    kind: FaultKind
    sentence: str
    fault: Fault = Fault.SYSTEM


@dataclass(frozen=True, kw_only=True, slots=True)
class HelperAway(Event):
    """A session lives, and the helper at the site does not start: a state of the site, not a fault of the run."""

    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HelperDied(Event):
    """The helper at the site ended while it worked for the run, ``times`` times in a row."""

    sentence: str
    times: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionGone(Event):
    """No session lives: a state of the world, not a fault of the run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOpened(Event):
    """A person logged in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryOrdered(Event):
    """An operator sent a stopped or waiting run on its way again."""

    who: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ResubmitOrdered(Event):
    """An operator looked at a doubtful job and decided for a new attempt."""

    who: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelOrdered(Event):
    """An operator wants the run stopped; a recorded wish until the scheduler confirms."""

    who: str


EVENTS: tuple[type[Event], ...] = tuple(
    kind
    for kind in list(globals().values())
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
)
