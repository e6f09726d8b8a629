"""What speaks for and against a job of an attempt, side by side, and the one act that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class SubmitReading(StrEnum):
    """What the submit program's own answer comes to."""

    NONE = "no answer yet"
    ACCEPTED = "accepted"
    #: refused, queue full, or the scheduler was never reached
    NO_JOB = "no job was made"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitEvidence:
    """Everything that is known of one attempt; the journal's part first, then the site's."""

    remote_id: int
    step: str
    #: None = no attempt was intended
    attempt: int | None = None
    #: the job's name, which no other attempt has
    name: str = ""
    #: epoch seconds
    intended_at: float | None = None
    #: the job as the journal knows it
    job: str | None = None
    #: the site was asked; without a session it cannot be
    is_asked: bool = False
    #: the claim directory is there: the order was taken up at least once
    is_claimed: bool = False
    claim_age_s: float | None = None
    reading: SubmitReading = SubmitReading.NONE
    #: what the submit program printed, its last words
    answer: str = ""
    #: the queue was read, with names
    is_queue_heard: bool = False
    #: (job, word) of every job of this name in the queue
    listed: tuple[tuple[str, str], ...] = ()
    #: the job in the start mark that the job itself wrote, and how long ago
    started: str | None = None
    started_age_s: float | None = None
    #: how the runner says that it ended
    ended: str | None = None
    #: the one recommended act: a command, or "wait"
    act: str = ""
    because: str = ""


WAIT = "wait"


def recommended(evidence: SubmitEvidence, *, receipt_s: float) -> SubmitEvidence:
    """The evidence with one act and its reason; ``receipt_s`` = how old a claim without an answer must be to be doubtful."""
    act, because = _advice(evidence, receipt_s)
    return replace(evidence, act=act, because=because)


def _advice(found: SubmitEvidence, receipt_s: float) -> tuple[str, str]:
    if found.attempt is None:
        return WAIT, "no attempt was intended: nothing was sent"
    if not found.is_asked:
        return "rpconsole login", "only the site can tell, and no session to it is open"
    if len(found.listed) > 1:
        jobs = ", ".join(job for job, _ in found.listed)
        return f"rpconsole run cancel {found.remote_id}", f"{jobs} have the same name: one too many"
    if found.ended is not None:
        return WAIT, f"the job has written its end mark ({found.ended}): the next poll takes it up"
    if found.listed:
        job, word = found.listed[0]
        return WAIT, f"the queue lists job {job} ({word}): it is taken up by itself"
    return _unlisted(found, receipt_s)


def _unlisted(found: SubmitEvidence, receipt_s: float) -> tuple[str, str]:
    """No row in the queue, and no end mark."""
    resubmit = f"rpconsole run resubmit {found.remote_id}"
    if found.reading is SubmitReading.NO_JOB:
        return WAIT, "the scheduler made no job of it: it goes on by itself"
    if not found.is_queue_heard:
        return WAIT, "the scheduler gives no queue with names; nothing is decided without it"
    if found.started is not None:
        return (
            resubmit,
            f"job {found.started} began and is listed no more: its tasks were cut, those that are done are not done again",
        )
    if found.reading is SubmitReading.ACCEPTED or found.job is not None:
        return resubmit, "the scheduler took the job, lists it no more, and it never began"
    if not found.is_claimed:
        return WAIT, "the order never reached the site: it is sent by itself"
    if (found.claim_age_s or 0.0) < receipt_s:
        return WAIT, f"the order is {found.claim_age_s or 0.0:.0f} s old: its answer may still come"
    return (
        resubmit,
        "nothing shows a job; if there is one after all, whichever begins first works and the other ends at once",
    )
