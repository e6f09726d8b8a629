"""Journal rows and what they stand for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, type_coerce

from rpconsole.adapters.journal import tables
from rpconsole.domain.run import Attempt, Run, Step
from rpconsole.domain.stage import Stage

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


#: a run's columns in the order in which ``run_of`` takes them; truths come as 0 and 1, thousands of rows are read at a start
RUN_COLUMNS: tuple[ColumnElement[Any], ...] = tuple(
    type_coerce(tables.run.c[name], Integer) if name in ("parked", "cancel_wanted") else tables.run.c[name]
    for name in (
        "remote_id", "stage", "label", "path_base", "step", "parked", "attempt_number", "attempt_nonce",
        "attempt_intended_at", "attempt_job", "attempts", "jobs", "tries", "next_try_at", "hold", "fault",
        "stopped_at", "cancel_wanted", "passed", "failed",
    )
)  # fmt: skip
_STAGES = {str(stage): stage for stage in Stage}
_STEPS = {str(step): step for step in Step}


def run_of(row: Sequence[Any]) -> Run:
    """The run that a row of ``RUN_COLUMNS`` holds; ValueError where a word is not known."""
    (
        remote_id, stage, label, path_base, step, parked, number, nonce, intended_at, job,
        attempts, jobs, tries, next_try_at, hold, fault, stopped_at, cancel_wanted, passed, failed,
    ) = row  # fmt: skip
    # by position, as it comes in half the time; the test of every field's way there and back holds the order
    return Run._make((
        remote_id, _STAGES.get(stage) or Stage(stage), label, path_base, _STEPS.get(step) or Step(step), parked == 1,
        None if number is None else Attempt(number, nonce, intended_at, job),
        attempts, jobs, tries, next_try_at, hold, fault, Step(stopped_at) if stopped_at else None,
        cancel_wanted == 1, passed, failed,
    ))  # fmt: skip


def sentence(text: str) -> str:
    """Foreign text as any database takes it: bytes that were no UTF-8 are spelt out, endless text is cut."""
    clean = text.encode("utf-8", "backslashreplace").decode()
    return clean if len(clean) <= SENTENCE_LENGTH else clean[: SENTENCE_LENGTH - 1] + "…"


def path_hash(path: str) -> str:
    """The key of a path, which is too long to be one itself."""
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
