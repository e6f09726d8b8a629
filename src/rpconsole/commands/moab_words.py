"""Moab's words for the state of a job, and its ways to say that it was not heard."""

from __future__ import annotations

import re

from rpconsole.commands.scheduler import JobOutcome, job_key

NOT_HEARD = re.compile(
    r"timed out|communication error|cannot (?:connect|contact|send|read)|unable to (?:connect|contact)|"
    r"connection (?:refused|reset|closed)|server (?:is )?(?:not (?:available|responding|running)|busy|down)|lost contact",
    re.IGNORECASE,
)

#: at the start of a line, as a job's own messages may quote it; the id stands in brackets, behind a colon, or not at all
_UNKNOWN_JOB = re.compile(
    r"^\s*(?:(?:\w+: *)?error:?\s*)?invalid job(?: id)? specified(?:\s*\((?P<in_brackets>[^)]*)\)|\s*:\s*(?P<behind>\S+))?",
    re.IGNORECASE | re.MULTILINE,
)
#: what a terminal would take for colours and the like
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

_WORDS = {
    JobOutcome.QUEUED: (
        # the last six are what LLNL's wrapper prints: Slurm's words and reasons cut at 11 characters
        "idle migrated staging staged deferred notqueued eligible allocating submitted "
        "pending configuring resources priority dependency reqnodenota"
    ),
    JobOutcome.RUNNING: "starting running ending suspended canceling completing",
    JobOutcome.HELD: "hold userhold systemhold batchhold operatorhold dependencyneversatisfied partitionconfig",
    JobOutcome.ENDED: (
        "completed removed vacated cancelled canceled failed timeout node_fail out_of_memory preempted boot_fail deadline"
    ),
}
_OUTCOME_OF_WORD = {word: outcome for outcome, words in _WORDS.items() for word in words.split()}


def outcome_of(word: str, hold: str = "") -> JobOutcome:
    """What a state word means; a word that is not in the table is unknown, never an error.

    mdiag and mjobctl -q diag keep ``State="Idle"`` and put the hold elsewhere: ``hold`` is that other place's text.
    """
    plain = word.strip().lower()
    outcome = _OUTCOME_OF_WORD.get(plain, JobOutcome.UNKNOWN)
    if outcome is JobOutcome.UNKNOWN and (plain.endswith("hold") or plain.startswith("jobheld")):
        outcome = JobOutcome.HELD
    if outcome is JobOutcome.QUEUED and hold.strip().lower() not in ("", "none", "0"):
        outcome = JobOutcome.HELD
    return outcome


def plain_text(*texts: str) -> str:
    """What was printed, with ends of lines as they should be and without a terminal's colours."""
    return _TERMINAL.sub("", "\n".join(texts)).replace("\r\n", "\n").replace("\r", "\n")


def unknown_job(job: str, text: str) -> bool:
    """Whether Moab, or LLNL's wrapper, says that it does not know this id; what it says of another one is not about ours."""
    for found in _UNKNOWN_JOB.finditer(text):
        said = (found["in_brackets"] or found["behind"] or "").strip("'\" ")
        if not said or job_key(said) == job_key(job):
            return True
    return False


def completion_code(text: str) -> int | None:
    """``0``, ``-7``, ``CNCLD`` (0) and ``CNCLD(271)`` as a number."""
    found = re.fullmatch(r"\s*(?:CNCLD)?\(?(-?\d{1,9})?\)?\s*", text)
    if not found or not text.strip():
        return None
    return int(found.group(1) or 0)


def seconds_of(duration: str) -> int | None:
    """``[-][[DD:]HH:]MM:SS`` or plain seconds; None for INFINITY and everything else."""
    text = duration.strip()
    if not re.fullmatch(r"-?\d{1,9}(?::\d{1,2}){0,3}", text):
        return None
    total = 0
    for part, unit in zip(reversed(text.lstrip("-").split(":")), (1, 60, 3600, 86400), strict=False):
        total += int(part) * unit
    return -total if text.startswith("-") else total
