"""Bundling a stage's new runs into one remote run."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Select, exists, func, insert, literal_column, select

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.gates import RUN_TABLES, label_may_go
from rpconsole.domain.run import ComponentState, RunState
from rpconsole.domain.stage import STAGE_WORDS, Stage
from rpconsole.ports.run_store import DefineOrder, Definition


def define_run(connection: Connection, order: DefineOrder) -> Definition:
    """Select and insert on one connection; the caller sees to it that nobody else is defining this stage."""
    stage_ids = tuple(connection.scalars(_free_runs(order)))
    if not stage_ids:
        return Definition(remote_id=None, stage_ids=(), why=_why_none(connection, order) if order.explain else "")
    if order.pretend:
        return Definition(remote_id=None, stage_ids=stage_ids)
    remote_id = insert_run(
        connection, order.stage, order.set_label or order.label, order.path_base, stage_ids=stage_ids
    )
    return Definition(remote_id=remote_id, stage_ids=stage_ids)


def insert_run(connection: Connection, stage: str, label: str, path_base: str, *, stage_ids: Sequence[int]) -> int:
    """A new run and its components; returns its remote_id."""
    row = {
        "state": RunState.NEW,
        "stage": stage,
        "label": label,
        "path_base": path_base,
        "job_id": -1,
        "last_poll": literal_column("CURRENT_TIMESTAMP"),
        "fault": 0,
    }
    made = connection.execute(insert(t.remote_run).values(row)).inserted_primary_key
    assert made is not None
    component = {"remote_id": int(made[0]), "jobs": 0, "state": ComponentState.NEW, "path_base": None}
    connection.execute(insert(t.remote_component), [{**component, "stage_id": stage_id} for stage_id in stage_ids])
    return int(made[0])


def is_held(stage: str, stage_id: ColumnElement[int]) -> ColumnElement[bool]:
    """A remote run of this stage has the stage run among its components, whatever label the remote run was set to.

    Only the component state 'retry' lets go of it.
    """
    return exists().where(
        t.remote_component.c.stage_id == stage_id,
        t.remote_component.c.state != ComponentState.RETRY,
        t.remote_run.c.remote_id == t.remote_component.c.remote_id,
        t.remote_run.c.stage == stage,
    )


def has_overlap(warp_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The warp's overlap with the sky's cells has been computed."""
    return exists().where(t.warp_sky_cell_map.c.warp_id == warp_id)


def _free_runs(order: DefineOrder) -> Select[tuple[int]]:
    table = RUN_TABLES[order.stage]
    stage_id = table.c[STAGE_WORDS[order.stage].id_column]
    query = select(stage_id).where(
        table.c.state == "new",
        table.c.label == order.label,
        label_may_go(order.stage),
        ~is_held(order.stage, stage_id),
    )
    if order.stage is Stage.WARP:
        query = query.where(has_overlap(stage_id))
    query = query.order_by(stage_id)
    return query.limit(order.limit) if order.limit else query


def _why_none(connection: Connection, order: DefineOrder) -> str:
    """What keeps the label's new runs from being bundled; empty where there are none."""
    table = RUN_TABLES[order.stage]
    stage_id = table.c[STAGE_WORDS[order.stage].id_column]
    new = select(func.count()).select_from(table).where(table.c.state == "new", table.c.label == order.label)
    count, going = connection.scalar(new) or 0, connection.scalar(new.where(label_may_go(order.stage))) or 0
    if count and not going:
        return f"{count} new in {order.stage}, but label {order.label} is inactive or masked at {order.stage}"
    held = connection.scalar(new.where(is_held(order.stage, stage_id))) or 0
    mapless = count - held
    parts = [f"{held} in remote runs already"] if held else []
    parts += [f"{mapless} without an overlap map"] if mapless and order.stage is Stage.WARP else []
    return f"of {count} new in {order.stage}: {', '.join(parts)}" if parts else ""
