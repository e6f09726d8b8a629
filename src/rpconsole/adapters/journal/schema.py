"""Bringing a journal's schema up to date: one query when it is, a migration when it is not, a sentence when it is newer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from rpconsole.adapters.journal.tables import REVISION, REVISIONS, VERSION_TABLE
from rpconsole.adapters.sql import Database
from rpconsole.domain.fault import DatabaseAway, DatabaseRefused

MIGRATIONS = Path(__file__).parent / "migrations"
#: two engines that start together must not both create the tables
UPGRADE_LOCK = "rp_schema"
UPGRADE_LOCK_WAIT_S = 120
#: Alembic keeps the migration that it runs in a global
_ALEMBIC = threading.Lock()


def found_revision(connection: Connection) -> str | None:
    """The schema's revision, or None where there is none yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    revision: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return revision


async def bring_up_to_date(
    database: Database, *, to: str = REVISION, known: Sequence[str] = REVISIONS, migrations: Path = MIGRATIONS
) -> None:
    """Upgrade the journal if it is older; refuse it if it is newer."""
    if await database.read(lambda connection: _is_at(connection, to)):
        return
    await database.write(lambda connection: _upgrade(connection, database.label, to, known, migrations))


def _is_at(connection: Connection, revision: str) -> bool:
    """One query, when all is well."""
    try:
        return bool(connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) == revision)
    except SQLAlchemyError:
        if inspect(connection).has_table(VERSION_TABLE):
            raise
        return False


def _upgrade(connection: Connection, label: str, to: str, known: Sequence[str], migrations: Path) -> None:
    _lock(connection, label)
    try:
        found = found_revision(connection)
        if found is not None and found not in known:
            raise DatabaseRefused(
                f"the journal {label} has schema {found}, which is newer than this rpconsole knows ({to}); "
                f"run the rpconsole that wrote it, or a later one"
            )
        if found != to:
            _run_migrations(connection, to, migrations)
    finally:
        _unlock(connection)


def _run_migrations(connection: Connection, to: str, migrations: Path) -> None:
    # Alembic takes a tenth of a second to load, and is needed once in a journal's life
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with _ALEMBIC:
        command.upgrade(config, to)


def _lock(connection: Connection, label: str) -> None:
    # on SQLite the transaction itself is the lock; MySQL commits at every CREATE TABLE
    if connection.dialect.name == "sqlite":
        return
    got = connection.scalar(text("SELECT GET_LOCK(:name, :wait)"), {"name": UPGRADE_LOCK, "wait": UPGRADE_LOCK_WAIT_S})
    if got != 1:
        raise DatabaseAway(f"the journal {label} is being upgraded by another rpconsole")


def _unlock(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": UPGRADE_LOCK})
