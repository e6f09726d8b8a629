"""Reading ``showq`` as text: what older clients, and wrappers over Slurm, print where ``--xml`` is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rpconsole.commands.moab_words import completion_code, outcome_of, seconds_of
from rpconsole.commands.scheduler import JobState, QueueListing

_SECTION = re.compile(r"^\s*(active|eligible|idle|blocked|completed) jobs-+\s*$", re.IGNORECASE)
_SUMMARY = re.compile(r"^\s*\d+ (?:active|eligible|idle|blocked|completed) jobs?\b", re.IGNORECASE)
_PURGE = re.compile(r"\(purgetime:\s*([\d:]+)\)")
#: some versions mark an id: backfilled, reserved, preempted
_MARKS = "*+-_"
_LETTERS = {
    "active": {"R": "Running", "S": "Suspended", "T": "Staging"},
    "completed": {"C": "Completed", "R": "Removed", "V": "Vacated"},
}


def text_listing(text: str) -> QueueListing | None:
    """None unless each section ends with its count; the counts themselves are not believed."""
    jobs: list[JobState] = []
    sections = list(_sections(text.splitlines()))
    if not sections or not all(is_whole for _, _, is_whole in sections):
        return None
    for name, lines, _ in sections:
        jobs += _jobs(name, lines)
    purge = _PURGE.search(text)
    purge_s = seconds_of(purge.group(1)) if purge else None
    return QueueListing(jobs=tuple(jobs), purge_s=None if purge_s is None else float(purge_s), has_names=False)


def _sections(lines: Sequence[str]) -> Iterator[tuple[str, list[str], bool]]:
    """(name, its lines, whether its count was printed)."""
    name, body, is_whole = "", list[str](), False
    for line in lines:
        if heading := _SECTION.match(line):
            if name:
                yield name, body, is_whole
            name, body, is_whole = heading.group(1).lower(), [], False
        elif _SUMMARY.match(line):
            is_whole = True
        elif name and not is_whole:
            body.append(line)
    if name:
        yield name, body, is_whole


def _jobs(section: str, lines: Sequence[str]) -> Iterator[JobState]:
    """Rows below the line of column names; a row of another shape is passed over."""
    columns: list[str] = []
    for line in lines:
        words = line.split()
        if words[:1] == ["JOBID"]:
            columns = words
        elif len(words) > 2 and columns and (job := words[0].strip(_MARKS)):
            yield _job(section, job, words, columns)


def _job(section: str, job: str, words: Sequence[str], columns: Sequence[str]) -> JobState:
    letter = _LETTERS.get(section, {}).get(words[1], words[1])
    word = _under("STATE", words, columns) or letter
    return JobState(
        outcome=outcome_of(word),
        job=job,
        word=word,
        code=completion_code(_under("CCODE", words, columns)),
        sentence="blocked" if section == "blocked" else "",
        left_s=_left_s(words, columns),
    )


def _under(column: str, words: Sequence[str], columns: Sequence[str]) -> str:
    place = columns.index(column) if column in columns else len(words)
    return words[place] if place < len(words) else ""


def _left_s(words: Sequence[str], columns: Sequence[str]) -> float | None:
    """Counted from the right: columns in the middle may be blank."""
    for name in ("REMAINING", "WCLIMIT"):
        if name in columns:
            # the date after it is four words under one name
            place = len(columns) - columns.index(name) + 3
            left = seconds_of(words[-place]) if place <= len(words) else None
            return None if left is None else float(max(0, left))
    return None
