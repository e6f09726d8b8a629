"""Slurm: the arguments of sbatch, squeue, sacct and scancel, and what their answers mean.

Nothing is read by ``--json``: there squeue ignores its filters, says that no job exists when the controller is down, and sacct shows
a failed job's code as success.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from rpconsole.commands.jobscript import SLURM_HOSTS, JobScript
from rpconsole.commands.scheduler import (
    CancelAnswer,
    CancelOutcome,
    JobDetail,
    JobOrder,
    JobOutcome,
    JobState,
    Printed,
    QueueListing,
    SubmitAnswer,
    checked_name,
    checked_options,
    checked_path,
    checked_user,
    last_words,
    program_at,
)
from rpconsole.commands.slurm_answers import (
    HISTORY_COLUMNS,
    NO_HISTORY,
    NOT_HEARD,
    NOT_REACHED,
    QUEUE_FORMAT,
    UNKNOWN_JOB,
    UNKNOWN_USER,
    history_listing,
    queue_listing,
    remembered,
)
from rpconsole.commands.slurm_script import slurm_header
from rpconsole.domain.event import JobAccepted, QueueFull, SchedulerAway, SubmitRefused, SubmitUnknown
from rpconsole.domain.fault import BadData

#: ``ID``, ``ID;cluster``, or the sentence of a wrapper that drops --parsable
_ID = re.compile(r"(?:Submitted batch job )?(\d+(?:;[A-Za-z][\w.-]*)?)")
_SAFE_ID = re.compile(r"\d{1,19}(?:;[A-Za-z][\w.-]*)?")
_ERROR_LINE = re.compile(r"^\s*sbatch: (?:error|fatal):", re.MULTILINE)
#: a size or a time that is too big is refused in the same sentence as one job too many: only waiting is safe for both
_FULL = re.compile(
    r"MaxSubmitJob|MaxJob|GrpSubmitJob|GrpJob|job submit limit|temporarily unable to accept|"
    r"Resource temporarily unavailable|too many jobs|MaxJobCount|job count limit",
    re.IGNORECASE,
)
_TOO_BIG = re.compile(
    r"Max(?:Wall|Node|CPU|TRES|Mem)\w*(?:Limit|PerJob|PerUser|PerAccount)|"
    r"Grp(?:Wall|Node|CPU|TRES|Mem)\w*|MaxCpuPer|MaxMemPer|MaxGRESPer",
    re.IGNORECASE,
)
#: arrays and het jobs have several ids, --wait blocks, --quiet hides the id, --test-only submits nothing, a requeue runs a bundle
#: twice, --hold and dependencies pend for ever
_FORBIDDEN_OPTIONS = frozenset(
    {
        *("-a", "--array", "-W", "--wait", "-Q", "--quiet", "--test-only", "--requeue", "--wrap"),
        *("-d", "--dependency", "-H", "--hold"),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slurm:
    """Slurm's clients; ``bin_dir`` because over a non-login ssh they may be off PATH."""

    hosts_command: ClassVar[str | None] = SLURM_HOSTS

    bin_dir: str = ""

    def script_header(self, script: JobScript) -> Iterator[str]:
        return slurm_header(script)

    def submit_command(self, order: JobOrder) -> tuple[str, ...]:
        """``sbatch`` with its own name and directory, no mail and no silent restart; the script's directives say the rest."""
        extra = checked_options(order.extra, _FORBIDDEN_OPTIONS, "one job with one id, printed at once, and no reruns")
        words = [self._program("sbatch"), "--parsable", "-J", checked_name(order.name), "-D", checked_path(order.cwd)]
        words += ["--mail-type=NONE", "--no-requeue"]
        words += ["-A", order.account] if order.account else []
        words += ["-p", order.queue] if order.queue else []
        return (*words, *extra, checked_path(order.script))

    def read_submit(self, printed: Printed) -> SubmitAnswer:
        """Accepted on an id line alone; refused on sbatch's own error or where it could not start; else unknown.

        A time-out or a failure to send or to receive says nothing about the job. A failure to *connect* proves that the controller
        never heard of it.
        """
        text = f"{printed.out}\n{printed.err}"
        job, said = _printed_id(printed.out), last_words((printed.out, printed.err))
        if printed.timed_out or printed.rc is None:
            return SubmitUnknown(sentence="sbatch did not answer in time" + (f": {said}" if said else ""))
        if printed.rc == 0 and job is not None:
            return JobAccepted(job=job)
        if printed.rc in (126, 127):
            return SubmitRefused(sentence=f"sbatch could not be started: {said or f'exit {printed.rc}'}")
        if job is None and printed.rc != 0:
            return _refusal(text, said, printed.rc)
        return SubmitUnknown(
            sentence=f"sbatch ended with {printed.rc} and printed " + (f"'{said}'" if said else "nothing")
        )

    def queue_command(self, user: str) -> tuple[str, ...]:
        """All states: a job stays listed for a while after its end, and says how it ended."""
        return (self._program("squeue"), "-t", "all", "-u", checked_user(user), "-o", QUEUE_FORMAT)

    def history_command(self, user: str) -> tuple[str, ...]:
        """Two days: without a beginning sacct looks back to midnight only."""
        columns = ",".join(HISTORY_COLUMNS)
        return (self._program("sacct"), "-X", "-P", "-S", "now-2days", "-u", checked_user(user), "-o", columns)

    def read_queue(self, printed: Printed) -> QueueListing | None:
        """None for a time-out, an exit other than 0, an unknown user, or no header: a truly empty queue still prints that."""
        if printed.timed_out or printed.rc != 0 or UNKNOWN_USER.search(printed.err):
            return None
        queue = queue_listing(printed.out)
        return history_listing(printed.out) if queue is None else queue

    def job_command(self, job: str) -> tuple[str, ...]:
        """By id: without it sacct leaves out jobs that were cancelled before they could start."""
        number, cluster = _parted(job)
        return (self._program("sacct"), "-X", "-P", *cluster, "-j", number, "-o", ",".join(HISTORY_COLUMNS))

    def read_job(self, job: str, printed: Printed) -> JobDetail:
        """A site that keeps no accounts knows nothing of a job that its queue has dropped."""
        text, said = f"{printed.out}\n{printed.err}", last_words((printed.out, printed.err))
        if NO_HISTORY.search(text):
            return JobDetail(state=JobState(outcome=JobOutcome.GONE, job=job, sentence=said))
        detail = remembered(job, printed.out) if printed.rc == 0 and not printed.timed_out else None
        if detail is None:
            sentence = said or f"sacct ended with {printed.rc} and printed nothing"
            return JobDetail(state=JobState(outcome=JobOutcome.NO_ANSWER, job=job, sentence=sentence))
        return detail

    def cancel_command(self, job: str) -> tuple[str, ...]:
        number, cluster = _parted(job)
        return (self._program("scancel"), *cluster, number)

    def read_cancel(self, job: str, printed: Printed) -> CancelAnswer:
        """scancel is silent when it obeys, and for an id that it has forgotten: only the job's own record says that it ended."""
        text, said = f"{printed.out}\n{printed.err}", last_words((printed.out, printed.err))
        if printed.timed_out or printed.rc is None:
            return CancelAnswer(outcome=CancelOutcome.NO_ANSWER, sentence=said or "scancel did not answer in time")
        if UNKNOWN_JOB.search(text):
            return CancelAnswer(outcome=CancelOutcome.GONE, sentence=said)
        if printed.rc == 0:
            return CancelAnswer(outcome=CancelOutcome.CANCELLED, sentence=said)
        refused = "error" in text and not NOT_HEARD.search(text)
        return CancelAnswer(
            outcome=CancelOutcome.REFUSED if refused else CancelOutcome.NO_ANSWER,
            sentence=said or f"scancel ended with {printed.rc} and printed nothing",
        )

    def _program(self, name: str) -> str:
        return program_at(self.bin_dir, name)


def _refusal(text: str, said: str, rc: int | None) -> SubmitAnswer:
    if NOT_REACHED.search(text):
        return SchedulerAway(sentence=said)
    if _FULL.search(text) and not _TOO_BIG.search(text):
        return QueueFull(sentence=said)
    if _ERROR_LINE.search(text) and not NOT_HEARD.search(text):
        return SubmitRefused(sentence=said)
    return SubmitUnknown(sentence=said or f"sbatch ended with {rc} and printed nothing")


def _printed_id(out: str) -> str | None:
    """The last line that is an id: plugins and profiles print before it."""
    found = [match.group(1) for line in out.splitlines() if (match := _ID.fullmatch(line.strip()))]
    return found[-1] if found else None


def _parted(job: str) -> tuple[str, tuple[str, ...]]:
    """The number, and the words that name the cluster it runs on."""
    if not _SAFE_ID.fullmatch(job):
        raise BadData(f"'{job}' is no job id of Slurm's: digits are needed, then perhaps ';' and a cluster")
    number, _, cluster = job.partition(";")
    return number, (("-M", cluster) if cluster else ())
