"""What prepare needs of warpRuns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, exists, select

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.gates import in_state_new, is_faultless, is_used, label_may_go
from rpconsole.adapters.gpc1.values import Texts, readable_rows, text_or_none
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import Unreadable, WarpChip, WarpRows, WarpSkycell

_Cell = tuple[int, str, str]


def warp_rows(connection: Connection, warp_ids: Sequence[int]) -> dict[int, WarpRows | Unreadable]:
    """Pending warpRuns of these with their pending skycells; a skycell may have no good chip left."""
    chips: dict[_Cell, list[WarpChip]] = {}
    for warp_id, skycell_id, tess_id, *chip in connection.execute(_chips(warp_ids)).all():
        chips.setdefault((warp_id, skycell_id, tess_id), []).append(_chip(*chip))
    skycells: dict[int, list[WarpSkycell]] = {}
    barred: dict[int, dict[str, None]] = {}
    for warp_id, skycell_id, tess_id, warp_skyfile_id, fault in connection.execute(_skycells(warp_ids)).all():
        if warp_skyfile_id is None or fault != 0:
            barred.setdefault(warp_id, {})[skycell_id] = None
            continue
        touching = tuple(chips.get((warp_id, skycell_id, tess_id), ()))
        cell = WarpSkycell(skycell_id=skycell_id, tess_id=tess_id, warp_skyfile_id=warp_skyfile_id, chips=touching)
        skycells.setdefault(warp_id, []).append(cell)
    runs = [row for row in connection.execute(_runs(warp_ids)).mappings() if row["warp_id"] in skycells]

    def made(row: RowMapping) -> WarpRows:
        cells = skycells[row["warp_id"]]
        # one OTA's row of a cell may have a fault and another's none
        some = [name for name in barred.get(row["warp_id"], ()) if all(cell.skycell_id != name for cell in cells)]
        return _warp_rows(row, cells, some)

    return readable_rows(runs, made, "warp_id")


def exposure_of_warp(query: Select[Any]) -> Select[Any]:
    """Join a query on warpRun with the runs it came from, back to the exposure."""
    return (
        query.join(t.fake_run, t.fake_run.c.fake_id == t.warp_run.c.fake_id)
        .join(t.cam_run, t.cam_run.c.cam_id == t.fake_run.c.cam_id)
        .join(t.chip_run, t.chip_run.c.chip_id == t.cam_run.c.chip_id)
        .join(t.raw_exp, t.raw_exp.c.exp_id == t.chip_run.c.exp_id)
    )


def earlier_stages_full() -> ColumnElement[bool]:
    """The fake, camera and chip runs in front of a warpRun are done."""
    return and_(t.fake_run.c.state == "full", t.cam_run.c.state == "full", t.chip_run.c.state == "full")


def _runs(warp_ids: Sequence[int]) -> Select[Any]:
    run = t.warp_run.c
    query = select(run.warp_id, run.workdir, run.reduction, t.raw_exp.c.exp_tag).select_from(t.warp_run)
    return exposure_of_warp(query).where(
        run.warp_id.in_(warp_ids), in_state_new(t.warp_run), earlier_stages_full(), label_may_go(Stage.WARP)
    )


def _skycells(warp_ids: Sequence[int]) -> Select[Any]:
    cell, made, imfile = t.warp_sky_cell_map.c, t.warp_skyfile.c, t.warp_imfile.c
    done = exists().where(
        made.warp_id == cell.warp_id, made.skycell_id == cell.skycell_id, made.tess_id == cell.tess_id
    )
    return (
        select(cell.warp_id, cell.skycell_id, cell.tess_id, imfile.warp_skyfile_id, cell.fault)
        .distinct()
        .outerjoin_from(
            t.warp_sky_cell_map,
            t.warp_imfile,
            (imfile.warp_id == cell.warp_id) & (imfile.skycell_id == cell.skycell_id),
        )
        .where(cell.warp_id.in_(warp_ids), ~done)
        .order_by(cell.warp_id, cell.skycell_id, cell.tess_id)
    )


def _chips(warp_ids: Sequence[int]) -> Select[Any]:
    cell, chip, camera, raw = t.warp_sky_cell_map.c, t.chip_processed_imfile.c, t.cam_processed_exp.c, t.raw_imfile.c
    query = select(cell.warp_id, cell.skycell_id, cell.tess_id, cell.class_id).add_columns(
        chip.path_base.label("chip_path_base"), camera.path_base.label("cam_path_base")
    )
    query = query.select_from(t.warp_run).join(t.warp_sky_cell_map, cell.warp_id == t.warp_run.c.warp_id)
    # by the whole key: with chip_id alone all of an exposure's OTAs are gone by for each that touches a skycell
    result = and_(
        chip.chip_id == t.chip_run.c.chip_id, chip.exp_id == t.chip_run.c.exp_id, chip.class_id == cell.class_id
    )
    return (
        exposure_of_warp(query)
        .join(t.cam_processed_exp, camera.cam_id == t.cam_run.c.cam_id)
        .join(t.chip_processed_imfile, result)
        .join(t.raw_imfile, (raw.exp_id == chip.exp_id) & (raw.class_id == chip.class_id))
        .where(cell.warp_id.in_(warp_ids), is_faultless(t.warp_sky_cell_map), chip.quality == 0, is_used())
        .order_by(cell.warp_id, cell.skycell_id, cell.class_id)
    )


def _chip(class_id: str, chip_path_base: str | None, cam_path_base: str | None) -> WarpChip:
    return WarpChip(
        class_id=class_id,
        chip_path_base=text_or_none(chip_path_base) or "",
        cam_path_base=text_or_none(cam_path_base) or "",
    )


def _warp_rows(row: RowMapping, skycells: Sequence[WarpSkycell], barred: Iterable[str]) -> WarpRows:
    text = Texts(row, f"warpRun {row['warp_id']}")
    return WarpRows(
        warp_id=row["warp_id"],
        exp_tag=text("exp_tag"),
        workdir=text("workdir"),
        reduction=text_or_none(row["reduction"]),
        skycells=tuple(skycells),
        barred=tuple(barred),
    )
