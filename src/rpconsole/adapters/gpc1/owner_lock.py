"""The lock that dies with its holder, in MySQL or beside an SQLite file."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from rpconsole.adapters.gpc1.engine import Gpc1
from rpconsole.adapters.sql import lock_name, translated
from rpconsole.domain.fault import DatabaseRefused
from rpconsole.ports.owner_lock import OwnerLock

#: longer than any pause between two looks: the server must not close the connection that holds the lock
IDLE_S = 7 * 24 * 3600


def owner_lock_of(gpc1: Gpc1) -> OwnerLock:
    """The kind of lock that this database can keep."""
    if gpc1.engine.dialect.name == "sqlite":
        return FileOwnerLock(str(gpc1.engine.url.database))
    return MysqlOwnerLock(gpc1)


class MysqlOwnerLock:
    """``GET_LOCK`` on a connection of its own, which is never given back to the pool."""

    def __init__(self, gpc1: Gpc1) -> None:
        self._gpc1 = gpc1
        self._name = ""
        self._connection: Connection | None = None

    async def acquire(self, name: str) -> str | None:
        if await self.held():
            return None
        self._name = lock_name(self._gpc1.engine, f"owner.{name}")
        return await asyncio.to_thread(self._acquire)

    async def held(self) -> bool:
        return await asyncio.to_thread(self._held)

    async def release(self) -> None:
        await asyncio.to_thread(self._drop)

    def _acquire(self) -> str | None:
        self._drop()
        try:
            self._connection = self._gpc1.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection.detach()
            self._connection.execute(text("SET SESSION wait_timeout = :idle_s"), {"idle_s": IDLE_S})
            if self._connection.scalar(text("SELECT GET_LOCK(:name, 0)"), {"name": self._name}) == 1:
                return None
            holder = self._holder(self._connection)
        except SQLAlchemyError as error:
            self._drop()
            raise translated(error, self._gpc1.label) from None
        self._drop()
        return holder

    def _holder(self, connection: Connection) -> str:
        thread = connection.scalar(text("SELECT IS_USED_LOCK(:name)"), {"name": self._name})
        query = text("SELECT user, host FROM information_schema.processlist WHERE id = :thread")
        seen = connection.execute(query, {"thread": thread}).one_or_none()
        # a user without the PROCESS right sees only the connections of his own name
        return f"connection {thread} of {seen.user} from {seen.host}" if seen else f"connection {thread}"

    def _held(self) -> bool:
        if self._connection is None:
            return False
        try:
            query = text("SELECT IS_USED_LOCK(:name) = CONNECTION_ID()")
            return bool(self._connection.scalar(query, {"name": self._name}) == 1)
        except SQLAlchemyError:
            # whatever the reason, what cannot be asked cannot be relied on; the connection goes, and the lock with it
            self._drop()
            return False

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # one that broke meanwhile cannot say goodbye, and the lock has ended with it
            with suppress(SQLAlchemyError):
                connection.close()


class FileOwnerLock:
    """A lock on a file beside the database; the file itself stays, so that everyone locks the same one."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._file: IO[str] | None = None

    async def acquire(self, name: str) -> str | None:
        return await asyncio.to_thread(self._acquire, name)

    async def held(self) -> bool:
        return self._file is not None

    async def release(self) -> None:
        # closing releases: no child inherits the descriptor, as Python opens it close-on-exec
        if self._file is not None:
            self._file.close()
            self._file = None

    def _acquire(self, name: str) -> str | None:
        if self._file is not None:
            return None
        path = Path(f"{self._database}.{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}.rpconsole-lock")
        try:
            file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+", encoding="utf-8")
        except OSError as error:
            raise DatabaseRefused(f"the lock file {path} cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read().strip() or "a process that has not said its name yet"
            file.close()
            return holder
        # written over the last holder's name and cut behind it: a file system is slow to empty a file that was just written
        file.write(f"process {os.getpid()} on {socket.gethostname()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        file.flush()
        file.truncate()
        self._file = file
        return None
