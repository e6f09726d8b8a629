"""What every client command shares: the site it speaks to, staged faults, the ends of Moab's clients."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

from rpconsole.practice.faults import Faults
from rpconsole.practice.moab.spool import Job, Spool
from rpconsole.practice.paths import SITE_VARIABLE, SitePaths, SiteSettings, read_settings

TIMED_OUT = "\nERROR:  client timed out after 30 seconds (hostname:port=practice:42559)\n"
_PATTERN = re.compile(r"[\[\]\\*?^$]")


class Site:
    """The practice site that a client command belongs to."""

    def __init__(self) -> None:
        self.paths = SitePaths(Path(os.environ[SITE_VARIABLE]))
        self.spool = Spool(self.paths.spool)
        self.faults = Faults(self.paths)

    @property
    def settings(self) -> SiteSettings:
        return read_settings(self.paths)

    @property
    def user(self) -> str:
        return os.environ.get("USER") or "nobody"


def refuse(sentence: str, code: int = 1) -> int:
    """Moab's way to say no: a blank line, the sentence on stderr."""
    sys.stderr.write(f"\nERROR:  {sentence}\n\n")
    return code


def time_out() -> int:
    sys.stderr.write(TIMED_OUT)
    return 1


def never_answer() -> None:
    while True:
        time.sleep(3600)


def staged_silence(site: Site, command: str) -> int | None:
    """Carry out the faults that a reading command can have; None = none is staged."""
    match site.faults.take(command):
        case "timeout":
            return time_out()
        case "hang":
            never_answer()
        case "garbage":
            sys.stdout.write("<Data><Object>queue</Object>\x01\x02<cluster Local\nState: \x07?\n")
            return 0
        case "empty":
            return 0
    return None


def matching(spool: Spool, expression: str) -> list[Job]:
    """The jobs that a job argument means: a regular expression as soon as it holds one of ``[ ] \\ * ? ^ $``."""
    if not _PATTERN.search(expression):
        job = spool.job(expression)
        return [job] if job else []
    try:
        wanted = re.compile(expression)
    except re.error:
        return []
    return [job for job in spool.jobs() if wanted.fullmatch(job.job)]
