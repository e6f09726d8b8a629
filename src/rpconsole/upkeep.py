"""The databases looked at and put right without an engine; beside ``bootstrap`` the only module that opens adapters.

What opens one is loaded when it is wanted: scripts call ``remotetool`` by the thousand, and need one database of the two.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rpconsole.config.secrets import holds_password
from rpconsole.domain.cost import Learned, best_learned
from rpconsole.domain.fault import BadConfiguration, BadData
from rpconsole.domain.nearest import nearest
from rpconsole.domain.stage import Stage
from rpconsole.ports.remote_rows import RemoteRows

if TYPE_CHECKING:
    from rpconsole.config.home import DatabaseSection
    from rpconsole.config.model import Config


async def look_at_gpc1(config: Config) -> str:
    """Server and schema in a few words; DatabaseAway, DatabaseRefused or BadData when it cannot serve us."""
    from rpconsole.adapters.gpc1.engine import open_gpc1
    from rpconsole.adapters.gpc1.run_store import SqlRunStore

    gpc1 = open_gpc1(
        config.database.address,
        password=config.database.password(),
        connect_timeout_s=config.database.connect_timeout_s,
    )
    try:
        server = await gpc1.server()
        schema = await SqlRunStore(gpc1).check()
    finally:
        await gpc1.close()
    return f"{server}, schema {schema}"


async def look_at_journal(config: Config) -> str:
    """Its schema in a few words, nothing changed; BadData when it is not the one that we know."""
    from rpconsole.adapters.journal import journal_revision
    from rpconsole.adapters.journal.tables import REVISION

    found = await journal_revision(config.journal_address(), password=config.journal.password())
    if found is None:
        raise BadData("there is no journal yet")
    if found != REVISION:
        raise BadData(f"the journal has schema {found}, this rpconsole works with {REVISION}")
    return f"schema {found}"


async def upgrade_journal(config: Config) -> str:
    """Make the journal, or bring it up to date; returns its schema."""
    from rpconsole.adapters.journal import open_journal
    from rpconsole.adapters.journal.tables import REVISION

    journal = await open_journal(
        config.journal_address(),
        database=config.database.name,
        site=config.site.name,
        password=config.journal.password(),
    )
    await journal.close()
    return REVISION


async def index_gpc1(config: Config) -> list[str]:
    """Make the indexes that an SQLite gpc1 of an earlier rpconsole lacks; returns their names, none for a server's gpc1."""
    from rpconsole.adapters.gpc1.create import add_missing_indexes

    return await add_missing_indexes(config.database.address, password=config.database.password())


async def learned_cost(config: Config, stage: Stage, label: str | None, filter: str | None) -> Learned | None:
    """What finished tasks cost, as the journal knows; None where there is no journal yet, or too few tasks in it."""
    from rpconsole.adapters.journal.opening import reading_costs

    password = config.journal.password()
    opened = reading_costs(
        config.journal_address(), database=config.database.name, site=config.site.name, password=password
    )
    async with opened as costs:
        found = await costs.recent(stage, label=label) if costs is not None else []
    return best_learned(found, label=label, filter=filter)


@asynccontextmanager
async def open_remote_rows(database: DatabaseSection, file: Path, name: str | None = None) -> AsyncIterator[RemoteRows]:
    """The remote tables of the database of this name (of the engine's for None); BadConfiguration when there is none."""
    from rpconsole.adapters.gpc1.engine import open_gpc1
    from rpconsole.adapters.gpc1.remote_rows import SqlRemoteRows

    if name not in (None, database.name, *database.others):
        known = (database.name, *database.others)
        raise BadConfiguration(f"{file} has no database '{name}'; it has {', '.join(known)}{nearest(str(name), known)}")
    address = database.address if name in (None, database.name) else database.others[str(name)].get_secret_value()
    # the password that is kept apart is that of the main database's account, which others may share
    password = None if address != database.address and holds_password(address) else database.password()
    gpc1 = open_gpc1(address, password=password, connect_timeout_s=database.connect_timeout_s)
    try:
        yield SqlRemoteRows(gpc1)
    finally:
        await gpc1.close()
