"""What a batch scheduler is to us: argument lists to give it, and readings of what it prints. One class a kind.

A reading never raises: what cannot be understood is unknown, which is not evidence of anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

from rpconsole.commands.jobscript import JobScript
from rpconsole.domain.event import JobAccepted, QueueFull, SchedulerAway, SubmitRefused, SubmitUnknown
from rpconsole.domain.fault import BadData

SubmitAnswer = JobAccepted | SubmitRefused | QueueFull | SchedulerAway | SubmitUnknown
"""What came of a submission, as the event that the run's table takes."""


class Printed(Protocol):
    """What a program at the site printed; ``rc`` is None when it is not known how it ended."""

    @property
    def rc(self) -> int | None: ...
    @property
    def out(self) -> str: ...
    @property
    def err(self) -> str: ...
    @property
    def timed_out(self) -> bool: ...


class JobOutcome(StrEnum):
    """What a scheduler's word for a job means to us."""

    QUEUED = "queued"
    #: a person, or the scheduler's own giving up, keeps it from starting
    HELD = "held"
    RUNNING = "running"
    #: over, well or badly: only our own end mark says which
    ENDED = "ended"
    #: the scheduler does not know the id (any more, or not yet)
    GONE = "gone"
    #: listed under a word that we do not know
    UNKNOWN = "unknown"
    #: the scheduler was not heard; the last state stands
    NO_ANSWER = "no answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobState:
    """One job as the scheduler tells it."""

    outcome: JobOutcome
    #: the id as printed
    job: str | None = None
    name: str | None = None
    #: the scheduler's own word
    word: str = ""
    #: its exit code; over Slurm a job killed by a signal shows 0
    code: int | None = None
    #: why it waits, or why nothing is known, in the scheduler's words
    sentence: str = ""
    #: seconds of wall time that it may still use: all of them while it waits; None where it is not told
    left_s: float | None = None
    #: when the scheduler means to start it, for a person; empty where it does not say
    starts: str = ""

    def may_be(self, name: str) -> bool:
        """Whether this can be the job of that name: some lists print none, and some sites cut them."""
        return not self.name or name.startswith(self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class JobDetail:
    """One job at length, for a person."""

    state: JobState
    #: the id under which the resource manager below knows it
    rm_job: str | None = None
    wall_used_s: int | None = None
    wall_limit_s: int | None = None
    tasks: int | None = None
    #: (node, tasks) where the scheduler prints that form
    nodes: tuple[tuple[str, int], ...] = ()
    #: the allocation in whatever form was printed
    node_text: str = ""
    #: as printed: without year or zone
    completed_at: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueListing:
    """The jobs that one look at the queue showed. A job that is not in it may be anywhere."""

    jobs: tuple[JobState, ...]
    #: the scheduler's clock, epoch seconds
    now: float | None = None
    #: how long finished jobs are remembered, where it is told
    purge_s: float | None = None
    #: False = names are not printed, so that none of a name says nothing
    has_names: bool = True

    def by_job(self, job: str) -> JobState | None:
        """The job with this id, however its host or manager is written around the number."""
        wanted = job_key(job)
        found = [state for state in self.jobs if state.job and job_key(state.job) == wanted]
        # one that is listed among the living and among the ended has moved between the two, or begins again
        return next((state for state in found if state.outcome is not JobOutcome.ENDED), found[0] if found else None)

    def by_name(self, name: str) -> tuple[JobState, ...]:
        """Every job of this name."""
        return tuple(state for state in self.jobs if state.name == name)


class CancelOutcome(StrEnum):
    """What came of the wish to end a job."""

    CANCELLED = "cancelled"
    GONE = "gone"
    REFUSED = "refused"
    NO_ANSWER = "no answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelAnswer:
    """The scheduler's answer to a cancel; ``others`` are ids it ended that were never asked for."""

    outcome: CancelOutcome
    sentence: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class JobOrder:
    """What the submit program needs beside the script's own directives."""

    script: str
    name: str
    cwd: str
    account: str | None = None
    queue: str | None = None
    #: words of the site's own, from the configuration
    extra: tuple[str, ...] = ()


class Scheduler(Protocol):
    """One kind of scheduler: builders give argument lists (never shell text), readers give frozen answers and never raise.

    Builders raise BadData for an id or a name outside the grammar: Moab reads job arguments as regular expressions.
    """

    #: a shell text that prints a job's nodes in its script; None where the runner finds them by itself
    hosts_command: ClassVar[str | None]

    def script_header(self, script: JobScript) -> Iterator[str]:
        """The lines of a batch script that say what it needs."""
        ...

    def submit_command(self, order: JobOrder) -> tuple[str, ...]: ...
    def read_submit(self, printed: Printed) -> SubmitAnswer: ...

    def queue_command(self, user: str) -> tuple[str, ...]:
        """List every waiting and running job of a user."""
        ...

    def history_command(self, user: str) -> tuple[str, ...]:
        """List a user's finished jobs, as long as the scheduler remembers them."""
        ...

    def read_queue(self, printed: Printed) -> QueueListing | None:
        """Read either listing; None = no answer, which is not an empty queue."""
        ...

    def job_command(self, job: str) -> tuple[str, ...]: ...
    def read_job(self, job: str, printed: Printed) -> JobDetail: ...
    def cancel_command(self, job: str) -> tuple[str, ...]: ...
    def read_cancel(self, job: str, printed: Printed) -> CancelAnswer: ...


@runtime_checkable
class Forecaster(Protocol):
    """What a scheduler offers besides, whose queue does not tell when a job is to start: asked when a person asks."""

    def start_command(self, job: str) -> tuple[str, ...]: ...
    def read_forecast(self, job: str, printed: Printed) -> str:
        """A sentence for a person; empty where the scheduler says nothing of this job's start."""
        ...


_NUMBER = re.compile(r"(?:[A-Za-z][\w-]*\.)?(\d+(?:\[\d*\])?)(?:[.;][A-Za-z][\w.-]*)?", re.ASCII)
#: PBS back ends cut names at 15 characters; Slurm's Moab plugin cuts at a quote
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def job_key(job: str) -> str:
    """The number that two writings of one id share: ``Moab.12``, ``12.host``, ``12;cluster`` and ``12`` are one job."""
    found = _NUMBER.fullmatch(job.strip())
    return found.group(1) if found else job.strip()


def checked_name(name: str) -> str:
    """A job name that every back end keeps as it is; BadData else."""
    if not _NAME.fullmatch(name):
        raise BadData(f"'{name}' is no job name: letters, digits, dot, dash and underscore, at most 15 of them")
    return name


def checked_path(path: str) -> str:
    """A script or directory as a scheduler keeps it: Slurm's Moab plugin cuts at a quote, and a line end ends a directive."""
    if "'" in path or '"' in path or not path.isprintable():
        raise BadData(f"{path!r} cannot be told to a scheduler: it holds a quote or a control character")
    return path


def checked_user(user: str) -> str:
    """A user name; BadData for anything that a program could take for an option or a pattern."""
    if not _USER.fullmatch(user):
        raise BadData(f"'{user}' is no user name")
    return user


def checked_options(words: Sequence[str], forbidden: Collection[str], why: str) -> tuple[str, ...]:
    """Further words for the submit program; BadData names one that would break what rpconsole relies on.

    ``-ry`` and ``--array=1-3`` are found as ``-r`` and ``--array`` are. A dependency is never asked for: on a job that failed it
    waits for ever, and the engine itself keeps the stages in order.
    """
    for word in words:
        if word.lower().startswith(("depend", "-ldepend", "-wdepend", "--dependency")):
            raise BadData(f"submit option {word} cannot be used: a job whose dependency failed waits for ever")
        option = word.partition("=")[0] if word.startswith("--") else word[:2]
        if option in forbidden:
            raise BadData(f"submit option {word} cannot be used: {why}")
    return tuple(words)


def program_at(bin_dir: str, name: str) -> str:
    """A client by its configured directory: over a non-login ssh it may be off PATH."""
    return f"{bin_dir.rstrip('/')}/{name}" if bin_dir else name


def last_words(texts: Sequence[str], limit: int = 200) -> str:
    """The last printed line that says something, without control characters, for a sentence."""
    lines = [" ".join(line.split()) for text in texts for line in text.splitlines()]
    said = [line for line in lines if line]
    clean = "".join(ch for ch in said[-1] if ch.isprintable()) if said else ""
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
