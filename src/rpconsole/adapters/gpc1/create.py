"""A gpc1 of one's own, in an SQLite file, for practice and first use."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, insert, inspect, select

from rpconsole.adapters.gpc1.engine import open_gpc1
from rpconsole.adapters.gpc1.tables import dbversion, metadata, remote_component, remote_run
from rpconsole.adapters.sql import database_url

SCHEMA_VERSION = "1.1.81"


async def create_schema(url: str, *, password: str | None = None) -> None:
    """Make every table that is not there; what is there is left alone."""
    gpc1 = open_gpc1(url, password=password, may_make=True)
    try:
        await gpc1.write(_create)
    finally:
        await gpc1.close()


async def add_missing_indexes(url: str, *, password: str | None = None) -> list[str]:
    """Make the indexes on the remote tables that an SQLite file of an earlier rpconsole lacks; returns their names.

    A server's gpc1 is the survey's own, and is never changed.
    """
    if not _is_sqlite_file(url):
        return []
    gpc1 = open_gpc1(url, password=password)
    try:
        return await gpc1.write(_add_missing_indexes)
    finally:
        await gpc1.close()


def _is_sqlite_file(url: str) -> bool:
    """Whether it is one, and is there: to open it would make it."""
    read = database_url(url)
    return read.get_backend_name() == "sqlite" and Path(str(read.database)).is_file()


def _add_missing_indexes(connection: Connection) -> list[str]:
    there = inspect(connection)
    added = []
    for table in (remote_run, remote_component):
        if not there.has_table(table.name):
            continue
        known = {index["name"] for index in there.get_indexes(table.name)}
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            if index.name not in known:
                index.create(connection)
                added.append(str(index.name))
    return added


def _create(connection: Connection) -> None:
    metadata.create_all(connection)
    if connection.scalar(select(dbversion.c.schema_version).limit(1)) is None:
        connection.execute(insert(dbversion).values(schema_version=SCHEMA_VERSION))
