"""gpc1, opened from a URL: how its sessions are set up on MySQL, MariaDB and SQLite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL

from rpconsole.adapters.sql import BUSY_S, READERS, Database, database_url
from rpconsole.domain.fault import BadConfiguration, DatabaseAway

T = TypeVar("T")

#: how long a definer waits for another one
LOCK_WAIT_S = 30


class Gpc1(Database):
    """The survey's database. Every call is one short transaction, and reads what others have committed."""

    async def write_alone(self, name: str, work: Callable[[Connection], T]) -> T:
        """``write`` with nobody else inside the same ``name``, in whatever process: select and insert stay one thing."""
        if self.engine.dialect.name == "sqlite":
            # BEGIN IMMEDIATE: a writer is alone in the whole file anyway
            return await self.write(work)
        return await self.read(lambda holder: self._under_lock(holder, name, work))

    def _under_lock(self, holder: Connection, name: str, work: Callable[[Connection], T]) -> T:
        """Hold the lock on one connection and write on another: it must outlive the commit."""
        words = {"name": lock_name(self.engine, name), "wait_s": LOCK_WAIT_S}
        if holder.scalar(text("SELECT GET_LOCK(:name, :wait_s)"), words) != 1:
            raise DatabaseAway(f"another rpconsole has held the lock {words['name']} for more than {LOCK_WAIT_S} s")
        try:
            return self.writing(work)
        finally:
            # a connection that is gone has released it by going
            if not holder.invalidated:
                holder.execute(text("SELECT RELEASE_LOCK(:name)"), words)

    async def server(self) -> str:
        """The server's name and version as a person knows them."""
        return await self.read(_server)


def open_gpc1(text_of_url: str, *, password: str | None = None, connect_timeout_s: int = 10) -> Gpc1:
    """Make gpc1 ready for calls; nothing is connected yet."""
    url = database_url(text_of_url, password)
    if url.get_backend_name() == "sqlite":
        return Gpc1(_sqlite_engine(url))
    return Gpc1(_mysql_engine(url, connect_timeout_s))


def lock_name(engine: Engine, name: str) -> str:
    """Name of an advisory lock: they are the server's, not the database's, and at most 64 characters long."""
    return f"rpconsole.{engine.url.database}.{name}"[:64]


def _mysql_engine(url: URL, connect_timeout_s: int) -> Engine:
    engine = create_engine(
        url,
        # READ COMMITTED: what a statement sees is fresh, and range scans lock no gaps under other tools' feet
        isolation_level="READ COMMITTED",
        pool_size=2 * READERS,
        pool_pre_ping=True,
        pool_recycle=3600,
        connect_args={
            "charset": "latin1",
            "connect_timeout": connect_timeout_s,
            "read_timeout": 120,
            "write_timeout": 120,
        },
    )
    event.listen(engine, "connect", _prepare_mysql)
    return engine


def _prepare_mysql(connection: Any, record: object) -> None:
    with connection.cursor() as cursor:
        # moments cross the line in UTC; text that does not fit is refused, never cut, whatever the server's own mode is
        cursor.execute("SET time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")


def _sqlite_engine(url: URL) -> Engine:
    if url.database in (None, "", ":memory:"):
        raise BadConfiguration(
            "gpc1 cannot live in memory: several threads use it; give a file, sqlite:////absolute/path"
        )
    engine = create_engine(url, pool_size=2 * READERS, connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    # the driver would begin transactions on its own, and only before some statements
    connection.isolation_level = None
    # keys that refer elsewhere are off: a copied piece of a real gpc1 need not be whole
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # a transaction that reads first and writes later cannot wait for the lock, it is refused: so take the lock at once
    reads_only = connection.get_execution_options().get("rp_reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _server(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return f"SQLite {connection.scalar(text('SELECT sqlite_version()'))}"
    # MariaDB says 5.5.5- in front of its version for the sake of old replicas
    version = str(connection.scalar(text("SELECT VERSION()"))).removeprefix("5.5.5-")
    return f"MariaDB {version}" if "MariaDB" in version else f"MySQL {version}"
