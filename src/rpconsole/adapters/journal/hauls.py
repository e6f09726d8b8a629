"""The books of transfers, in SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, and_, func, insert, select, update

from rpconsole.adapters.journal import tables
from rpconsole.adapters.journal.rows import path_hash, sentence
from rpconsole.adapters.sql import Database, upsert
from rpconsole.domain.haul import Haul, HaulState, Way
from rpconsole.ports.hauls import FileLine


class SqlHauls:
    """The Hauls of one gpc1 database and site."""

    def __init__(self, database: Database, *, dbname: str, site: str) -> None:
        self._database = database
        self._key = {"dbname": dbname, "site": site}

    async def add(self, haul: Haul) -> Haul:
        """See the port."""
        table = tables.haul

        def work(connection: Connection) -> int:
            last = connection.scalar(select(func.max(table.c.number)).where(self._mine(table)).with_for_update())
            number = int(last or 0) + 1
            connection.execute(insert(table).values({**self._row(haul), "number": number}))
            return number

        return replace(haul, number=await self._database.write(work))

    async def save(self, haul: Haul) -> None:
        """See the port."""
        table = tables.haul
        changed = update(table).where(self._mine(table), table.c.number == haul.number).values(self._row(haul))
        await self._database.write(lambda connection: connection.execute(changed))

    async def hauls(self, *, limit: int = 100) -> list[Haul]:
        """See the port."""
        table = tables.haul
        newest_first = select(table).where(self._mine(table)).order_by(table.c.number.desc()).limit(limit)

        def read(connection: Connection) -> list[Haul]:
            return [_haul_in(row) for row in reversed(connection.execute(newest_first).mappings().all())]

        return await self._database.read(read)

    async def record_files(self, lines: Sequence[FileLine]) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            # in the database's thread: there are thousands
            rows = {(line.way, line.target): self._file_row(line) for line in lines}
            if rows:
                connection.execute(upsert(connection, tables.moved_file), list(rows.values()))

        await self._database.write(work)

    async def files(
        self, *, haul: int | None = None, remote_id: int | None = None, state: str | None = None, limit: int = 1000
    ) -> list[FileLine]:
        """See the port."""
        table = tables.moved_file
        wanted = {"haul": haul, "remote_id": remote_id, "state": state}
        conditions = [table.c[name] == value for name, value in wanted.items() if value is not None]
        query = select(table).where(self._mine(table), *conditions).order_by(table.c.at.desc(), table.c.target)

        def read(connection: Connection) -> list[FileLine]:
            return [_line_in(row) for row in connection.execute(query.limit(limit)).mappings()]

        return await self._database.read(read)

    async def remember(self, topic: str, value: Mapping[str, Any]) -> None:
        """See the port."""
        row = {**self._key, "topic": topic, "value": json.dumps(dict(value))}
        await self._database.write(lambda connection: connection.execute(upsert(connection, tables.learned), row))

    async def recall(self, topic: str) -> Mapping[str, Any] | None:
        """See the port."""
        table = tables.learned
        query = select(table.c.value).where(self._mine(table), table.c.topic == topic)
        text = await self._database.read(lambda connection: connection.scalar(query))
        return None if text is None else dict(json.loads(text))

    def _mine(self, table: Table) -> ColumnElement[bool]:
        return and_(*(table.c[name] == value for name, value in self._key.items()))

    def _row(self, haul: Haul) -> dict[str, Any]:
        plain = {name: getattr(haul, name) for name in _HAUL}
        texts = {"way": str(haul.way), "state": str(haul.state), "sentence": sentence(haul.sentence)}
        return {**self._key, **plain, **texts, "sources": json.dumps(haul.sources)}

    def _file_row(self, line: FileLine) -> dict[str, Any]:
        plain = {name: getattr(line, name) for name in _LINE}
        texts = {name: sentence(plain[name]) for name in ("source", "target", "sentence")}
        return {**self._key, **plain, **texts, "way": str(line.way), "path_hash": path_hash(line.target)}


_HAUL = (
    *("number", "target", "who", "ordered_at", "files", "bytes", "files_done", "bytes_done", "files_there"),
    *("files_parked", "ended_at"),
)
_LINE = (
    *("source", "target", "size", "sha256", "bundle", "stream", "attempts", "state", "sentence", "at"),
    *("remote_id", "haul"),
)


def _haul_in(row: RowMapping) -> Haul:
    return Haul(
        way=Way(row["way"]),
        sources=tuple(json.loads(row["sources"])),
        state=HaulState(row["state"]),
        sentence=row["sentence"],
        **{name: row[name] for name in _HAUL},
    )


def _line_in(row: RowMapping) -> FileLine:
    return FileLine(way=Way(row["way"]), **{name: row[name] for name in _LINE})
