"""Moab: the arguments of msub, showq, checkjob and canceljob, and what their answers mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from rpconsole.commands.jobscript import SLURM_HOSTS, JobScript
from rpconsole.commands.moab_changes import Change, jobs_with
from rpconsole.commands.moab_forecast import read_start
from rpconsole.commands.moab_job import job_detail
from rpconsole.commands.moab_queue import queue_listing
from rpconsole.commands.moab_queue_text import text_listing
from rpconsole.commands.moab_script import moab_header
from rpconsole.commands.moab_words import NOT_HEARD, plain_text, unknown_job
from rpconsole.commands.scheduler import (
    CancelAnswer,
    CancelOutcome,
    JobDetail,
    JobOrder,
    Printed,
    QueueListing,
    SubmitAnswer,
    checked_name,
    checked_options,
    checked_path,
    checked_user,
    job_key,
    last_words,
    program_at,
)
from rpconsole.domain.event import JobAccepted, QueueFull, SubmitRefused, SubmitUnknown
from rpconsole.domain.fault import BadData

#: as many digits as the database's number takes
_ID = re.compile(r"(?:[A-Za-z][\w-]*\.)?\d{1,18}(?:\[\d{0,9}\])?(?:\.[A-Za-z][\w.-]*)?", re.ASCII)
_XML_ID = re.compile(r"<job\b[^>]*\bJobID=(\"|')(.*?)\1")
#: an id to act upon: no brackets, as mjobctl and canceljob read [ ] \ * ? ^ $ as a regular expression
_SAFE_ID = re.compile(r"(?:[A-Za-z][\w-]*\.)?\d{1,18}(?:\.[A-Za-z][\w.-]*)?", re.ASCII)
_ERROR_LINE = re.compile(r"^\s*ERROR\b", re.MULTILINE)
_FULL = re.compile(
    r"queue is full|job limit|submit limit|too many jobs|maximum (?:allowed )?(?:number of )?(?:\w+ )?jobs|"
    r"\bMAXI?JOB|\bMAX(?:SUBMIT|QUEUED?)|JobLimit",
    re.IGNORECASE,
)
#: -z hides the id, -I and -K wait, -v eats the script's name, -r y runs a bundle twice, -h holds it for ever
_FORBIDDEN_OPTIONS = frozenset({"-z", "-I", "-K", "-v", "-t", "-r", "-h"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Moab:
    """Moab's clients; ``bin_dir`` because over a non-login ssh they may be off PATH."""

    #: Moab's jobs run over Slurm at most sites; where they do not, ``site.node_list`` says so
    hosts_command: ClassVar[str | None] = SLURM_HOSTS

    bin_dir: str = ""

    def script_header(self, script: JobScript) -> Iterator[str]:
        return moab_header(script)

    def submit_command(self, order: JobOrder) -> tuple[str, ...]:
        """``msub`` with its own name, directory, no mail and no silent restart; the script's directives say the rest."""
        extra = checked_options(order.extra, _FORBIDDEN_OPTIONS, "the job's id must be printed at once, and no reruns")
        words = [
            self._program("msub"),
            "-N",
            checked_name(order.name),
            "-d",
            checked_path(order.cwd),
            "-m",
            "n",
            "-r",
            "n",
        ]
        words += ["-A", order.account] if order.account else []
        words += ["-q", order.queue] if order.queue else []
        return (*words, *extra, checked_path(order.script))

    def read_submit(self, printed: Printed) -> SubmitAnswer:
        """Accepted on an id line alone; refused on Moab's own ERROR sentence or where msub could not start; else unknown.

        An ERROR may quote a ``Moab.N`` that does not survive, so a number inside a sentence is never an id. A time-out or a
        communication error says nothing about the job.
        """
        text = plain_text(printed.out, printed.err)
        job, said = _printed_id(printed.out), last_words((printed.out, printed.err))
        if printed.timed_out or printed.rc is None:
            return SubmitUnknown(sentence="msub did not answer in time" + (f": {said}" if said else ""))
        if NOT_HEARD.search(text):
            return SubmitUnknown(sentence=said)
        if _ERROR_LINE.search(text):
            return (
                _refusal(said)
                if job is None
                else SubmitUnknown(sentence=f"msub printed both {job} and an error: {said}")
            )
        if printed.rc == 0 and job is not None:
            return JobAccepted(job=job)
        if printed.rc in (126, 127):
            return SubmitRefused(sentence=f"msub could not be started: {said or f'exit {printed.rc}'}")
        if _FULL.search(text):
            return QueueFull(sentence=said)
        return SubmitUnknown(
            sentence=f"msub ended with {printed.rc} and printed " + (f"'{said}'" if said else "nothing")
        )

    def queue_command(self, user: str) -> tuple[str, ...]:
        return (self._program("showq"), "--xml", "-w", f"user={checked_user(user)}")

    def history_command(self, user: str) -> tuple[str, ...]:
        return (self._program("showq"), "-c", "--xml", "-w", f"user={checked_user(user)}")

    def read_queue(self, printed: Printed) -> QueueListing | None:
        """None for a time-out, an exit other than 0, no text, or broken XML: a truly empty queue still prints ``<Data>``.

        Clients that know no ``--xml`` print their table, whose every part must end with its count.
        """
        if printed.timed_out or printed.rc != 0:
            return None
        text = plain_text(printed.out)
        in_xml = queue_listing(text)
        return text_listing(text) if in_xml is None and "<" not in text else in_xml

    def job_command(self, job: str) -> tuple[str, ...]:
        return (self._program("checkjob"), "-v", _safe_id(job))

    def read_job(self, job: str, printed: Printed) -> JobDetail:
        """Decided on the text, on both streams joined: checkjob's exit for an unknown id is not established."""
        return job_detail(job, printed)

    def cancel_command(self, job: str) -> tuple[str, ...]:
        return (self._program("canceljob"), _safe_id(job))

    def read_cancel(self, job: str, printed: Printed) -> CancelAnswer:
        """Which ids were ended: a site with USEJOBREGEX may end more than the one that was asked for."""
        text = plain_text(printed.out, printed.err)
        ended = jobs_with(Change.CANCELLED, text)
        others = tuple(each for each in ended if job_key(each) != job_key(job))
        said = last_words((printed.out, printed.err))
        if len(others) < len(ended):
            return CancelAnswer(outcome=CancelOutcome.CANCELLED, sentence=said, others=others)
        if unknown_job(job, text):
            return CancelAnswer(outcome=CancelOutcome.GONE, sentence=said, others=others)
        heard = not (printed.timed_out or printed.rc is None or NOT_HEARD.search(text))
        refused = heard and _ERROR_LINE.search(text)
        return CancelAnswer(
            outcome=CancelOutcome.REFUSED if refused else CancelOutcome.NO_ANSWER,
            sentence=said or "canceljob printed nothing",
            others=others,
        )

    def start_command(self, job: str) -> tuple[str, ...]:
        return (self._program("showstart"), _safe_id(job))

    def read_forecast(self, job: str, printed: Printed) -> str:
        """Each of showstart's guesses under its own name; they differ widely."""
        forecast = read_start(job, printed)
        if forecast is None or not forecast.start_in_s:
            return ""
        guesses = ", ".join(f"{kind} in {_hours(max(0, left))}" for kind, left in forecast.start_in_s.items())
        blocked = "; but it is blocked, so that this means little" if forecast.is_blocked else ""
        return f"showstart's guess at its start, counted from now: {guesses}{blocked}"

    def _program(self, name: str) -> str:
        return program_at(self.bin_dir, name)


def _hours(seconds: int) -> str:
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def _refusal(said: str) -> SubmitAnswer:
    return QueueFull(sentence=said) if _FULL.search(said) else SubmitRefused(sentence=said)


def _printed_id(out: str) -> str | None:
    """The last line that is entirely an id: warnings and greetings may stand before it."""
    lines = [line.strip() for line in plain_text(out).splitlines()]
    whole = [line for line in lines if _ID.fullmatch(line)]
    if whole:
        return whole[-1]
    in_xml = [found for _, found in _XML_ID.findall(out) if _ID.fullmatch(found)]
    return in_xml[-1] if len(in_xml) == 1 else None


def _safe_id(job: str) -> str:
    if not _SAFE_ID.fullmatch(job):
        raise BadData(f"'{job}' is no job id that may be given to Moab, which reads it as a regular expression")
    return job
