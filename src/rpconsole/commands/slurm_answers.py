"""Reading what Slurm prints: its words for a job's state, and the tables of squeue and sacct between bars.

The header is asked for, so that no answer is told from no jobs: a listing without it was cut off before its first line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rpconsole.commands.scheduler import JobDetail, JobOutcome, JobState, QueueListing

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


#: the last column may hold bars: job names are free text
QUEUE_FORMAT = "%i|%T|%r|%L|%S|%u|%j"
HISTORY_COLUMNS = ("JobID", "State", "ExitCode", "Elapsed", "Timelimit", "End", "NNodes", "NodeList", "JobName")

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d)?")

_Row = Mapping[str, str]


def queue_listing(text: str) -> QueueListing | None:
    """The jobs of one ``squeue``; None without its header."""
    rows = _rows(text, ("JOBID", "STATE"))
    if rows is None:
        return None
    return QueueListing(jobs=tuple(_queued(row) for row in rows if row["JOBID"]))


def history_listing(text: str) -> QueueListing | None:
    """The jobs of one ``sacct``; None without its header.

    A job that lost a node has a row for each of its sizes, ``RESIZING`` for all but the last.
    """
    rows = _rows(text, ("JobID", "State"))
    if rows is None:
        return None
    last = {row["JobID"]: row for row in rows if row["JobID"]}
    return QueueListing(jobs=tuple(_remembered(row) for row in last.values()))


def remembered(job: str, text: str) -> JobDetail | None:
    """One job in ``sacct``'s answer; GONE where the answer does not have it, None without a header."""
    rows = _rows(text, ("JobID", "State"))
    if rows is None:
        return None
    # 5.batch is a step of job 5, whose end is not the job's
    found = [row for row in rows if row["JobID"] == job.partition(";")[0]]
    if not found:
        return JobDetail(state=JobState(outcome=JobOutcome.GONE, job=job, sentence="sacct does not know it"))
    row = found[-1]
    ended = row.get("End", "")
    return JobDetail(
        state=_remembered(row),
        wall_used_s=seconds_of(row.get("Elapsed", "")),
        wall_limit_s=seconds_of(row.get("Timelimit", "")),
        node_text=row.get("NodeList", ""),
        completed_at=ended if ended not in ("", "Unknown", "None") else None,
    )


def _rows(text: str, needed: Sequence[str]) -> list[_Row] | None:
    """Whatever follows the header, by its column names; greetings before it are passed over."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        names = line.strip().split("|")
        if all(name in names for name in needed):
            parted = [each.strip().split("|", len(names) - 1) for each in lines[number + 1 :]]
            return [dict(zip(names, fields, strict=True)) for fields in parted if len(fields) == len(names)]
    return None


def _queued(row: _Row) -> JobState:
    reason = row.get("REASON", "")
    reason = "" if reason in ("None", "(null)") else reason
    left = seconds_of(row.get("TIME_LEFT", ""))
    return JobState(
        outcome=outcome_of(row["STATE"], reason),
        job=row["JOBID"],
        name=row.get("NAME"),
        word=row["STATE"],
        sentence=reason,
        left_s=None if left is None else float(max(0, left)),
        starts=_starts(row),
    )


def _starts(row: _Row) -> str:
    """The planned start of a job that waits, by the site's clock; of one that runs the column tells when it began."""
    found = _TIME.fullmatch(row.get("START_TIME", "").strip())
    return f"{found[1]} {found[2]} by the site's clock" if found and row["STATE"] == "PENDING" else ""


def _remembered(row: _Row) -> JobState:
    code, signal = _ending(row.get("ExitCode", ""))
    return JobState(
        outcome=outcome_of(row["State"]),
        job=row["JobID"],
        name=row.get("JobName"),
        word=row["State"],
        code=code,
        sentence=f"ended by signal {signal}" if signal else "",
    )


def _ending(text: str) -> tuple[int | None, int]:
    """``code:signal``; the code stays unknown while the job lives."""
    code, _, signal = text.partition(":")
    if not (code.isdecimal() and signal.isdecimal() and len(text) < 12):
        return None, 0
    return int(code), int(signal)
