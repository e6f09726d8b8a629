"""One SQL database: opened from a URL, called from threads, its errors told as ours."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice, pairwise
from operator import itemgetter
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Insert,
    Select,
    StaticPool,
    Table,
    bindparam,
    create_engine,
    event,
    false,
    or_,
    text,
)
from sqlalchemy import exc as sqlalchemy_exc
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.types import UserDefinedType

from rpconsole.domain.fault import BadConfiguration, BadData, DatabaseAway, DatabaseRefused, RpconsoleError

T = TypeVar("T")
Item = TypeVar("Item")

#: what people write -> the dialect and driver that serve it
DRIVERS = {"sqlite": "sqlite", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql", "mysql+pymysql": "mysql+pymysql"}
#: MySQL's numbers for "not now": too many connections, shutting down, cannot connect, server gone, lock wait, deadlock
AWAY_CODES = frozenset({1040, 1053, 1077, 1129, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 2002, 2003, 2006, 2013, 2055})
#: those of them after which the same transaction may simply be played again: it was rolled back as a whole
REPLAY_CODES = frozenset({1205, 1213})
MISSING_TABLE_CODE = 1146
REPLAYS = 5
#: SQLite has no numbers worth the name in its messages
AWAY_WORDS = ("database is locked", "database table is locked", "disk I/O error", "database or disk is full")
#: what a driver raises; unreadable text and moments and numbers beyond 64 bits come as Python's own
TOLD = (sqlalchemy_exc.SQLAlchemyError, ValueError, OverflowError)
READERS = 4
BUSY_S = 15.0
#: how long one waits for another to leave ``write_alone``
LOCK_WAIT_S = 30
LOCK_NAME_LENGTH = 64
#: values in one IN (…): SQLite's oldest limit is 999 parameters
KEYS_AT_ONCE = 500
#: numbers in one ``among``: the text of a statement may have a million characters
NUMBERS_AT_ONCE = 20_000
#: numbers without a gap from which on ``among`` names the ends alone; fewer of them than parameters are allowed
STRETCH = 50


def database_url(address: str, password: str | None = None) -> URL:
    """Read a URL as an operator wrote it; the sentence about a mistake never repeats it, as it may hold a password."""
    try:
        url = make_url(address)
    except (sqlalchemy_exc.ArgumentError, ValueError):
        raise BadConfiguration(
            "the database URL cannot be read; it looks like mysql://user@host/gpc1 or sqlite:////absolute/path.db"
        ) from None
    driver = DRIVERS.get(url.drivername)
    if driver is None:
        raise BadConfiguration(f"database URL scheme '{url.drivername}' is not known; use mysql, mariadb or sqlite")
    return url.set(drivername=driver, password=password if password is not None else url.password)


def database_label(url: URL) -> str:
    """How a database is named in sentences: no user, no password."""
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    port = f":{url.port}" if url.port else ""
    return f"{url.database} at {url.host or 'localhost'}{port}"


class Database:
    """An engine and the threads that call it. Every call is one short transaction.

    Raises DatabaseAway when the server cannot be reached or has no time, DatabaseRefused when it refuses a statement,
    BadData when a value does not fit.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.label = database_label(engine.url)
        memory = isinstance(engine.pool, StaticPool)
        self._readers = ThreadPoolExecutor(1 if memory else READERS, thread_name_prefix="sql-read")
        # SQLite has one writer; queueing here is fair, its own busy wait is not
        one_writer = engine.dialect.name == "sqlite"
        self._writers = (
            self._readers
            if memory
            else ThreadPoolExecutor(1 if one_writer else READERS, thread_name_prefix="sql-write")
        )

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run queries on one connection in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.reading, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run statements in one transaction in a thread; on a deadlock the whole of ``work`` is called again."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, self.writing, work)

    async def write_alone(self, name: str, work: Callable[[Connection], T]) -> T:
        """``write`` with nobody else inside the same ``name``, in whatever process: look and act stay one thing."""
        if self.engine.dialect.name == "sqlite":
            # BEGIN IMMEDIATE: a writer is alone in the whole file anyway
            return await self.write(work)
        return await self.read(lambda holder: self._under_lock(holder, name, work))

    async def close(self) -> None:
        """Let running calls end, then drop the connections."""
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._writers.shutdown)
        await asyncio.to_thread(self.engine.dispose)

    def reading(self, work: Callable[[Connection], T]) -> T:
        """``read`` for a caller that is in a thread already."""
        with _translated(self.label), self.engine.connect().execution_options(rp_reads_only=True) as connection:
            return work(connection)

    def writing(self, work: Callable[[Connection], T]) -> T:
        """``write`` for a caller that is in a thread already."""
        for _ in range(REPLAYS - 1):
            try:
                return self._once(work)
            except sqlalchemy_exc.DBAPIError as error:
                if _code(error) not in REPLAY_CODES:
                    raise translated(error, self.label) from None
            except TOLD as error:
                raise translated(error, self.label) from None
        with _translated(self.label):
            return self._once(work)

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

    def _once(self, work: Callable[[Connection], T]) -> T:
        with self.engine.begin() as connection:
            return work(connection)


