"""Journal rows and what they stand for."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import RowMapping

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


def run_of(row: RowMapping) -> Run:
    """The run that a row holds."""
    return Run(
        remote_id=row["remote_id"],
        stage=Stage(row["stage"]),
        label=row["label"],
        path_base=row["path_base"],
        step=Step(row["step"]),
        parked=row["parked"],
        attempt=_attempt_of(row),
        attempts=row["attempts"],
        jobs=row["jobs"],
        tries=row["tries"],
        next_try_at=row["next_try_at"],
        hold=row["hold"],
        fault=row["fault"],
        stopped_at=Step(row["stopped_at"]) if row["stopped_at"] else None,
        cancel_wanted=row["cancel_wanted"],
        passed=row["passed"],
        failed=row["failed"],
    )


def _attempt_of(row: RowMapping) -> Attempt | None:
    if row["attempt_number"] is None:
        return None
    return Attempt(
        number=row["attempt_number"],
        nonce=row["attempt_nonce"],
        intended_at=row["attempt_intended_at"],
        job=row["attempt_job"],
    )


def sentence(text: str) -> str:
    """Foreign text as any database takes it: bytes that were no UTF-8 are spelt out, endless text is cut."""
    clean = text.encode("utf-8", "backslashreplace").decode()
    return clean if len(clean) <= SENTENCE_LENGTH else clean[: SENTENCE_LENGTH - 1] + "…"


def path_hash(path: str) -> str:
    """The key of a path, which is too long to be one itself."""
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
