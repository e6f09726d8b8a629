"""Journal rows and what they stand for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Table, and_, bindparam, select, type_coerce

from rpconsole.adapters.journal import tables
from rpconsole.domain.fault import BadData
from rpconsole.domain.run import Attempt, Run, RunRow, Step

#: characters of a sentence that are kept: a TEXT column holds 65,535 bytes, of up to four a character
SENTENCE_LENGTH = 16_000


def run_values(run: Run) -> dict[str, Any]:
    """A run's columns, without the database's name."""
    attempt = run.attempt
    return {
        "remote_id": run.remote_id,
        "stage": str(run.stage),
        "label": run.label,
        "path_base": run.path_base,
        "step": str(run.step),
        "parked": run.parked,
        "attempt_number": attempt.number if attempt else None,
        "attempt_nonce": attempt.nonce if attempt else None,
        "attempt_intended_at": attempt.intended_at if attempt else None,
        "attempt_job": attempt.job if attempt else None,
        "attempts": run.attempts,
        "jobs": run.jobs,
        "tries": run.tries,
        "next_try_at": run.next_try_at,
        "hold": sentence(run.hold) if run.hold is not None else None,
        "fault": int(run.fault),
        "stopped_at": str(run.stopped_at) if run.stopped_at else None,
        "cancel_wanted": run.cancel_wanted,
        "passed": run.passed,
        "failed": run.failed,
    }


#: asks what only the journal knows of runs, in the order in which ``runs_of`` takes it; truths come as 0 and 1, thousands of rows are
#: read at a start
RUNS = select(*(
    type_coerce(tables.run.c[name], Integer) if name in ("parked", "cancel_wanted") else tables.run.c[name]
    for name in (
        "remote_id", "step", "parked", "attempt_number", "attempt_nonce", "attempt_intended_at", "attempt_job",
        "attempts", "jobs", "tries", "next_try_at", "hold", "fault", "stopped_at", "cancel_wanted", "passed", "failed",
    )
))  # fmt: skip
_STEPS = {str(step): step for step in Step}


def runs_of(standings: Iterable[Sequence[Any]], rows: Mapping[int, RunRow]) -> Iterator[tuple[int, Run]]:
    """The runs of database rows that stand as ``RUNS`` tells; BadData where a word is not known."""
    for (
        remote_id, step, parked, number, nonce, intended_at, job,
        attempts, jobs, tries, next_try_at, hold, fault, stopped_at, cancel_wanted, passed, failed,
    ) in standings:  # fmt: skip
        row = rows[remote_id]
        # by position, as it comes in half the time; the test of every field's way there and back holds the order
        yield remote_id, Run._make((
            remote_id, row.stage, row.label, row.path_base, _STEPS.get(step) or _step(step, remote_id), parked == 1,
            None if number is None else Attempt(number, nonce, intended_at, job),
            attempts, jobs, tries, next_try_at, hold, fault, _step(stopped_at, remote_id) if stopped_at else None,
            cancel_wanted == 1, passed, failed,
        ))  # fmt: skip


def _step(word: str, remote_id: int) -> Step:
    try:
        return Step(word)
    except ValueError as error:
        raise BadData(f"the journal's row of run {remote_id} cannot be read: {error}") from None


def of_site(table: Table) -> ColumnElement[bool]:
    """The rows of the ``dbname`` and ``site`` that a query, made once, is run with."""
    return and_(table.c.dbname == bindparam("dbname"), table.c.site == bindparam("site"))


def sentence(text: str) -> str:
    """Foreign text as any database takes it: bytes that were no UTF-8 are spelt out, endless text is cut."""
    clean = text.encode("utf-8", "backslashreplace").decode()
    return clean if len(clean) <= SENTENCE_LENGTH else clean[: SENTENCE_LENGTH - 1] + "…"


def path_hash(path: str) -> str:
    """The key of a path, which is too long to be one itself."""
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