def lock_name(engine: Engine, name: str) -> str:
    """Name of an advisory lock: they are the server's, not the database's, and at most 64 characters long."""
    whole = f"rpconsole.{engine.url.database}.{name}"
    if len(whole) <= LOCK_NAME_LENGTH:
        return whole
    return f"{whole[: LOCK_NAME_LENGTH - 17]}.{hashlib.sha256(whole.encode()).hexdigest()[:16]}"


def open_database(address: str, *, password: str | None = None, connect_timeout_s: int = 10) -> Database:
    """Make a database ready for calls; nothing is connected yet."""
    url = database_url(address, password)
    if url.get_backend_name() == "sqlite":
        return Database(sqlite_engine(url))
    return Database(mysql_engine(url, connect_timeout_s=connect_timeout_s))


def mysql_engine(url: URL, *, connect_timeout_s: int, charset: str = "utf8mb4", **settings: Any) -> Engine:
    """Connections to a server: tried before each use, renewed every hour, never waited for without end."""
    return create_engine(
        url,
        pool_size=2 * READERS,
        pool_pre_ping=True,
        pool_recycle=3600,
        connect_args={
            "charset": charset,
            "connect_timeout": connect_timeout_s,
            "read_timeout": 120,
            "write_timeout": 120,
        },
        **settings,
    )


def sqlite_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """Connections to a file, or the one connection to a database in memory."""
    in_memory = url.database in (None, "", ":memory:")
    if in_memory:
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        # the connection that was used last has its statements and its pages at hand
        engine = create_engine(url, pool_size=2 * READERS, pool_use_lifo=True, connect_args={"timeout": BUSY_S})

    def prepare(connection: Any, record: object) -> None:
        # the driver would begin transactions on its own, and only before some statements
        connection.isolation_level = None
        # WAL: readers never wait for the writer. FULL: what was committed survives a power cut. The pages (in kB) that a transaction
        # of a thousand results goes by are kept, and not read anew for each of its looks
        _write_ahead(connection)
        for pragma in ("cache_size=-8000", "synchronous=FULL", f"foreign_keys={'ON' if foreign_keys else 'OFF'}"):
            connection.execute(f"PRAGMA {pragma}").close()

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _write_ahead(connection: Any) -> None:
    """Switch to WAL. On a new file, while another process begins with it too, that is refused at once whatever the patience."""
    for _ in range(REPLAYS - 1):
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError:
            # this one does wait until nobody else writes
            connection.execute("BEGIN EXCLUSIVE").close()
            connection.execute("COMMIT").close()
    connection.execute("PRAGMA journal_mode=WAL").close()


