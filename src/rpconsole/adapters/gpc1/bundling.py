"""Bundling for ``remotetool``: stages that rpconsole does not process included, several labels at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, FromClause, Select, column, exists, func, inspect, select, table

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.define import has_overlap, insert_run, is_held
from rpconsole.adapters.gpc1.gates import MASKS, RUN_TABLES
from rpconsole.domain.fault import BadData
from rpconsole.domain.run import ComponentState, RunState
from rpconsole.domain.stage import STAGE_WORDS, Stage
from rpconsole.ports.remote_rows import Bundle, Bundled


@dataclass(frozen=True, kw_only=True, slots=True)
class StageTable:
    """Where a stage's runs are."""

    stage: str
    name: str
    table: FromClause
    id_name: str

    @property
    def stage_id(self) -> ColumnElement[int]:
        return self.table.c[self.id_name]


def _elsewhere(stage: str, name: str, id_name: str) -> StageTable:
    """A stage that is not ours: three columns of its table are enough."""
    columns = table(name, column(id_name), column("state"), column("label"))
    return StageTable(stage=stage, name=name, table=columns, id_name=id_name)


BUNDLES: Mapping[str, StageTable] = {
    **{
        str(stage): StageTable(
            stage=stage,
            name=STAGE_WORDS[stage].run_table,
            table=RUN_TABLES[stage],
            id_name=STAGE_WORDS[stage].id_column,
        )
        for stage in Stage
    },
    "staticsky": _elsewhere("staticsky", "staticskyRun", "sky_id"),
    "diff": _elsewhere("diff", "diffRun", "diff_id"),
    "ff": _elsewhere("ff", "fullForceRun", "ff_id"),
}


def bundle_runs(connection: Connection, order: Bundle) -> Bundled:
    """Select and insert on one connection; the caller sees to it that nobody else is defining this stage."""
    stopped = tuple(label for label in order.labels if _is_stopped(connection, order.stage, label))
    free = _free_runs(order, stopped)
    stage_ids = tuple(connection.scalars(free.limit(order.limit) if order.limit else free))
    if order.pretend or not stage_ids:
        return Bundled(stage_ids=stage_ids, remote_id=None, stopped=stopped)
    remote_id = insert_run(connection, order.stage, order.set_label, order.path_base, stage_ids=stage_ids)
    return Bundled(stage_ids=stage_ids, remote_id=remote_id, stopped=stopped)


def _free_runs(order: Bundle, stopped: tuple[str, ...]) -> Select[tuple[int]]:
    stage = BUNDLES[order.stage]
    labels = [label for label in order.labels if label not in stopped]
    query = select(stage.stage_id).where(
        stage.table.c.state == "new", stage.table.c.label.in_(labels), ~is_held(order.stage, stage.stage_id)
    )
    if order.stage == Stage.WARP:
        query = query.where(has_overlap(stage.stage_id))
    return query.order_by(stage.stage_id)


def _is_stopped(connection: Connection, stage: str, label: str) -> bool:
    """The label is inactive, or masked at this stage: its runs would not be pending when they are prepared."""
    asked = {t.label: exists().where(t.label.c.label == label, func.coalesce(t.label.c.active, 0) == 0)}
    mask = MASKS.get(Stage(stage)) if stage in set(Stage) else None
    if mask is not None:
        asked[mask] = exists().where(mask.c.label == label)
    # the IPP's own tool does without these tables, so scripts may have a database that has none
    there = inspect(connection)
    return any(there.has_table(table.name) and connection.scalar(select(asked[table])) for table in asked)


#: states of a run whose job works on its prepared components, or is about to
AT_WORK = (RunState.PENDING, RunState.RUN, RunState.AUTH)


def refuse_retry_at_work(connection: Connection, wanted: Sequence[ColumnElement[bool]]) -> None:
    """BadData when a component is to be given free for another run although the job of its own run works on it."""
    one, run = t.remote_component, t.remote_run
    query = (
        select(one.c.remote_id, one.c.stage_id, run.c.state)
        .join_from(one, run, run.c.remote_id == one.c.remote_id)
        .where(*wanted, one.c.state == ComponentState.PREP_DONE, run.c.state.in_(AT_WORK))
    )
    found = connection.execute(query.limit(1)).first()
    if found is not None:
        raise BadData(
            f"component {found.stage_id} is part of the job of run {found.remote_id}, which is '{found.state}': no item may be "
            f"in two runs; end that run first ('rpconsole run cancel {found.remote_id}')"
        )


def refuse_second_hold(connection: Connection, wanted: Sequence[ColumnElement[bool]]) -> None:
    """BadData when a component in 'retry' is to take its stage run back although another run holds it by now."""
    one, run, other, other_run = t.remote_component, t.remote_run, t.remote_component.alias(), t.remote_run.alias()
    query = (
        select(one.c.remote_id, one.c.stage_id, other.c.remote_id.label("holder"))
        .join_from(one, run, run.c.remote_id == one.c.remote_id)
        .join(other, (other.c.stage_id == one.c.stage_id) & (other.c.remote_id != one.c.remote_id))
        .join(other_run, (other_run.c.remote_id == other.c.remote_id) & (other_run.c.stage == run.c.stage))
        .where(*wanted, one.c.state == ComponentState.RETRY, other.c.state != ComponentState.RETRY)
    )
    found = connection.execute(query.limit(1)).first()
    if found is not None:
        raise BadData(
            f"component {found.stage_id} of run {found.remote_id} was set to 'retry', and run {found.holder} has taken it "
            "up since: no item may be in two runs"
        )
