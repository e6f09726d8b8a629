"""Gates, acts, past sessions and labels, in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, bindparam, delete, func, insert, select, update

from rpconsole.adapters.journal import tables
from rpconsole.adapters.journal.rows import of_site, sentence
from rpconsole.adapters.sql import Database, upsert
from rpconsole.domain.stage import Stage
from rpconsole.ports.journal import Act, Gate, PastSession

SESSION = ("host", "user", "opened_by", "opened_at", "ended_at", "end")


def _asked(table: Table, *columns: str) -> Select[Any]:
    return select(*(table.c[name] for name in columns)).where(of_site(table))


def _newest(table: Table, *columns: str) -> Select[Any]:
    return _asked(table, *columns).order_by(table.c.number.desc()).limit(bindparam("limit"))


# made once: an engine that starts waits for some of these, and putting a query together takes longer than its few rows
GATES = _asked(tables.gate, "name", "open", "who", "at")
LABELS = _asked(tables.label, "label", "stage")
LAST_ACTS = _newest(tables.act, "at", "who", "what", "outcome")
LAST_SESSIONS = _newest(tables.session, *SESSION, "number")


class SqlOperations:
    """The Operations of one gpc1 database and site."""

    def __init__(self, database: Database, *, dbname: str, site: str) -> None:
        self._database = database
        self._key = {"dbname": dbname, "site": site}

    async def gates(self) -> Mapping[str, Gate]:
        """See the port."""

        def read(connection: Connection) -> dict[str, Gate]:
            return {row["name"]: Gate(**row) for row in connection.execute(GATES, self._key).mappings()}

        return await self._database.read(read)

    async def set_gate(self, gate: Gate) -> None:
        """See the port."""
        row = {**self._key, "name": gate.name, "open": gate.open, "who": gate.who, "at": gate.at}
        await self._database.write(lambda connection: connection.execute(upsert(connection, tables.gate), row))

    async def record_act(self, act: Act) -> int:
        """See the port."""
        outcome = None if act.outcome is None else sentence(act.outcome)
        values = {"at": act.at, "who": act.who, "what": sentence(act.what), "outcome": outcome}
        return await self._database.write(lambda connection: self._append(connection, tables.act, values))

    async def act_ended(self, number: int, outcome: str) -> None:
        """See the port."""
        table = tables.act
        ended = update(table).where(self._mine(table), table.c.number == number).values(outcome=sentence(outcome))
        await self._database.write(lambda connection: connection.execute(ended))

    async def acts(self, *, limit: int = 100) -> list[Act]:
        """See the port."""

        def read(connection: Connection) -> list[Act]:
            newest_first = connection.execute(LAST_ACTS, {**self._key, "limit": limit})
            return [Act(**row) for row in reversed(newest_first.mappings().all())]

        return await self._database.read(read)

    async def session_opened(self, session: PastSession) -> int:
        """See the port."""
        values = {name: getattr(session, name) for name in SESSION}
        return await self._database.write(lambda connection: self._append(connection, tables.session, values))

    async def session_ended(self, number: int, *, at: float, end: str) -> None:
        """See the port."""
        table = tables.session
        ended = update(table).where(self._mine(table), table.c.number == number).values(ended_at=at, end=sentence(end))
        await self._database.write(lambda connection: connection.execute(ended))

    async def past_sessions(self, *, limit: int = 20) -> list[PastSession]:
        """See the port."""

        def read(connection: Connection) -> list[PastSession]:
            newest_first = connection.execute(LAST_SESSIONS, {**self._key, "limit": limit})
            return [PastSession(**row) for row in reversed(newest_first.mappings().all())]

        return await self._database.read(read)

    async def labels(self) -> Sequence[tuple[str, Stage]]:
        """See the port."""
        rows = await self._database.read(lambda connection: connection.execute(LABELS, self._key).all())
        order = list(Stage)
        return sorted(((row.label, Stage(row.stage)) for row in rows), key=lambda pair: (pair[0], order.index(pair[1])))

    async def set_label(self, label: str, stage: Stage, *, on: bool) -> None:
        """See the port."""
        table = tables.label

        def work(connection: Connection) -> None:
            same = and_(self._mine(table), table.c.label == label, table.c.stage == str(stage))
            connection.execute(delete(table).where(same))
            if on:
                connection.execute(insert(table).values(**self._key, label=label, stage=str(stage)))

        await self._database.write(work)

    def _mine(self, table: Table) -> ColumnElement[bool]:
        return and_(*(table.c[name] == value for name, value in self._key.items()))

    def _append(self, connection: Connection, table: Table, values: Mapping[str, object]) -> int:
        """Add a row under the next number."""
        last = connection.scalar(select(func.max(table.c.number)).where(self._mine(table)).with_for_update())
        number = int(last or 0) + 1
        connection.execute(insert(table).values(**self._key, number=number, **values))
        return number
