"""One engine a (database, site) pair, in SQL."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from rpconsole.adapters.journal import tables
from rpconsole.adapters.journal.rows import of_site
from rpconsole.adapters.sql import Database
from rpconsole.domain.fault import AlreadyOwned
from rpconsole.ports.journal import Owner

# made once: an engine that starts waits for them
SEAT = select(tables.owner).where(of_site(tables.owner))
SEAT_ALONE = SEAT.with_for_update()
TAKEN = insert(tables.owner)
#: the loser of a race looks again; a third engine may race the winner's release
LOOKS = 5


def is_alive(pid: int) -> bool:
    """Whether a process of this host runs; one that ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    try:
        # the state follows the name, which may hold blanks and brackets itself
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] not in "ZX"
    except (OSError, IndexError):
        return True


class SqlOwnerLease:
    """The OwnerLease of a journal; ``alive`` tells whether a process of this host runs."""

    def __init__(self, database: Database, *, alive: Callable[[int], bool] = is_alive) -> None:
        self._database = database
        self._alive = alive

    async def acquire(self, owner: Owner, *, stale_after_s: float) -> None:
        """See the port."""

        def look_and_take(connection: Connection) -> tuple[bool, Owner | None]:
            held = _holder(connection, SEAT_ALONE, owner.database, owner.site)
            if held is not None and not self._may_replace(held, owner, stale_after_s):
                raise _already_owned(held, owner)
            return _taken(connection, held, owner), held

        held: Owner | None = None
        for _ in range(LOOKS):
            is_taken, held = await self._database.write(look_and_take)
            if is_taken:
                return
        raise _already_owned(held or owner, owner)

    async def beat(self, owner: Owner, *, at: float) -> bool:
        """See the port."""
        renewed = update(tables.owner).where(_is_held_by(owner)).values(beat=at)
        return await self._database.write(lambda connection: connection.execute(renewed).rowcount == 1)

    async def release(self, owner: Owner) -> None:
        """See the port."""
        gone = delete(tables.owner).where(_is_held_by(owner))
        await self._database.write(lambda connection: connection.execute(gone))

    async def holder(self, database: str, site: str) -> Owner | None:
        """See the port."""
        return await self._database.read(lambda connection: _holder(connection, SEAT, database, site))

    def _may_replace(self, held: Owner, owner: Owner, stale_after_s: float) -> bool:
        if (held.host, held.pid, held.since) == (owner.host, owner.pid, owner.since):
            return True
        if owner.beat - held.beat > stale_after_s:
            return True
        return held.host == owner.host and held.pid != owner.pid and not self._alive(held.pid)


def _holder(connection: Connection, query: Select[Any], database: str, site: str) -> Owner | None:
    row = connection.execute(query, {"dbname": database, "site": site}).mappings().first()
    return _owner_of(row) if row else None


def _taken(connection: Connection, held: Owner | None, owner: Owner) -> bool:
    """Write our name over exactly what was seen; False when somebody else was faster: where nobody was, a lock keeps nobody out."""
    mine = {"host": owner.host, "pid": owner.pid, "since": owner.since, "beat": owner.beat}
    if held is None:
        return _inserted(connection, {"dbname": owner.database, "site": owner.site, **mine})
    seen = and_(_is_held_by(held), tables.owner.c.beat == held.beat)
    return connection.execute(update(tables.owner).where(seen).values(**mine)).rowcount == 1


def _inserted(connection: Connection, values: dict[str, object]) -> bool:
    try:
        connection.execute(TAKEN, values)
    except IntegrityError:
        return False
    return True


def _is_held_by(owner: Owner) -> ColumnElement[bool]:
    table = tables.owner
    return and_(
        table.c.dbname == owner.database,
        table.c.site == owner.site,
        table.c.host == owner.host,
        table.c.pid == owner.pid,
        table.c.since == owner.since,
    )


def _owner_of(row: RowMapping) -> Owner:
    return Owner(
        database=row["dbname"],
        site=row["site"],
        host=row["host"],
        pid=row["pid"],
        since=row["since"],
        beat=row["beat"],
    )


def _already_owned(held: Owner, owner: Owner) -> AlreadyOwned:
    since = datetime.fromtimestamp(held.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    beat_s = max(0.0, owner.beat - held.beat)
    return AlreadyOwned(
        f"an engine on {held.host} (pid {held.pid}) has owned database {held.database} at site {held.site} since {since}; "
        f"its last sign of life is {beat_s:.0f} s old"
    )
