"""Runs, their stories and their attempts, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, bindparam, func, insert, select, update

from rpconsole.adapters.journal import tables
from rpconsole.adapters.journal.rows import RUNS, run_values, runs_of, sentence
from rpconsole.adapters.sql import NUMBERS_AT_ONCE, Database, among, in_pieces, plain_rows, upsert
from rpconsole.domain import event as ev
from rpconsole.domain.run import Run, RunRow, Step
from rpconsole.ports.journal import JobRecord, StoryLine

INTENDED, ACCEPTED, REFUSED, ENDED, GIVEN_UP = "intended", "accepted", "refused", "ended", "given up"

#: how an event ends the attempt that it is about
FATES: Mapping[str, str] = {
    ev.SubmitRefused.__name__: REFUSED,
    ev.QueueFull.__name__: REFUSED,
    ev.SchedulerAway.__name__: REFUSED,
    ev.NothingSubmitted.__name__: GIVEN_UP,
    ev.ResubmitOrdered.__name__: GIVEN_UP,
    ev.JobEnded.__name__: ENDED,
    ev.JobKilled.__name__: ENDED,
}


AT_STEP = select(tables.run.c.remote_id).where(
    tables.run.c.dbname == bindparam("dbname"), tables.run.c.step == bindparam("step")
)


class SqlRunJournal:
    """The RunJournal of one gpc1 database."""

    def __init__(self, database: Database, *, dbname: str) -> None:
        self._database = database
        self._dbname = dbname

    async def load(self, rows: Collection[RunRow]) -> Mapping[int, Run]:
        """See the port."""
        table = tables.run
        by_number = {row.remote_id: row for row in rows}

        def query(connection: Connection) -> dict[int, Run]:
            found: dict[int, Run] = {}
            for piece in in_pieces(by_number, NUMBERS_AT_ONCE):
                mine = and_(table.c.dbname == self._dbname, among(table.c.remote_id, piece))
                found.update(runs_of(plain_rows(connection, RUNS.where(mine)), by_number))
            return found

        return await self._database.read(query)

    async def standing_at(self, step: Step) -> list[int]:
        """See the port."""
        asked = {"dbname": self._dbname, "step": str(step)}
        return sorted(await self._database.read(lambda connection: connection.scalars(AT_STEP, asked).all()))

    async def save(self, run: Run, line: StoryLine | None = None) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            connection.execute(upsert(connection, tables.run), {"dbname": self._dbname, **run_values(run)})
            self._record_attempt(connection, run, FATES.get(line.event) if line else None)
            if line is not None:
                self._append(connection, line)

        await self._database.write(work)

    async def save_all(self, moves: Sequence[tuple[Run, StoryLine]]) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            rows = [{"dbname": self._dbname, **run_values(run)} for run, _ in moves]
            connection.execute(upsert(connection, tables.run), rows)
            for run, line in self._with_news_of_attempts(connection, moves):
                self._record_attempt(connection, run, FATES.get(line.event))
            self._append_all(connection, [line for _, line in moves])

        if moves:
            await self._database.write(work)

    def _with_news_of_attempts(
        self, connection: Connection, moves: Sequence[tuple[Run, StoryLine]]
    ) -> list[tuple[Run, StoryLine]]:
        """The moves that say something of their attempt which its row does not have yet."""
        table = tables.job
        query = select(table.c.remote_id, table.c.number, table.c.state).where(table.c.dbname == self._dbname)
        known: dict[tuple[int, int], str] = {}
        for piece in in_pieces([run.remote_id for run, _ in moves], NUMBERS_AT_ONCE):
            rows = connection.execute(query.where(among(table.c.remote_id, piece)))
            known.update({(row.remote_id, row.number): row.state for row in rows})
        return [
            (run, line)
            for run, line in moves
            if line.event in FATES
            or (run.attempt is not None and known.get((run.remote_id, run.attempt.number)) in (None, INTENDED))
        ]

    def _append_all(self, connection: Connection, lines: Sequence[StoryLine]) -> None:
        table = tables.story
        last: dict[int, int] = {}
        query = select(table.c.remote_id, func.max(table.c.number)).where(table.c.dbname == self._dbname)
        for piece in in_pieces([line.remote_id for line in lines], NUMBERS_AT_ONCE):
            rows = connection.execute(query.where(among(table.c.remote_id, piece)).group_by(table.c.remote_id))
            last.update({row[0]: row[1] for row in rows})
        connection.execute(insert(table), [self._story_row(line, last.get(line.remote_id, 0) + 1) for line in lines])

    def _story_row(self, line: StoryLine, number: int) -> dict[str, Any]:
        return {
            "dbname": self._dbname,
            "remote_id": line.remote_id,
            "number": number,
            "at": line.at,
            "event": line.event,
            "step_before": line.before,
            "step_after": line.after,
            "detail": sentence(line.detail),
        }

    async def story(self, remote_id: int, *, limit: int = 0) -> list[StoryLine]:
        """See the port."""
        table = tables.story
        newest_first = (
            select(table)
            .where(table.c.dbname == self._dbname, table.c.remote_id == remote_id)
            .order_by(table.c.number.desc())
            .limit(limit or None)
        )

        def query(connection: Connection) -> list[StoryLine]:
            rows = connection.execute(newest_first).mappings().all()
            return [_line_of(row) for row in reversed(rows)]

        return await self._database.read(query)

    async def jobs(self, remote_id: int) -> list[JobRecord]:
        """See the port."""
        table = tables.job
        query = (
            select(*(table.c[name] for name in _JOB_FIELDS))
            .where(table.c.dbname == self._dbname, table.c.remote_id == remote_id)
            .order_by(table.c.number)
        )

        def read(connection: Connection) -> list[JobRecord]:
            return [JobRecord(**row) for row in connection.execute(query).mappings()]

        return await self._database.read(read)

    def _record_attempt(self, connection: Connection, run: Run, fate: str | None) -> None:
        """An attempt enters when it is intended; only an event ends it, and only a job id revives it."""
        if run.attempt is None:
            if fate is not None:
                self._change_job(connection, run.remote_id, run.attempts, state=fate)
            return
        attempt = run.attempt
        known = connection.execute(select(tables.job.c.state).where(self._job(run.remote_id, attempt.number))).first()
        state = fate or (ACCEPTED if attempt.job is not None else INTENDED)
        if known is None:
            values = {"nonce": attempt.nonce, "intended_at": attempt.intended_at, "job": attempt.job, "state": state}
            key = {"dbname": self._dbname, "remote_id": run.remote_id, "number": attempt.number}
            connection.execute(insert(tables.job).values(**key, **values))
        elif fate is not None or known.state == INTENDED or (known.state == GIVEN_UP and attempt.job is not None):
            self._change_job(connection, run.remote_id, attempt.number, state=state, job=attempt.job)

    def _change_job(self, connection: Connection, remote_id: int, number: int, **values: str | None) -> None:
        connection.execute(update(tables.job).where(self._job(remote_id, number)).values(**values))

    def _append(self, connection: Connection, line: StoryLine) -> None:
        table = tables.story
        last = connection.scalar(
            select(func.max(table.c.number))
            .where(table.c.dbname == self._dbname, table.c.remote_id == line.remote_id)
            .with_for_update()
        )
        connection.execute(insert(table).values(self._story_row(line, (last or 0) + 1)))

    def _job(self, remote_id: int, number: int) -> ColumnElement[bool]:
        table = tables.job
        return and_(table.c.dbname == self._dbname, table.c.remote_id == remote_id, table.c.number == number)


_JOB_FIELDS = ("remote_id", "number", "nonce", "intended_at", "job", "state")


def _line_of(row: RowMapping) -> StoryLine:
    return StoryLine(
        at=row["at"],
        remote_id=row["remote_id"],
        event=row["event"],
        before=row["step_before"],
        after=row["step_after"],
        detail=row["detail"],
    )
