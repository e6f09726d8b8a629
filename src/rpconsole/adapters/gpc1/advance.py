"""Setting complete runs to full and registering what follows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, exists, func, insert, select, update

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.gates import ends_at, in_state_new, is_faultless, is_used
from rpconsole.adapters.gpc1.merge import common_magicked, merged_results, summed_results
from rpconsole.adapters.gpc1.values import text_or_none
from rpconsole.domain.stage import STAGE_WORDS, Stage
from rpconsole.domain.stage_rows import Advanced

#: columns that travel from run to run
CARRIED = ("workdir", "label", "data_group", "dist_group", "reduction", "expgroup", "dvodb", "tess_id", "end_stage")
#: the mask fractions of a camRun, zero until its results come
CAMERA_FRACTIONS = tuple(
    f"maskfrac_{which}_{what}"
    for which in ("ref", "max")
    for what in ("npix", "static", "dynamic", "magic", "advisory")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Advancing:
    """How a stage's runs become full: where its results are, and when they are all there."""

    stage: Stage
    run_table: Table
    result_table: Table
    is_complete: ColumnElement[bool]

    @property
    def id_name(self) -> str:
        return STAGE_WORDS[self.stage].id_column

    def complete_ids(self, label: str | None, stage_ids: Sequence[int] | None = None) -> Select[tuple[int]]:
        """Runs that may be set to full, of these or of all."""
        run_id = self.run_table.c[self.id_name]
        query = select(run_id).where(in_state_new(self.run_table, label), self.is_complete).order_by(run_id)
        return query if stage_ids is None else query.where(run_id.in_(stage_ids))


def results_of(how: Advancing, run_ids: Sequence[int]) -> Select[Any]:
    """The good results of these runs, with what a run's own row is merged from."""
    return summed_results(how.result_table, how.id_name).where(how.result_table.c[how.id_name].in_(run_ids))


def merged_columns(groups: Sequence[Mapping[Any, Any]]) -> dict[str, Any]:
    """What a complete run's row becomes."""
    return {**merged_results(groups), "state": "full", "magicked": common_magicked(groups)}


def advance_one(connection: Connection, how: Advancing, run_id: int) -> Advanced | None:
    """Set one run to full if it still is complete and new, and register its successor; None when it is not."""
    values = merged_columns(connection.execute(results_of(how, [run_id])).mappings().all())
    run = how.run_table
    chosen = and_(run.c[how.id_name] == run_id, in_state_new(run), how.is_complete)
    if connection.execute(update(run).where(chosen).values(values)).rowcount != 1:
        return None
    next_id = register_camera(connection, run_id) if how.stage is Stage.CHIP else None
    return Advanced(stage=how.stage, stage_id=run_id, next_id=next_id)


def register_camera(connection: Connection, chip_id: int) -> int | None:
    """The camRun that follows a full chipRun, unless its chain ends at chip."""
    chip = connection.execute(select(t.chip_run).where(t.chip_run.c.chip_id == chip_id)).mappings().one()
    row = camera_row(chip, chip["magicked"])
    return None if row is None else _numbered(connection, t.cam_run, row)


def camera_row(chip: Mapping[Any, Any], magicked: int) -> dict[str, Any] | None:
    """The camRun that follows a chipRun; None where the chain ends at chip."""
    if ends_at(chip["end_stage"], "chip"):
        return None
    row = {"chip_id": chip["chip_id"], "workdir_state": "dirty", "magicked": magicked}
    return carried(t.cam_run, chip, {**row, **dict.fromkeys(CAMERA_FRACTIONS, 0.0)})


def carried(table: Table, parent: Mapping[Any, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A new run's row with its parent's settings; what the IPP left as the text NULL becomes a real one."""
    names = [name for name in CARRIED if name in table.c]
    return {**{name: text_or_none(parent[name]) for name in names}, **values, "state": "new"}


def register(connection: Connection, table: Table, parent: Row[Any], values: Mapping[str, Any]) -> int:
    """Insert a new run that carries its parent's settings."""
    return _numbered(connection, table, carried(table, parent._mapping, values))


def _numbered(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    made = connection.execute(insert(table).values(row)).inserted_primary_key
    assert made is not None
    return int(made[0])


def _chips_complete() -> ColumnElement[bool]:
    """There are used OTAs, every one has a result without fault, and not all are useless."""
    run, raw, done = t.chip_run.c, t.raw_imfile.c, t.chip_processed_imfile.c
    used = select(func.count()).where(raw.exp_id == run.exp_id, is_used()).correlate(t.chip_run).scalar_subquery()
    result = and_(done.chip_id == run.chip_id, raw.exp_id == run.exp_id, raw.class_id == done.class_id, is_used())
    good = select(func.count()).where(result, is_faultless(t.chip_processed_imfile))
    made = good.correlate(t.chip_run).scalar_subquery()
    # a result that is good is of a used OTA, so there is one
    return and_(used == made, exists().where(result, done.quality <= 0).correlate(t.chip_run))


def _skycells_complete() -> ColumnElement[bool]:
    """Every skycell of the overlap map has a result, and none has a fault."""
    run, cell, made = t.warp_run.c, t.warp_sky_cell_map.c, t.warp_skyfile.c
    has_result = exists().where(made.warp_id == cell.warp_id, made.skycell_id == cell.skycell_id)
    wanted = cell.warp_id == run.warp_id
    return and_(
        exists().where(wanted).correlate(t.warp_run),
        ~exists().where(wanted, ~has_result.correlate(t.warp_sky_cell_map)).correlate(t.warp_run),
        ~exists().where(made.warp_id == run.warp_id, made.fault > 0).correlate(t.warp_run),
    )


ADVANCING: Mapping[Stage, Advancing] = {
    how.stage: how
    for how in (
        Advancing(
            stage=Stage.CHIP,
            run_table=t.chip_run,
            result_table=t.chip_processed_imfile,
            is_complete=_chips_complete(),
        ),
        Advancing(
            stage=Stage.WARP, run_table=t.warp_run, result_table=t.warp_skyfile, is_complete=_skycells_complete()
        ),
    )
}
