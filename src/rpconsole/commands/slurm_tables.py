"""Reading what squeue and sacct print between bars.

The header is asked for, so that no answer is told from no jobs: a listing without it was cut off before its first line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rpconsole.commands.scheduler import JobDetail, JobOutcome, JobState, QueueListing
from rpconsole.commands.slurm_words import outcome_of, seconds_of

#: the last column may hold bars: job names are free text
QUEUE_FORMAT = "%i|%T|%r|%L|%u|%j"
HISTORY_COLUMNS = ("JobID", "State", "ExitCode", "Elapsed", "Timelimit", "End", "NNodes", "NodeList", "JobName")

_Row = Mapping[str, str]


def queue_listing(text: str) -> QueueListing | None:
    """The jobs of one ``squeue``; None without its header."""
    rows = _rows(text, ("JOBID", "STATE"))
    if rows is None:
        return None
    return QueueListing(jobs=tuple(_queued(row) for row in rows if row["JOBID"]))


def history_listing(text: str) -> QueueListing | None:
    """The jobs of one ``sacct``; None without its header."""
    rows = _rows(text, ("JobID", "State"))
    return None if rows is None else QueueListing(jobs=tuple(_remembered(row) for row in rows if row["JobID"]))


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
    )


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
