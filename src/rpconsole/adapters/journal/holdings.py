"""What runs have left at the site, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from rpconsole.adapters.journal import tables
from rpconsole.adapters.sql import Database, upsert
from rpconsole.domain.scratch import Holding, HoldingState
from rpconsole.domain.stage import Stage


class SqlHoldingBook:
    """The HoldingBook of one gpc1 database and site."""

    def __init__(self, database: Database, *, dbname: str, site: str) -> None:
        self._database = database
        self._key = {"dbname": dbname, "site": site}

    async def holdings(self) -> list[Holding]:
        """See the port."""
        table = tables.holding
        columns = [column for column in table.columns if column.name not in self._key]
        query = (
            select(*columns)
            .where(table.c.dbname == self._key["dbname"], table.c.site == self._key["site"])
            .where(table.c.state != HoldingState.REMOVED.value)
            .order_by(table.c.remote_id)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_holding(dict(row)) for row in rows]

    async def keep(self, holdings: Sequence[Holding]) -> None:
        """See the port."""
        rows = [{**self._key, **asdict(one), "stage": one.stage.value, "state": one.state.value} for one in holdings]
        if rows:
            table = tables.holding
            await self._database.write(lambda connection: connection.execute(upsert(connection, table), rows))


def _holding(row: dict[str, Any]) -> Holding:
    return Holding(**{**row, "stage": Stage(row["stage"]), "state": HoldingState(row["state"])})
