"""Advancing a hundred runs in one transaction, with a number of statements that does not grow with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.advance import Advancing, camera_row, merged_columns, results_of
from rpconsole.adapters.gpc1.gates import in_state_new
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import Advanced


def advance_some(connection: Connection, how: Advancing, run_ids: Sequence[int]) -> list[Advanced]:
    """Set those that still are complete and new to full, and register their successors."""
    run, run_id = how.run_table, how.run_table.c[how.id_name]
    chosen = (run_id.in_(run_ids), in_state_new(run))
    # the rows are held: what is new and complete now is so until we have written
    held = connection.execute(select(run).where(*chosen).with_for_update()).mappings().all()
    complete = set(connection.scalars(select(run_id).where(*chosen, how.is_complete)))
    rows = [row for row in held if row[how.id_name] in complete]
    if not rows:
        return []
    changes = _changes(connection, how, [row[how.id_name] for row in rows])
    for alike in _by_columns(changes):
        statement = update(run).where(run_id == bindparam("of_run"))
        connection.execute(statement, [{"of_run": key, **changes[key]} for key in alike])
    successors = _register_cameras(connection, rows, changes) if how.stage is Stage.CHIP else {}
    return [
        Advanced(stage=how.stage, stage_id=row[how.id_name], next_id=successors.get(row[how.id_name])) for row in rows
    ]


def _changes(connection: Connection, how: Advancing, run_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    groups: dict[int, list[RowMapping]] = {run_id: [] for run_id in run_ids}
    for group in connection.execute(results_of(how, run_ids)).mappings().all():
        groups[group[how.id_name]].append(group)
    return {run_id: merged_columns(of_run) for run_id, of_run in groups.items()}


def _by_columns(changes: Mapping[int, Mapping[str, Any]]) -> list[list[int]]:
    """Runs whose changes set the same columns, together."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for run_id, values in changes.items():
        groups.setdefault(tuple(values), []).append(run_id)
    return list(groups.values())


def _register_cameras(
    connection: Connection, chips: Sequence[RowMapping], changes: Mapping[int, Mapping[str, Any]]
) -> dict[int, int]:
    """The camRuns that follow full chipRuns, by chip_id; none where the chain ends at chip."""
    made = [camera_row(chip, changes[chip["chip_id"]]["magicked"]) for chip in chips]
    rows = [row for row in made if row is not None]
    if not rows:
        return {}
    connection.execute(insert(t.cam_run), rows)
    run = t.cam_run.c
    # the last one is ours: nobody else registers a camRun of a chipRun that we hold
    query = select(run.chip_id, func.max(run.cam_id)).group_by(run.chip_id)
    query = query.where(run.chip_id.in_([row["chip_id"] for row in rows]))
    return {row[0]: row[1] for row in connection.execute(query)}
