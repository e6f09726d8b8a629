"""Conditions that several stages' queries share."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, and_, exists, func, or_, true

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.stage import Stage

#: stack has no mask table
MASKS = {Stage.CHIP: t.chip_mask, Stage.CAMERA: t.cam_mask, Stage.WARP: t.warp_mask}
RUN_TABLES = {Stage.CHIP: t.chip_run, Stage.CAMERA: t.cam_run, Stage.WARP: t.warp_run, Stage.STACK: t.stack_run}


def is_used() -> ColumnElement[bool]:
    """An ignored OTA is left out of every count and list."""
    return func.coalesce(t.raw_imfile.c.ignored, 0) == 0


def label_may_go(stage: Stage) -> ColumnElement[bool]:
    """The stage run's label is active or has no row, and is not masked at this stage."""
    label = RUN_TABLES[stage].c.label
    stopped = exists().where(t.label.c.label == label, func.coalesce(t.label.c.active, 0) == 0)
    return and_(~stopped, not_masked(MASKS.get(stage), label))


def not_masked(mask: Table | None, label: ColumnElement[str]) -> ColumnElement[bool]:
    """No row of the mask table names this label."""
    return true() if mask is None else ~exists().where(mask.c.label == label)


def in_state_new(table: Table, label: str | None = None) -> ColumnElement[bool]:
    """State 'new', of one label or of all."""
    return and_(table.c.state == "new", true() if label is None else table.c.label == label)


def is_faultless(table: Table) -> ColumnElement[bool]:
    """Ran without fault.

    Nearly all rows did: by the bare column a server might take the index on it, and read the whole table for a few runs.
    """
    return func.coalesce(table.c.fault, 0) == 0


def is_good(table: Table) -> ColumnElement[bool]:
    """Ran without fault and the data are usable."""
    return and_(is_faultless(table), or_(table.c.quality == 0, table.c.quality.is_(None)))


def ends_at(end_stage: object, word: str) -> bool:
    """Whether a run's chain ends at a stage: the IPP looks for the word inside ``end_stage``, in any case."""
    return end_stage is not None and word in str(end_stage).lower()
