"""What prepare needs of stackRuns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, exists, select

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.gates import in_state_new, is_good, label_may_go
from rpconsole.adapters.gpc1.values import Texts, readable_rows, text_or_none
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import StackRows, Unreadable


def stack_rows(connection: Connection, stack_ids: Sequence[int]) -> dict[int, StackRows | Unreadable]:
    """Pending stackRuns of these with the good warps among their inputs."""
    warps: dict[int, list[str]] = {}
    for row in connection.execute(_inputs(stack_ids)).mappings():
        warps.setdefault(row["stack_id"], []).append(text_or_none(row["path_base"]) or "")
    runs = connection.execute(_runs(stack_ids)).mappings()
    return readable_rows(runs, lambda row: _stack_rows(row, warps.get(row["stack_id"], [])), "stack_id")


def _runs(stack_ids: Sequence[int]) -> Select[Any]:
    run, warp, given = t.stack_run.c, t.warp_run.c, t.stack_input_skyfile.c
    unfinished = exists().where(given.stack_id == run.stack_id, warp.warp_id == given.warp_id, warp.state != "full")
    chosen = exists().where(given.stack_id == run.stack_id)
    done = exists().where(t.stack_sum_skyfile.c.stack_id == run.stack_id)
    return select(run.stack_id, run.skycell_id, run.tess_id, run.workdir, run.reduction).where(
        run.stack_id.in_(stack_ids), in_state_new(t.stack_run), chosen, ~done, ~unfinished, label_may_go(Stage.STACK)
    )


def _inputs(stack_ids: Sequence[int]) -> Select[Any]:
    run, given, made = t.stack_run.c, t.stack_input_skyfile.c, t.warp_skyfile.c
    same_cell = and_(made.warp_id == given.warp_id, made.tess_id == run.tess_id, made.skycell_id == run.skycell_id)
    return (
        select(run.stack_id, made.path_base)
        .join_from(t.stack_run, t.stack_input_skyfile, given.stack_id == run.stack_id)
        .join(t.warp_skyfile, same_cell)
        .where(run.stack_id.in_(stack_ids), is_good(t.warp_skyfile))
        .order_by(run.stack_id, made.warp_id)
    )


def _stack_rows(row: RowMapping, warps: Sequence[str]) -> StackRows:
    text = Texts(row, f"stackRun {row['stack_id']}")
    return StackRows(
        stack_id=row["stack_id"],
        skycell_id=text("skycell_id"),
        tess_id=text("tess_id"),
        workdir=text("workdir"),
        reduction=text_or_none(row["reduction"]),
        warps=tuple(warps),
    )
