"""Reading ``showstart`` and ``showbf``: when a job may start, and what is free now. Guesses of the scheduler's, for a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rpconsole.commands.moab_words import plain_text, seconds_of
from rpconsole.commands.scheduler import Printed, job_key

_ASKED = re.compile(r"^\s*job (\S+) requires (\d{1,9}) procs? for (\S+)\s*$", re.MULTILINE)
_START = re.compile(r"^\s*(?:Estimated (\w+) based|(Earliest)) start in\s+(-?[\d:]+)", re.MULTILINE)
_BLOCKED = re.compile(r"^\s*NOTE:\s+job is blocked", re.MULTILINE | re.IGNORECASE)
_WINDOWS = re.compile(r"^\s*backfill window\b", re.MULTILINE | re.IGNORECASE)
_FREE = re.compile(r"^\s*(\d{1,9}) procs? available(?: for\s+(\S+)| with no timelimit)?\s*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class StartForecast:
    """What ``showstart`` guesses of one job."""

    job: str
    procs: int
    wall_limit_s: int | None
    #: kind of guess (``Rsv``, ``Priority``, ``Historical``, ``Earliest``) -> seconds from now
    start_in_s: Mapping[str, int] = field(default_factory=dict)
    #: its guesses mean nothing then
    is_blocked: bool = False


def read_start(job: str, printed: Printed) -> StartForecast | None:
    """None where Moab has none for this job, or was not understood."""
    text = plain_text(printed.out, printed.err)
    asked = _ASKED.search(text)
    if asked is None or printed.timed_out or job_key(asked.group(1)) != job_key(job):
        return None
    guesses = {kind or earliest: seconds_of(time) for kind, earliest, time in _START.findall(text)}
    return StartForecast(
        job=asked.group(1),
        procs=int(asked.group(2)),
        wall_limit_s=seconds_of(asked.group(3)),
        start_in_s={kind: seconds for kind, seconds in guesses.items() if seconds is not None},
        is_blocked=bool(_BLOCKED.search(text)),
    )


def read_windows(printed: Printed) -> tuple[tuple[int, int | None], ...] | None:
    """(processors, seconds; None = without an end) of each free window; None = no answer, which is not "nothing free"."""
    text = plain_text(printed.out)
    if printed.timed_out or printed.rc != 0 or not _WINDOWS.search(text):
        return None
    return tuple((int(procs), seconds_of(time)) for procs, time in _FREE.findall(text))
