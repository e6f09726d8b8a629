"""Reading what canceljob, mjobctl and releasehold say that they did, job by job: an id may have been taken as a pattern for many."""

from __future__ import annotations

import re
from enum import StrEnum


class Change(StrEnum):
    """What was done to a job."""

    CANCELLED = "cancelled"
    MODIFIED = "modified"
    HELD_OR_RELEASED = "held or released"


_ID = r"'?([^'\s]+?)'?"
_LINES: tuple[tuple[Change, re.Pattern[str]], ...] = tuple(
    (change, re.compile(rf"^\s*{pattern}", re.MULTILINE | re.IGNORECASE))
    for change, pattern in (
        (Change.CANCELLED, rf"job {_ID} cancell?ed\b"),
        (Change.MODIFIED, rf"job {_ID} [\w ]*\bmodified\s*$"),
        (Change.MODIFIED, rf"set \w+ attribute for job {_ID} to "),
        (Change.HELD_OR_RELEASED, rf"(?:\w+ )?hold released for job {_ID}\s*$"),
        (Change.HELD_OR_RELEASED, rf"holds modified for job {_ID}(?: |\s*$)"),
    )
)


def jobs_with(change: Change, text: str) -> tuple[str, ...]:
    """The ids of which the text says so, as printed and in its order; a sentence of another form names nobody."""
    found = [
        (match.start(), match.group(1)) for kind, line in _LINES if kind is change for match in line.finditer(text)
    ]
    return tuple(job for _, job in sorted(found))
