"""gpc1, opened from a URL: how its sessions are set up on MySQL, MariaDB and SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine import URL

from rpconsole.adapters.sql import Database, database_url, mysql_engine, sqlite_engine
from rpconsole.domain.fault import BadConfiguration


class Gpc1(Database):
    """The survey's database. Every call is one short transaction, and reads what others have committed."""

    async def server(self) -> str:
        """The server's name and version as a person knows them."""
        return await self.read(_server)


def open_gpc1(
    address: str, *, password: str | None = None, connect_timeout_s: int = 10, may_make: bool = False
) -> Gpc1:
    """Make gpc1 ready for calls; nothing is connected yet. An SQLite file that is not there is made only where it may be."""
    url = database_url(address, password)
    if url.get_backend_name() != "sqlite":
        return Gpc1(_server_engine(url, connect_timeout_s))
    if url.database in (None, "", ":memory:"):
        raise BadConfiguration("gpc1 cannot live in memory: its lock is a file; give one, sqlite:////absolute/path")
    # keys that refer elsewhere are off: a copied piece of a real gpc1 need not be whole
    engine = sqlite_engine(url, foreign_keys=False)
    if not may_make:
        event.listen(engine, "do_connect", _refuse_missing)
    return Gpc1(engine)


def _refuse_missing(dialect: object, record: object, args: Sequence[Any], options: object) -> None:
    """A name that was mistyped must not leave an empty database behind."""
    if not Path(args[0]).exists():
        raise sqlite3.OperationalError("unable to open database file: it is not there")


def _server_engine(url: URL, connect_timeout_s: int) -> Engine:
    # READ COMMITTED: what a statement sees is fresh, and range scans lock no gaps under other tools' feet
    engine = mysql_engine(url, connect_timeout_s=connect_timeout_s, charset="latin1", isolation_level="READ COMMITTED")
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, record: object) -> None:
    with connection.cursor() as cursor:
        # moments cross the line in UTC; text that does not fit is refused, never cut, whatever the server's own mode is
        cursor.execute("SET time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")


def _server(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return f"SQLite {connection.scalar(text('SELECT sqlite_version()'))}"
    # MariaDB says 5.5.5- in front of its version for the sake of old replicas
    version = str(connection.scalar(text("SELECT VERSION()"))).removeprefix("5.5.5-")
    return f"MariaDB {version}" if "MariaDB" in version else f"MySQL {version}"
