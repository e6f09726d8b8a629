"""Costs of finished tasks, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select

from rpconsole.adapters.journal import tables
from rpconsole.adapters.sql import Database, upsert
from rpconsole.domain.cost import TaskCost
from rpconsole.domain.stage import Stage


class SqlCostBook:
    """The CostBook of one gpc1 database and site."""

    def __init__(self, database: Database, *, dbname: str, site: str) -> None:
        self._database = database
        self._key = {"dbname": dbname, "site": site}

    async def record(self, costs: Sequence[TaskCost]) -> None:
        """See the port."""
        rows = [{**self._key, **asdict(cost), "stage": str(cost.stage)} for cost in costs]
        if rows:
            table = tables.task_cost
            await self._database.write(lambda connection: connection.execute(upsert(connection, table), rows))

    async def recent(self, stage: Stage, *, label: str | None = None, limit: int = 200) -> list[TaskCost]:
        """See the port."""
        table = tables.task_cost
        columns = [column for column in table.columns if column.name not in self._key]
        query = select(*columns).where(
            table.c.dbname == self._key["dbname"], table.c.site == self._key["site"], table.c.stage == str(stage)
        )
        if label is not None:
            query = query.where(table.c.label == label)
        newest = query.order_by(table.c.remote_id.desc(), table.c.filter).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(newest).mappings().all())
        return [TaskCost(**{**row, "stage": stage}) for row in rows]
