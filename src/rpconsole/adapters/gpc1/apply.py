"""Completion records on their way into the result tables, each in one transaction.

Masks and inactive labels do not hold here, as they do in pending queries: they stop new work, and this work is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, select

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.complete import complete_camera, complete_stack
from rpconsole.domain.dbinfo import DbinfoStatement
from rpconsole.domain.paths import same_file
from rpconsole.domain.stage import Stage
from rpconsole.ports.survey import Applied, Outcome

#: columns that are 0 where a statement says nothing of them
NOUGHT = ("fault", "quality")


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultTable:
    """Where a stage's results go."""

    table: Table
    #: a run's component exists when a row of each of these has the statement's ids
    parents: tuple[Table, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    #: the ids that name a row, and the columns that a statement may set
    id_names: tuple[str, ...] = field(init=False)
    settable: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        ids = tuple(column.name for column in self.table.primary_key.columns)
        object.__setattr__(self, "id_names", ids)
        object.__setattr__(self, "settable", frozenset(column.name for column in self.table.columns) - set(ids))


RESULTS: Mapping[Stage, ResultTable] = {
    Stage.CHIP: ResultTable(
        table=t.chip_processed_imfile, parents=(t.chip_run, t.chip_imfile), defaults={"data_state": "full"}
    ),
    Stage.CAMERA: ResultTable(table=t.cam_processed_exp, parents=(t.cam_run,)),
    Stage.WARP: ResultTable(table=t.warp_skyfile, parents=(t.warp_sky_cell_map,), defaults={"data_state": "full"}),
    Stage.STACK: ResultTable(table=t.stack_sum_skyfile, parents=(t.stack_run,)),
}


def apply_one(connection: Connection, statement: DbinfoStatement) -> Applied:
    """Insert a result and do what follows from it; nothing is written unless the outcome is APPLIED."""
    wrong = wrong_shape(statement)
    if wrong:
        return refused(statement, wrong)
    seen = applied_before(connection, statement)
    if seen is not None:
        return seen
    wrong = _missing_parent(connection, statement)
    if wrong:
        return refused(statement, wrong)
    values = row_values(statement)
    if statement.stage is Stage.CAMERA:
        wrong = complete_camera(connection, values)
    elif statement.stage is Stage.STACK:
        wrong = complete_stack(connection, values)
    else:
        connection.execute(insert(RESULTS[statement.stage].table).values(values))
    if wrong:
        # while we waited for the run's row, somebody else may have applied the same result
        return applied_before(connection, statement) or refused(statement, wrong)
    return Applied(statement=statement, outcome=Outcome.APPLIED)


def applied_before(connection: Connection, statement: DbinfoStatement) -> Applied | None:
    """The outcome for a statement whose row is there already; None when it is not."""
    if wrong_shape(statement):
        return None
    there = _existing(connection, statement)
    return None if there is None else judged(statement, there)


def judged(statement: DbinfoStatement, there: Row[Any]) -> Applied:
    """The outcome for a statement whose row is there: its ``path_base`` and ``fault`` decide."""
    path_base = str(statement.columns.get("path_base"))
    if there.path_base != path_base and not same_file(str(there.path_base), path_base):
        sentence = f"{_ids(statement)} has a result from {there.path_base} already, this one is from {path_base}"
        return refused(statement, sentence)
    if there.fault and not statement.columns.get("fault"):
        return refused(statement, f"{_ids(statement)} has a row with fault {there.fault}: revert it first")
    return Applied(statement=statement, outcome=Outcome.ALREADY, sentence=f"{_ids(statement)} was applied before")


def refused(statement: DbinfoStatement, sentence: str) -> Applied:
    """A refusal that says where the statement came from."""
    return Applied(statement=statement, outcome=Outcome.REFUSED, sentence=f"{statement.source}: {sentence}")


def row_values(statement: DbinfoStatement) -> dict[str, Any]:
    """The row to insert: what was not given is no fault, good quality, and NULL."""
    given: dict[str, Any] = statement.columns
    for name in NOUGHT:
        given[name] = given.get(name) or 0
    return {**given, **statement.ids, **RESULTS[statement.stage].defaults}


def wrong_shape(statement: DbinfoStatement) -> str | None:
    """Why this can be no row of the stage's result table; None when it can."""
    return _wrong_shape(statement.stage, statement.id_names, statement.names)


@lru_cache(maxsize=64)
def _wrong_shape(stage: Stage, ids: tuple[str, ...], names: tuple[str, ...]) -> str | None:
    result = RESULTS[stage]
    if ids != result.id_names:
        return f"a {stage} result is named by {', '.join(result.id_names)}, not by {', '.join(ids)}"
    unknown = sorted(set(names) - result.settable)
    return f"{result.table.name} has no column {', '.join(unknown)} to set" if unknown else None


def _existing(connection: Connection, statement: DbinfoStatement) -> Row[Any] | None:
    table = RESULTS[statement.stage].table
    query = select(table.c.path_base, table.c.fault).where(
        *(table.c[name] == value for name, value in statement.ids.items())
    )
    return connection.execute(query).one_or_none()


def _missing_parent(connection: Connection, statement: DbinfoStatement) -> str | None:
    for parent in RESULTS[statement.stage].parents:
        known = {name: value for name, value in statement.ids.items() if name in parent.c}
        query = select(next(iter(parent.c))).where(*(parent.c[name] == value for name, value in known.items()))
        if connection.execute(query.limit(1)).first() is None:
            return f"{parent.name} has no row with {_words(known)}"
    return None


def _ids(statement: DbinfoStatement) -> str:
    return f"{statement.stage} {_words(statement.ids)}"


def _words(ids: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in ids.items())
