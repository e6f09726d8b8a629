"""Refused components, forgotten when they are prepared anew."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete

from rpconsole.adapters.journal import tables
from rpconsole.adapters.sql import NUMBERS_AT_ONCE, Database, among, in_pieces


class SqlRefusals:
    """The Refusals of one gpc1 database."""

    def __init__(self, database: Database, *, dbname: str) -> None:
        self._database = database
        self._dbname = dbname

    async def forget(self, remote_id: int, stage_ids: Collection[int]) -> None:
        """See the port."""
        table = tables.verdict
        mine = delete(table).where(table.c.dbname == self._dbname, table.c.remote_id == remote_id, table.c.item == "")

        def work(connection: Connection) -> None:
            for piece in in_pieces(stage_ids, NUMBERS_AT_ONCE):
                connection.execute(mine.where(among(table.c.stage_id, piece)))

        if stage_ids:
            await self._database.write(work)
