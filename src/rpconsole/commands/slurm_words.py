"""Slurm's words for the state of a job and for why it waits, and its ways to say that it was not heard."""

from __future__ import annotations

import re

from rpconsole.commands.scheduler import JobOutcome

NOT_HEARD = re.compile(
    r"timed out|unable to contact|connect failure|(?:send|receive|shutdown) failure|connection (?:refused|reset|closed)|"
    r"zero bytes were transmitted|transport endpoint|not responding|in standby mode|unexpected message|"
    r"slurmdbd|slurm_persist_conn|communications",
    re.IGNORECASE,
)
#: the order never left this host: the one silence that proves that nothing was submitted
NOT_REACHED = re.compile(r"Unable to contact slurm controller \(connect failure\)", re.IGNORECASE)
NO_HISTORY = re.compile(r"accounting storage is disabled", re.IGNORECASE)
UNKNOWN_JOB = re.compile(r"invalid job id|already completing or completed", re.IGNORECASE)
UNKNOWN_USER = re.compile(r"invalid user", re.IGNORECASE)

_WORDS = {
    JobOutcome.QUEUED: "pending configuring requeued requeue_fed resv_del_hold",
    JobOutcome.RUNNING: "running completing suspended stopped signaling stage_out resizing expediting power_up_node",
    JobOutcome.HELD: "requeue_hold special_exit",
    JobOutcome.ENDED: (
        "completed failed cancelled timeout node_fail out_of_memory preempted boot_fail deadline launch_failed reconfig_fail"
    ),
}
_OUTCOME_OF_WORD = {word: outcome for outcome, words in _WORDS.items() for word in words.split()}

#: reasons that no passing of time mends
_STUCK = re.compile(
    r"JobHeld|held|DependencyNeverSatisfied|Partition(?:Config|TimeLimit|NodeLimit)|Invalid(?:Account|QOS)|BadConstraints|"
    r"AccountNotAllowed|QOSNotAllowed|Max(?:Wall|Node|CPU|TRES\w*)\w*Per(?:Job|Node)|JobLaunchFailure|ReservationDeleted",
    re.IGNORECASE,
)


def outcome_of(word: str, reason: str = "") -> JobOutcome:
    """What a state word means; a word that is not in the table is unknown, never an error.

    sacct writes ``CANCELLED by 1000`` and cuts words with a plus: only the first word counts.
    """
    first = word.split()[0].lower().rstrip("+") if word.split() else ""
    outcome = _OUTCOME_OF_WORD.get(first, JobOutcome.UNKNOWN)
    if outcome is JobOutcome.QUEUED and _STUCK.search(reason):
        return JobOutcome.HELD
    return outcome


def seconds_of(duration: str) -> int | None:
    """``[DD-]HH:MM:SS``, ``MM:SS``, ``DD-HH``; None for UNLIMITED, INVALID, NOT_SET and everything else."""
    found = re.fullmatch(r"(-)?(?:(\d{1,5})-)?(\d{1,6}(?::\d{1,2}){0,2})", duration.strip())
    if not found or (not found[2] and ":" not in found[3]):
        return None
    parts = [int(part) for part in found[3].split(":")]
    # with days, what follows the dash is hours first
    hours, minutes, seconds = [*parts, 0, 0][:3] if found[2] else [0, 0, *parts][-3:]
    total = int(found[2] or 0) * 86400 + hours * 3600 + minutes * 60 + seconds
    return -total if found[1] else total
