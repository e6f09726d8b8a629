"""Registering stackRuns for skycells that have enough good warps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, exists, func, insert, select

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.gates import is_good
from rpconsole.adapters.gpc1.survey_warp import exposure_of_warp
from rpconsole.adapters.gpc1.values import text_or_none

#: a stack of one is no stack: the IPP refuses less
FEWEST_WARPS = 2
_Group = tuple[str, str, str]


def define_stacks(connection: Connection, label: str, min_warps: int) -> list[int]:
    """One stackRun for each (tess_id, skycell_id, filter); the caller sees to it that nobody else is defining stacks."""
    made = []
    for group, rows in groupby(connection.execute(_members(label)).mappings(), key=_group):
        members = list(rows)
        if len(members) >= max(min_warps, FEWEST_WARPS):
            made.append(_register(connection, label, group, members))
    return made


def projection_cell_of(skycell_id: str) -> str:
    """``skycell.1234.056`` lies in the projection cell ``skycell.1234``; an id of two parts in ``skycell``."""
    return skycell_id.rsplit(".", 1)[0] if skycell_id.count(".") < 2 else ".".join(skycell_id.split(".")[:2])


def _members(label: str) -> Select[Any]:
    made, run, stack = t.warp_skyfile.c, t.warp_run.c, t.stack_run.c
    of_filter = t.raw_exp.c.filter
    query = select(made.tess_id, made.skycell_id, of_filter, run.warp_id, run.workdir, run.reduction)
    query = query.select_from(t.warp_run).join(t.warp_skyfile, made.warp_id == run.warp_id)
    there = exists().where(
        stack.label == label,
        stack.skycell_id == made.skycell_id,
        stack.tess_id == made.tess_id,
        stack.filter == of_filter,
    )
    return (
        exposure_of_warp(query)
        .where(run.state == "full", run.label == label, is_good(t.warp_skyfile), of_filter.is_not(None), ~there)
        .order_by(made.tess_id, made.skycell_id, of_filter, run.warp_id)
    )


def _group(row: RowMapping) -> _Group:
    return row["tess_id"], row["skycell_id"], row["filter"]


def _register(connection: Connection, label: str, group: _Group, members: Sequence[RowMapping]) -> int:
    tess_id, skycell_id, of_filter = group
    row = {
        "state": "new",
        "workdir": text_or_none(members[0]["workdir"]),
        "label": label,
        "data_group": label,
        "reduction": _common([text_or_none(member["reduction"]) for member in members]),
        "registered": func.current_timestamp(),
        "skycell_id": skycell_id,
        "tess_id": tess_id,
        "filter": of_filter,
    }
    made = connection.execute(insert(t.stack_run).values(row)).inserted_primary_key
    assert made is not None
    stack_id = int(made[0])
    association = _association(connection, label, group)
    connection.execute(insert(t.stack_association_map).values(sass_id=association, stack_id=stack_id))
    inputs = [{"stack_id": stack_id, "warp_id": member["warp_id"]} for member in members]
    connection.execute(insert(t.stack_input_skyfile), inputs)
    return stack_id


def _association(connection: Connection, data_group: str, group: _Group) -> int:
    """The row that ties stacks of one projection cell and filter together, found or made."""
    tess_id, skycell_id, of_filter = group
    names = {
        "data_group": data_group,
        "tess_id": tess_id,
        "filter": of_filter,
        "projection_cell": projection_cell_of(skycell_id),
    }
    table = t.stack_association
    query = select(table.c.sass_id).where(*(table.c[name] == value for name, value in names.items())).limit(1)
    found = connection.scalar(query)
    if found is not None:
        return int(found)
    made = connection.execute(insert(table).values(names)).inserted_primary_key
    assert made is not None
    return int(made[0])


def _common(values: Sequence[str | None]) -> str | None:
    return values[0] if len(set(values)) == 1 else None
