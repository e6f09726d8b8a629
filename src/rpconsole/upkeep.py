"""The databases looked at and put right without an engine; beside ``bootstrap`` the only module that opens adapters."""

from __future__ import annotations

from rpconsole.adapters.gpc1.engine import open_gpc1
from rpconsole.adapters.gpc1.run_store import SqlRunStore
from rpconsole.adapters.journal import journal_revision, open_journal
from rpconsole.adapters.journal.tables import REVISION
from rpconsole.config import Config
from rpconsole.domain.fault import BadData


async def look_at_gpc1(config: Config) -> str:
    """Server and schema in a few words; DatabaseAway, DatabaseRefused or BadData when it cannot serve us."""
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
    found = await journal_revision(config.journal_address(), password=config.journal.password())
    if found is None:
        raise BadData("there is no journal yet")
    if found != REVISION:
        raise BadData(f"the journal has schema {found}, this rpconsole works with {REVISION}")
    return f"schema {found}"


async def upgrade_journal(config: Config) -> str:
    """Make the journal, or bring it up to date; returns its schema."""
    journal = await open_journal(
        config.journal_address(),
        database=config.database.name,
        site=config.site.name,
        password=config.journal.password(),
    )
    await journal.close()
    return REVISION
