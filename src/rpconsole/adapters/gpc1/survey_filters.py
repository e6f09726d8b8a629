"""In which filter the exposures of stage runs were taken."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Select, select

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.values import text_or_none
from rpconsole.domain.stage import Stage


def filters_of(connection: Connection, stage: Stage, stage_ids: Sequence[int]) -> dict[int, str]:
    """stage_id -> filter; a stage run without one, or with the text NULL for it, is left out."""
    rows = connection.execute(_QUERIES[stage](stage_ids)).all()
    found = {stage_id: text_or_none(word) for stage_id, word in rows}
    return {stage_id: word for stage_id, word in found.items() if word}


def _chip(stage_ids: Sequence[int]) -> Select[tuple[int, str]]:
    joined = t.chip_run.join(t.raw_exp, t.raw_exp.c.exp_id == t.chip_run.c.exp_id)
    column = t.chip_run.c.chip_id
    return select(column, t.raw_exp.c.filter).select_from(joined).where(column.in_(stage_ids))


def _camera(stage_ids: Sequence[int]) -> Select[tuple[int, str]]:
    joined = t.cam_run.join(t.chip_run, t.chip_run.c.chip_id == t.cam_run.c.chip_id).join(
        t.raw_exp, t.raw_exp.c.exp_id == t.chip_run.c.exp_id
    )
    column = t.cam_run.c.cam_id
    return select(column, t.raw_exp.c.filter).select_from(joined).where(column.in_(stage_ids))


def _warp(stage_ids: Sequence[int]) -> Select[tuple[int, str]]:
    joined = (
        t.warp_run.join(t.fake_run, t.fake_run.c.fake_id == t.warp_run.c.fake_id)
        .join(t.cam_run, t.cam_run.c.cam_id == t.fake_run.c.cam_id)
        .join(t.chip_run, t.chip_run.c.chip_id == t.cam_run.c.chip_id)
        .join(t.raw_exp, t.raw_exp.c.exp_id == t.chip_run.c.exp_id)
    )
    column = t.warp_run.c.warp_id
    return select(column, t.raw_exp.c.filter).select_from(joined).where(column.in_(stage_ids))


def _stack(stage_ids: Sequence[int]) -> Select[tuple[int, str]]:
    column = t.stack_run.c.stack_id
    return select(column, t.stack_run.c.filter).where(column.in_(stage_ids))


_QUERIES = {Stage.CHIP: _chip, Stage.CAMERA: _camera, Stage.WARP: _warp, Stage.STACK: _stack}
