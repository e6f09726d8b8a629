"""Delivered files, verdicts and traffic, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, delete, select

from rpconsole.adapters.journal import tables
from rpconsole.adapters.journal.rows import path_hash, sentence
from rpconsole.adapters.sql import NUMBERS_AT_ONCE, Database, among, in_pieces, plain_rows, upsert, upsert_rows
from rpconsole.ports.journal import Delivered, Verdict


class SqlLedger:
    """The Ledger of one gpc1 database and site."""

    def __init__(self, database: Database, *, dbname: str, site: str) -> None:
        self._database = database
        self._dbname = dbname
        self._site = site

    async def delivered(self, remotes: Collection[str]) -> Mapping[str, Delivered]:
        """See the port."""
        table = tables.delivered
        mine = select(table).where(table.c.dbname == self._dbname, table.c.site == self._site)

        def query(connection: Connection) -> dict[str, Delivered]:
            asked = {path_hash(remote): remote for remote in remotes}
            found: dict[str, Delivered] = {}
            for piece in in_pieces(asked):
                for row in connection.execute(mine.where(table.c.path_hash.in_(piece))).mappings():
                    remote = asked[row["path_hash"]]
                    found[remote] = Delivered(remote=remote, **{name: row[name] for name in _FACTS})
            return found

        return await self._database.read(query)

    async def record_delivered(self, files: Sequence[Delivered]) -> None:
        """See the port."""
        columns = ("dbname", "site", "path_hash", "remote", "local", *_PLAIN)

        def work(connection: Connection) -> None:
            # in the database's thread: there are thousands
            rows = {file.remote: self._delivered_row(file) for file in files}
            upsert_rows(connection, tables.delivered, columns, list(rows.values()))

        await self._database.write(work)

    def _delivered_row(self, file: Delivered) -> tuple[Any, ...]:
        plain = [getattr(file, name) for name in _PLAIN]
        return (
            self._dbname, self._site, path_hash(file.remote), sentence(file.remote), sentence(file.local), *plain
        )  # fmt: skip

    async def record_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            # in the database's thread: there are thousands
            rows = [(self._dbname, *_facts_of(_short(one) if one.sentence else one)) for one in verdicts]
            upsert_rows(connection, tables.verdict, ("dbname", *_VERDICT), rows)

        await self._database.write(work)

    async def verdicts(self, remote_id: int, *, state: str | None = None) -> list[Verdict]:
        """See the port."""
        table = tables.verdict
        query = (
            select(*(table.c[name] for name in _VERDICT))
            .where(table.c.dbname == self._dbname, table.c.remote_id == remote_id)
            .order_by(table.c.stage_id, table.c.item)
        )
        if state is not None:
            query = query.where(table.c.state == state)

        def read(connection: Connection) -> list[Verdict]:
            return [Verdict(*row) for row in plain_rows(connection, query)]

        return await self._database.read(read)

    async def forget_refusals(self, remote_id: int, stage_ids: Collection[int]) -> None:
        """See the port."""
        table = tables.verdict
        mine = delete(table).where(table.c.dbname == self._dbname, table.c.remote_id == remote_id, table.c.item == "")

        def work(connection: Connection) -> None:
            for piece in in_pieces(stage_ids, NUMBERS_AT_ONCE):
                connection.execute(mine.where(among(table.c.stage_id, piece)))

        if stage_ids:
            await self._database.write(work)

    async def add_bytes(self, remote_id: int, *, sent: int = 0, returned: int = 0) -> None:
        """See the port."""
        row = {"dbname": self._dbname, "remote_id": remote_id, "sent": sent, "returned": returned}
        await self._database.write(
            lambda connection: connection.execute(upsert(connection, tables.traffic, added=("sent", "returned")), row)
        )

    async def bytes_of(self, remote_ids: Collection[int]) -> Mapping[int, tuple[int, int]]:
        """See the port."""
        table = tables.traffic

        def query(connection: Connection) -> dict[int, tuple[int, int]]:
            found = dict.fromkeys(remote_ids, (0, 0))
            for piece in in_pieces(remote_ids, NUMBERS_AT_ONCE):
                mine = select(table).where(table.c.dbname == self._dbname, among(table.c.remote_id, piece))
                for row in connection.execute(mine):
                    found[row.remote_id] = (row.sent, row.returned)
            return found

        return await self._database.read(query)


_PLAIN = ("size", "sha256", "site_mtime_ns", "local_mtime_ns")
_FACTS = ("local", *_PLAIN)
_VERDICT = ("remote_id", "stage_id", "item", "state", "sentence", "sha256")
_facts_of = attrgetter(*_VERDICT)


def _short(verdict: Verdict) -> Verdict:
    return replace(verdict, sentence=sentence(verdict.sentence))
