"""A gpc1 of one's own, for practice and first use."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from rpconsole.adapters.gpc1.engine import open_gpc1
from rpconsole.adapters.gpc1.tables import dbversion, metadata

SCHEMA_VERSION = "1.1.81"


async def create_schema(url: str, *, password: str | None = None) -> None:
    """Make every table that is not there; what is there is left alone."""
    gpc1 = open_gpc1(url, password=password)
    try:
        await gpc1.write(_create)
    finally:
        await gpc1.close()


def _create(connection: Connection) -> None:
    metadata.create_all(connection)
    if connection.scalar(select(dbversion.c.schema_version).limit(1)) is None:
        connection.execute(insert(dbversion).values(schema_version=SCHEMA_VERSION))
