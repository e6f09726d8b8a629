"""The bookkeeping between camera and warp: the IPP's fake stage, done without its program.

Sites where the IPP's own fake tasks run leave this switched off.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, insert, literal, select, update

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.advance import register
from rpconsole.adapters.gpc1.gates import ends_at, in_state_new, is_used, not_masked
from rpconsole.adapters.gpc1.values import text_or_none
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import Advanced


def waiting_fakes(label: str | None) -> Select[tuple[int]]:
    """fakeRuns that may be gone through."""
    run = t.fake_run.c
    has_camera = exists().where(t.cam_processed_exp.c.cam_id == run.cam_id)
    return (
        select(run.fake_id)
        .where(in_state_new(t.fake_run, label), has_camera, not_masked(t.fake_mask, run.label))
        .order_by(run.fake_id)
    )


def advance_one_fake(connection: Connection, fake_id: int) -> Advanced | None:
    """Write the rows that are missing, set the run to full and register its warpRun; None when it is not complete."""
    fill(connection, fake_id)
    run = t.fake_run
    chosen = and_(run.c.fake_id == fake_id, in_state_new(run))
    if not connection.scalar(_is_complete(fake_id)):
        return None
    if connection.execute(update(run).where(chosen).values(state="full")).rowcount != 1:
        return None
    fake = connection.execute(select(run).where(run.c.fake_id == fake_id)).one()
    next_id = None
    if not ends_at(fake.end_stage, "fake") and text_or_none(fake.tess_id) is not None:
        row = {"fake_id": fake_id, "mode": "warp", "workdir_state": "dirty", "magicked": 0, "maskfrac_npix": 0.0}
        next_id = register(connection, t.warp_run, fake, row)
    return Advanced(stage=Stage.CAMERA, stage_id=fake.cam_id, next_id=next_id)


def fill(connection: Connection, fake_id: int) -> None:
    """One row for each chip result of the exposure that has none."""
    run, done, raw, made = t.fake_run.c, t.chip_processed_imfile.c, t.raw_imfile.c, t.fake_processed_imfile.c
    exposure = connection.execute(_names(fake_id)).one_or_none()
    if exposure is None:
        return
    path_base = f"{exposure.workdir}/{exposure.exp_tag}/{exposure.exp_tag}.fk.{fake_id}"
    there = exists().where(made.fake_id == fake_id, made.exp_id == done.exp_id, made.class_id == done.class_id)
    missing = (
        select(
            literal(fake_id), done.exp_id, done.class_id, literal(0.0), literal(path_base), literal("full"), literal(0)
        )
        .join_from(t.fake_run, t.cam_run, t.cam_run.c.cam_id == run.cam_id)
        .join(t.chip_processed_imfile, done.chip_id == t.cam_run.c.chip_id)
        .join(t.raw_imfile, (raw.exp_id == done.exp_id) & (raw.class_id == done.class_id))
        .where(run.fake_id == fake_id, in_state_new(t.fake_run), is_used(), ~there)
    )
    columns = ["fake_id", "exp_id", "class_id", "dtime_script", "path_base", "data_state", "fault"]
    connection.execute(insert(t.fake_processed_imfile).from_select(columns, missing))


def _names(fake_id: int) -> Select[Any]:
    return (
        select(t.fake_run.c.workdir, t.raw_exp.c.exp_tag)
        .join_from(t.fake_run, t.cam_run, t.cam_run.c.cam_id == t.fake_run.c.cam_id)
        .join(t.chip_run, t.chip_run.c.chip_id == t.cam_run.c.chip_id)
        .join(t.raw_exp, t.raw_exp.c.exp_id == t.chip_run.c.exp_id)
        .where(t.fake_run.c.fake_id == fake_id)
    )


def _is_complete(fake_id: int) -> Select[Any]:
    """As many rows as used OTAs, none with a fault."""
    made, raw = t.fake_processed_imfile.c, t.raw_imfile.c
    used = (
        select(func.count())
        .select_from(t.fake_run)
        .join(t.cam_run, t.cam_run.c.cam_id == t.fake_run.c.cam_id)
        .join(t.chip_run, t.chip_run.c.chip_id == t.cam_run.c.chip_id)
        .join(t.raw_imfile, raw.exp_id == t.chip_run.c.exp_id)
        .where(t.fake_run.c.fake_id == fake_id, is_used())
        .scalar_subquery()
    )
    done = select(func.count()).where(made.fake_id == fake_id).scalar_subquery()
    faulted = select(func.count()).where(made.fake_id == fake_id, made.fault != 0).scalar_subquery()
    complete: ColumnElement[bool] = and_(used > 0, used == done, faulted == 0)
    return select(func.coalesce(complete, False))
