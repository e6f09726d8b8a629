"""Detrends that may be picked, and their files."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Table, select, union

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.values import moment_or_none, text_or_none
from rpconsole.domain.stage_rows import DetrendRun

#: detRun.mode of detrends that came from elsewhere, as opposed to 'master', which were built and accepted here
REGISTERED = ("register", "correction")


def detrend_runs(connection: Connection) -> list[DetrendRun]:
    """Built and accepted detrends, and registered ones, best first."""
    run, summary = t.det_run.c, t.det_run_summary.c
    shared = (run.det_id, run.det_type, run.filter, run.registered, run.time_begin, run.time_end)
    built = (
        select(*shared, summary.iteration)
        .join_from(t.det_run, t.det_run_summary, summary.det_id == run.det_id)
        .where(run.mode == "master", run.state == "stop", summary.accept == 1)
    )
    given = select(*shared, run.iteration).where(run.mode.in_(REGISTERED), run.state == "stop")
    rows = connection.execute(union(built, given)).mappings()
    return sorted((_detrend_run(row) for row in rows if row["det_type"]), key=_rank, reverse=True)


def detrend_files(connection: Connection, det_id: int, iteration: int) -> dict[str, str]:
    """class_id -> uri; the one of a built detrend counts only where that iteration was accepted."""
    accepted = (
        (t.det_run_summary.c.det_id == det_id)
        & (t.det_run_summary.c.iteration == iteration)
        & (t.det_run_summary.c.accept == 1)
    )
    built = _files(t.det_normalized_imfile, det_id, iteration).where(
        t.det_run.c.mode == "master", select(t.det_run_summary.c.det_id).where(accepted).exists()
    )
    given = _files(t.det_registered_imfile, det_id, iteration).where(t.det_run.c.mode.in_(REGISTERED))
    rows = connection.execute(union(built, given))
    return {row.class_id: uri for row in rows if (uri := text_or_none(row.uri))}


def _files(table: Table, det_id: int, iteration: int) -> Select[Any]:
    return (
        select(table.c.class_id, table.c.uri)
        .join_from(table, t.det_run, t.det_run.c.det_id == table.c.det_id)
        .where(table.c.det_id == det_id, table.c.iteration == iteration, t.det_run.c.state.in_(("stop", "register")))
    )


def _detrend_run(row: RowMapping) -> DetrendRun:
    return DetrendRun(
        det_id=row["det_id"],
        iteration=row["iteration"] or 0,
        det_type=row["det_type"],
        filter=text_or_none(row["filter"]),
        registered=moment_or_none(row["registered"]),
        time_begin=moment_or_none(row["time_begin"]),
        time_end=moment_or_none(row["time_end"]),
    )


def _rank(run: DetrendRun) -> tuple[bool, float, int, int]:
    stamp = run.registered.timestamp() if run.registered else 0.0
    return run.registered is not None, stamp, run.iteration, run.det_id
