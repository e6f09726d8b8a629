"""What prepare needs of chipRuns.

Runs in state 'update' (data that were cleaned and are made again) are the IPP's own affair: only 'new' is pending here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, Select, exists, select

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.gates import in_state_new, is_used, label_may_go
from rpconsole.adapters.gpc1.values import Texts, readable_rows, text_or_none
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import ChipRows, RawImfile, Unreadable

#: the largest INT stands for "none" in the IPP
UNKNOWN_SIZE = 2**31 - 1


def chip_rows(connection: Connection, chip_ids: Sequence[int]) -> dict[int, ChipRows | Unreadable]:
    """Pending chipRuns of these with their pending OTAs; a run with none is not pending."""
    imfiles: dict[int, list[RawImfile]] = {}
    for row in connection.execute(_imfiles(chip_ids)).all():
        imfiles.setdefault(row[0], []).append(_imfile(row))
    runs = [row for row in connection.execute(_runs(chip_ids)).mappings() if row["chip_id"] in imfiles]
    return readable_rows(runs, lambda row: _chip_rows(row, imfiles[row["chip_id"]]), "chip_id")


def _runs(chip_ids: Sequence[int]) -> Select[Any]:
    run, exposure = t.chip_run.c, t.raw_exp.c
    return (
        select(run.chip_id, run.workdir, run.reduction)
        .add_columns(exposure.exp_id, exposure.exp_name, exposure.exp_tag, exposure.filter, exposure.dateobs)
        .join_from(t.chip_run, t.raw_exp, exposure.exp_id == run.exp_id)
        .where(run.chip_id.in_(chip_ids), in_state_new(t.chip_run), label_may_go(Stage.CHIP))
    )


def _imfiles(chip_ids: Sequence[int]) -> Select[Any]:
    run, raw, imfile, done = t.chip_run.c, t.raw_imfile.c, t.chip_imfile.c, t.chip_processed_imfile.c
    processed = exists().where(done.chip_id == run.chip_id, done.exp_id == run.exp_id, done.class_id == imfile.class_id)
    return (
        select(run.chip_id, imfile.chip_imfile_id, raw.class_id, raw.uri, raw.video_cells, raw.burntool_state)
        .add_columns(raw.bytes, raw.md5sum)
        .join_from(t.chip_run, t.chip_imfile, imfile.chip_id == run.chip_id)
        .join(t.raw_imfile, (raw.exp_id == run.exp_id) & (raw.class_id == imfile.class_id))
        .where(run.chip_id.in_(chip_ids), in_state_new(t.chip_run), is_used(), ~processed)
        .order_by(run.chip_id, raw.class_id)
    )


def _imfile(row: Row[Any]) -> RawImfile:
    _, chip_imfile_id, class_id, uri, video_cells, burntool_state, size, md5sum = row
    return RawImfile(
        class_id=class_id,
        uri=text_or_none(uri) or "",
        chip_imfile_id=chip_imfile_id,
        video_cells=bool(video_cells),
        burntool_state=burntool_state,
        bytes=size if size is not None and 0 < size < UNKNOWN_SIZE else None,
        md5sum=text_or_none(md5sum),
    )


def _chip_rows(row: RowMapping, imfiles: Sequence[RawImfile]) -> ChipRows:
    text = Texts(row, f"chipRun {row['chip_id']}")
    return ChipRows(
        chip_id=row["chip_id"],
        exp_id=row["exp_id"],
        exp_name=text("exp_name"),
        exp_tag=text("exp_tag"),
        filter=text("filter"),
        dateobs=text.moment("dateobs"),
        workdir=text("workdir"),
        reduction=text_or_none(row["reduction"]),
        imfiles=tuple(imfiles),
    )
