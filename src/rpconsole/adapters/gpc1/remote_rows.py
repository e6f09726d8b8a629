"""gpc1's two remote tables, row by row, for ``remotetool``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    case,
    func,
    inspect,
    literal_column,
    or_,
    select,
    true,
    update,
)

from rpconsole.adapters.gpc1.bundling import BUNDLES, StageTable, bundle_runs, refuse_retry_at_work, refuse_second_hold
from rpconsole.adapters.gpc1.engine import Gpc1
from rpconsole.adapters.gpc1.tables import remote_component, remote_run
from rpconsole.adapters.gpc1.values import moment_or_none, text_or_none
from rpconsole.domain.fault import BadData
from rpconsole.domain.run import ComponentState
from rpconsole.ports.remote_rows import Bundle, Bundled, Row, Value, Which

#: component states in which prepare is through with a component
THROUGH_PREPARE = (ComponentState.PREP_DONE, ComponentState.PREP_FAIL, ComponentState.FAIL)
_NOW: Any = literal_column("CURRENT_TIMESTAMP")


class SqlRemoteRows:
    """``RemoteRows`` on gpc1's tables."""

    def __init__(self, gpc1: Gpc1) -> None:
        self._gpc1 = gpc1

    async def bundle(self, order: Bundle) -> Bundled:
        table = BUNDLES[order.stage]
        await self._gpc1.read(lambda connection: _refuse_without(connection, table))
        if order.pretend:
            return await self._gpc1.read(lambda connection: bundle_runs(connection, order))
        # the engine's own definitions take the same lock
        return await self._gpc1.write_alone(f"define.{order.stage}", lambda connection: bundle_runs(connection, order))

    async def runs(self, which: Which, limit: int = 0) -> list[Row]:
        query = select(remote_run).where(*_run_conditions(which)).order_by(remote_run.c.remote_id)
        return await self._rows(query, limit)

    async def components(self, which: Which, limit: int = 0) -> list[Row]:
        one, run = remote_component.c, remote_run.c
        query = (
            select(one.remote_id, one.stage_id, one.jobs, one.state, one.path_base, run.stage)
            .add_columns(run.path_base.label("run_path_base"))
            .distinct()
            .join_from(remote_component, remote_run, run.remote_id == one.remote_id)
            .where(*_run_conditions(which), *_equal(remote_component, which.component))
            .order_by(one.remote_id, one.stage_id)
        )
        return await self._rows(query, limit)

    async def prepared(self, which: Which, limit: int = 0) -> list[Row]:
        one, run = remote_component.c, remote_run.c
        through = func.sum(case((one.state.in_(list(THROUGH_PREPARE)), 1), else_=0))
        counts = (
            select(one.remote_id, through.label("Ndone"), func.count().label("Njobs"))
            .group_by(one.remote_id)
            .having(through == func.count())
            .subquery()
        )
        query = (
            select(run.remote_id, run.path_base, run.stage, counts.c.Ndone, counts.c.Njobs)
            .join_from(remote_run, counts, counts.c.remote_id == run.remote_id)
            .where(*_run_conditions(which))
            .order_by(run.remote_id)
        )
        return await self._rows(query, limit)

    async def change_runs(self, which: Which, values: Mapping[str, Value]) -> int:
        statement = (
            update(remote_run)
            .where(*_run_conditions(which), _differ(remote_run, values))
            .values({**values, "last_poll": _NOW})
        )
        return await self._gpc1.write(lambda connection: connection.execute(statement).rowcount)

    async def change_components(self, which: Which, values: Mapping[str, Value]) -> int:
        of_runs = select(remote_run.c.remote_id).where(*_run_conditions(which))
        chosen = remote_component.c.remote_id.in_(of_runs) if which.run else true()
        wanted = (chosen, *_equal(remote_component, which.component), _differ(remote_component, values))
        statement = update(remote_component).where(*wanted).values(values)

        if "state" not in values:
            return await self._gpc1.write(lambda connection: connection.execute(statement).rowcount)
        refuse = refuse_retry_at_work if values["state"] == ComponentState.RETRY else refuse_second_hold

        def work(connection: Connection) -> int:
            refuse(connection, wanted)
            return connection.execute(statement).rowcount

        if refuse is refuse_retry_at_work:
            return await self._gpc1.write(work)
        of_run = select(remote_run.c.stage).where(*_run_conditions(which)).limit(1)
        stage = await self._gpc1.read(lambda connection: connection.scalar(of_run))
        # nobody may take the item up between our look and our write
        return await self._gpc1.write_alone(f"define.{stage}", work)

    async def touch(self, remote_id: int) -> int:
        statement = update(remote_run).where(remote_run.c.remote_id == remote_id).values(last_poll=_NOW)
        return await self._gpc1.write(lambda connection: connection.execute(statement).rowcount)

    async def _rows(self, query: Select[Any], limit: int) -> list[Row]:
        limited = query.limit(limit) if limit else query
        rows = await self._gpc1.read(lambda connection: connection.execute(limited).mappings().all())
        return [{name: _value(name, value) for name, value in row.items()} for row in rows]


def _value(name: str, value: Any) -> Value:
    """A column's value; sums come as decimals, zero dates as text."""
    if name == "last_poll":
        return moment_or_none(value)
    return text_or_none(value) if value is None or isinstance(value, str) else int(value)


def _run_conditions(which: Which) -> Iterator[ColumnElement[bool]]:
    yield from _equal(remote_run, which.run)
    if which.poll_begin is not None:
        yield remote_run.c.last_poll >= which.poll_begin
    if which.poll_end is not None:
        yield remote_run.c.last_poll <= which.poll_end


def _equal(table: Table, wanted: Mapping[str, Sequence[Value]]) -> Iterator[ColumnElement[bool]]:
    for name, values in wanted.items():
        column = table.c[name]
        known = [value for value in values if value is not None]
        yield or_(column.in_(known), column.is_(None)) if len(known) < len(values) else column.in_(known)


def _differ(table: Table, values: Mapping[str, Value]) -> ColumnElement[bool]:
    """Any of the columns has another value: a row that is right already is not touched, and not counted."""
    return or_(*(table.c[name].is_distinct_from(value) for name, value in values.items()))


def _refuse_without(connection: Connection, stage: StageTable) -> None:
    if not inspect(connection).has_table(stage.name):
        raise BadData(f"this database has no table {stage.name}, from which {stage.stage} runs would be defined")