def _begin_sqlite(connection: Connection) -> None:
    # a transaction that reads first and writes later cannot wait for the lock, it is refused: so take the lock at once
    reads_only = connection.get_execution_options().get("rp_reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def translated(error: Exception, label: str) -> RpconsoleError:
    """A library's error as ours; the driver's own words go along as evidence and hold no password."""
    origin = getattr(error, "orig", None) or error
    said = str(origin.args[-1] if isinstance(origin, Exception) and origin.args else origin)
    if _is_away(error, said):
        return DatabaseAway(f"the database {label} does not answer: {said}", evidence=said)
    if isinstance(error, (sqlalchemy_exc.DataError, ValueError, OverflowError)):
        return BadData(f"the database {label} and a value do not fit: {said}", evidence=said)
    return DatabaseRefused(f"the database {label} refused: {said}", evidence=said)


@contextmanager
def _translated(label: str) -> Iterator[None]:
    try:
        yield
    except TOLD as error:
        raise translated(error, label) from None


def _is_away(error: Exception, said: str) -> bool:
    if isinstance(error, sqlalchemy_exc.TimeoutError):
        return True
    if not isinstance(error, sqlalchemy_exc.DBAPIError):
        return False
    lost = error.connection_invalidated or isinstance(error, sqlalchemy_exc.InterfaceError)
    return lost or _code(error) in AWAY_CODES or any(word in said for word in AWAY_WORDS)


def lacks_table(error: sqlalchemy_exc.DBAPIError) -> bool:
    """Whether a statement failed because a table is not there (yet)."""
    return _code(error) == MISSING_TABLE_CODE or "no such table" in str(error.orig)


def _code(error: sqlalchemy_exc.DBAPIError) -> int | None:
    args = getattr(error.orig, "args", ())
    return args[0] if args and isinstance(args[0], int) else None


def upsert(connection: Connection, table: Table, *, added: Collection[str] = ()) -> Insert:
    """An INSERT that replaces the other columns where the key is there already; to those in ``added`` it adds."""
    return _upsert(connection.dialect.name, table, added)


def _upsert(dialect: str, table: Table, added: Collection[str] = ()) -> Insert:
    if dialect == "sqlite":
        lite = sqlite.insert(table)
        return lite.on_conflict_do_update(
            index_elements=list(table.primary_key.columns), set_=_changes(table, lite.excluded, added)
        )
    full = mysql.insert(table)
    return full.on_duplicate_key_update(_changes(table, full.inserted, added))


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows of plain values (no moments) in one go, each in the order of these columns.

    The library would have the columns in the table's order, and tens of thousands of rows put into that first.
    """
    quoted = connection.dialect.identifier_preparer
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    names = ", ".join(quoted.format_column(table.c[name]) for name in columns)
    marks = ", ".join([mark] * len(columns))
    connection.exec_driver_sql(f"INSERT INTO {quoted.format_table(table)} ({names}) VALUES ({marks})", list(rows))


def upsert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """``upsert`` of many rows of plain values, each in the order of these columns, by the driver's own executemany.

    The library's own binding of parameters, row by row, would take longer than the database.
    """
    if not rows:
        return
    # as it comes out of its class a dialect numbers its parameters, which a driver may have changed
    fresh: Callable[[], Dialect] = type(connection.dialect)
    statement, asked = _compiled_upsert(fresh, table)
    if asked != tuple(columns):
        rows = list(map(itemgetter(*(columns.index(name) for name in asked)), rows))
    connection.exec_driver_sql(statement, list(rows))


@lru_cache(maxsize=64)
def _compiled_upsert(fresh: Callable[[], Dialect], table: Table) -> tuple[str, tuple[str, ...]]:
    """The statement, and the columns in the order in which it wants them; to put it together takes as long as hundreds of rows."""
    dialect = fresh()
    compiled = _upsert(dialect.name, table).compile(dialect=dialect)
    return str(compiled), tuple(map(str, compiled.positiontup or ()))


def plain_rows(connection: Connection, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    """What a query finds, as the driver gives it (no truths, no moments), each row given up before the next one is taken.

    Thousands are read at a start: a row object for each of them, all kept to the end, takes as long as the database again.
    """
    result = connection.execute(query)
    try:
        yield from cast("Iterator[tuple[Any, ...]]", result.cursor)
    except Exception as error:
        # the library's own way: a driver's error becomes one of its, which ``translated`` knows
        result.cursor_strategy.handle_exception(result, result.cursor, error)
    finally:
        result.close()


def _changes(table: Table, new: Any, added: Collection[str]) -> dict[str, Any]:
    names = [column.name for column in table.columns if not column.primary_key]
    return {name: table.c[name] + new[name] if name in added else new[name] for name in names}


class _Numbers(UserDefinedType[Collection[int]]):
    """Whole numbers as one literal ``(1, 2, 3)``; the library would render each by itself."""

    cache_ok = True

    def literal_processor(self, dialect: object) -> Callable[[Collection[int]], str]:
        return lambda numbers: f"({', '.join(map(str, map(int, numbers)))})"


def among(column: ColumnElement[int], numbers: Collection[int]) -> ColumnElement[bool]:
    """Whether the column's number is one of these. No server limits how many, so one query serves thousands.

    A long stretch is asked for by its two ends: thousands of numbers written out take a server longer to read than their rows.
    """
    groups = _without_gaps(numbers)
    asked = [column.between(group[0], group[-1]) for group in groups if len(group) >= STRETCH]
    single = [number for group in groups if len(group) < STRETCH for number in group]
    if single:
        listed = bindparam(None, single, type_=_Numbers(), literal_execute=True)
        asked.append(column.op("IN", is_comparison=True, return_type=Boolean())(listed))
    return or_(false(), *asked)


def _without_gaps(numbers: Collection[int]) -> list[list[int]]:
    """The numbers in order, cut wherever one is missing."""
    ordered = sorted(set(numbers))
    cuts = [at for at in range(1, len(ordered)) if ordered[at] - ordered[at - 1] > 1]
    return [ordered[begin:end] for begin, end in pairwise([0, *cuts, len(ordered)]) if begin < end]


def in_pieces(items: Collection[Item], size: int = KEYS_AT_ONCE) -> Iterator[list[Item]]:
    """The items in lists short enough for one IN (…)."""
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece
