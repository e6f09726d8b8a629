"""What prepare needs of camRuns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, exists, select

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.gates import in_state_new, is_used, label_may_go
from rpconsole.adapters.gpc1.values import Texts, finite_or_none, readable_rows, storable, text_or_none
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import CameraRows, ChipResult, Unreadable


def camera_rows(connection: Connection, cam_ids: Sequence[int]) -> dict[int, CameraRows | Unreadable]:
    """Pending camRuns of these, each with every result of its chips: bad ones too, the camera stage judges them."""
    runs = list(connection.execute(_runs(cam_ids)).mappings())
    exposure_s = {row["cam_id"]: finite_or_none(row["exp_time"]) for row in runs}
    chips: dict[int, list[ChipResult]] = {}
    for row in connection.execute(_chips(list(exposure_s))).mappings():
        chips.setdefault(row["cam_id"], []).append(_chip_result(row, exposure_s[row["cam_id"]]))
    return readable_rows(runs, lambda row: _camera_rows(row, chips.get(row["cam_id"], [])), "cam_id")


def _runs(cam_ids: Sequence[int]) -> Select[Any]:
    run, exposure = t.cam_run.c, t.raw_exp.c
    return (
        select(run.cam_id, run.chip_id, run.workdir, run.reduction)
        .add_columns(exposure.exp_id, exposure.exp_name, exposure.exp_tag, exposure.exp_time)
        .join_from(t.cam_run, t.chip_run, t.chip_run.c.chip_id == run.chip_id)
        .join(t.raw_exp, exposure.exp_id == t.chip_run.c.exp_id)
        .where(run.cam_id.in_(cam_ids), in_state_new(t.cam_run), t.chip_run.c.state == "full")
        .where(~exists().where(t.cam_processed_exp.c.cam_id == run.cam_id), label_may_go(Stage.CAMERA))
    )


def _chips(cam_ids: Sequence[int]) -> Select[Any]:
    done, raw = t.chip_processed_imfile, t.raw_imfile.c
    return (
        select(t.cam_run.c.cam_id, *done.c)
        .join_from(t.cam_run, done, done.c.chip_id == t.cam_run.c.chip_id)
        .join(t.raw_imfile, (raw.exp_id == done.c.exp_id) & (raw.class_id == done.c.class_id))
        .where(t.cam_run.c.cam_id.in_(cam_ids), is_used())
        .order_by(t.cam_run.c.cam_id, done.c.class_id)
    )


def _chip_result(row: RowMapping, exposure_s: float | None) -> ChipResult:
    columns = {column.name: storable(row[column.name]) for column in t.chip_processed_imfile.columns}
    columns["deteff_inst"] = _instrumental_magnitude(columns["deteff_magref"], exposure_s)
    return ChipResult(
        class_id=row["class_id"],
        path_base=text_or_none(row["path_base"]) or "",
        quality=row["quality"],
        columns=columns,
    )


def _instrumental_magnitude(reference: float | None, exposure_s: float | None) -> float | None:
    """The detection limit's reference magnitude, brought to one second of exposure."""
    if reference is None or exposure_s is None or exposure_s <= 0:
        return None
    return 2.5 * math.log10(exposure_s) + reference


def _camera_rows(row: RowMapping, chips: Sequence[ChipResult]) -> CameraRows:
    text = Texts(row, f"camRun {row['cam_id']}")
    return CameraRows(
        cam_id=row["cam_id"],
        chip_id=row["chip_id"],
        exp_id=row["exp_id"],
        exp_name=text("exp_name"),
        exp_tag=text("exp_tag"),
        exp_time=finite_or_none(row["exp_time"]),
        workdir=text("workdir"),
        reduction=text_or_none(row["reduction"]),
        chips=tuple(chips),
    )
