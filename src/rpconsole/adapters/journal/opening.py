"""Opening a journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rpconsole.adapters.journal.costs import SqlCostBook
from rpconsole.adapters.journal.hauls import SqlHauls
from rpconsole.adapters.journal.holdings import SqlHoldingBook
from rpconsole.adapters.journal.ledger import SqlLedger
from rpconsole.adapters.journal.operations import SqlOperations
from rpconsole.adapters.journal.owner_lease import SqlOwnerLease, is_alive
from rpconsole.adapters.journal.run_journal import SqlRunJournal
from rpconsole.adapters.journal.schema import bring_up_to_date, found_revision
from rpconsole.adapters.journal.tables import REVISION
from rpconsole.adapters.sql import Database, database_url, open_database
from rpconsole.domain.fault import BadConfiguration, DatabaseAway
from rpconsole.ports.costs import CostBook
from rpconsole.ports.hauls import Hauls
from rpconsole.ports.journal import Ledger, Operations, OwnerLease, RunJournal
from rpconsole.ports.scratch import HoldingBook


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """The ports of one engine's journal."""

    runs: RunJournal
    ledger: Ledger
    operations: Operations
    hauls: Hauls
    lease: OwnerLease
    costs: CostBook
    holdings: HoldingBook
    close: Callable[[], Awaitable[None]]
    #: bring the schema up to date, where opening it could not; safe to repeat
    make_ready: Callable[[], Awaitable[None]]


async def open_journal(
    url: str,
    *,
    database: str,
    site: str = "",
    password: str | None = None,
    alive: Callable[[int], bool] = is_alive,
    patient: bool = False,
) -> Journal:
    """Open the journal for an engine that serves this gpc1 database and site, upgrading its schema where it is older.

    An SQLite file is made, with its directory, where there is none. Raises DatabaseAway, DatabaseRefused (a newer schema),
    BadConfiguration (the URL). ``patient`` = a server that is away is no error yet; ``make_ready`` tries again.
    """
    opened = await _opened(url, password)
    try:
        await bring_up_to_date(opened)
    except DatabaseAway:
        if not patient:
            await opened.close()
            raise
    except BaseException:
        await opened.close()
        raise
    return Journal(
        runs=SqlRunJournal(opened, dbname=database),
        ledger=SqlLedger(opened, dbname=database, site=site),
        hauls=SqlHauls(opened, dbname=database, site=site),
        operations=SqlOperations(opened, dbname=database, site=site),
        lease=SqlOwnerLease(opened, alive=alive),
        costs=SqlCostBook(opened, dbname=database, site=site),
        holdings=SqlHoldingBook(opened, dbname=database, site=site),
        close=opened.close,
        make_ready=lambda: bring_up_to_date(opened),
    )


@asynccontextmanager
async def reading_costs(
    url: str, *, database: str, site: str, password: str | None = None
) -> AsyncIterator[CostBook | None]:
    """The costs in a journal that is there and of our schema, changing nothing; None where it is not."""
    if await journal_revision(url, password=password) != REVISION:
        yield None
        return
    opened = open_database(url, password=password)
    try:
        yield SqlCostBook(opened, dbname=database, site=site)
    finally:
        await opened.close()


async def journal_revision(url: str, *, password: str | None = None) -> str | None:
    """The schema that the journal has, without changing it; None when it holds none."""
    path = _sqlite_path(url, password)
    if path is not None and not path.exists():
        return None
    opened = open_database(url, password=password)
    try:
        return await opened.read(found_revision)
    finally:
        await opened.close()


async def _opened(url: str, password: str | None) -> Database:
    path = _sqlite_path(url, password)
    if path is not None:
        await asyncio.to_thread(_make_directory, path.parent)
    return open_database(url, password=password)


def _sqlite_path(url: str, password: str | None) -> Path | None:
    read = database_url(url, password)
    if read.get_backend_name() != "sqlite" or read.database in (None, "", ":memory:"):
        return None
    return Path(str(read.database))


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadConfiguration(f"the journal's directory {directory} cannot be made: {error.strerror}") from None
