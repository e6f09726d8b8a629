"""Bringing a journal's schema up to date: one query when it is, a migration when it is not, a sentence when it is newer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from rpconsole.adapters.journal.tables import REVISION, REVISIONS, VERSION_TABLE
from rpconsole.adapters.sql import Database, lacks_table
from rpconsole.domain.fault import DatabaseRefused

MIGRATIONS = Path(__file__).parent / "migrations"
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
    # two engines that start together must not both create the tables
    await database.write_alone(
        VERSION_TABLE, lambda connection: _upgrade(connection, database.label, to, known, migrations)
    )


def _is_at(connection: Connection, revision: str) -> bool:
    """One query, when all is well."""
    try:
        return bool(connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) == revision)
    except DBAPIError as error:
        if lacks_table(error):
            return False
        raise


def _upgrade(connection: Connection, label: str, to: str, known: Sequence[str], migrations: Path) -> None:
    found = found_revision(connection)
    if found is not None and found not in known:
        raise DatabaseRefused(
            f"the journal {label} has schema {found}, which is newer than this rpconsole knows ({to}); "
            f"run the rpconsole that wrote it, or a later one"
        )
    if found != to:
        _run_migrations(connection, to, migrations)


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
