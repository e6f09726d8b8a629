"""Whether a database can serve us as gpc1."""

from __future__ import annotations

from sqlalchemy import Connection, Table, inspect, select

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.fault import BadData

#: of use, but nothing stops without them
OPTIONAL = frozenset({"skycell", "warpSummary", "stackAssociation", "stackAssociationMap"})
NAMED_AT_MOST = 8


def check_schema(connection: Connection) -> str:
    """The schema version; BadData names the tables and columns that are missing."""
    inspector = inspect(connection)
    present = set(inspector.get_table_names()) | set(inspector.get_view_names())
    wanted = [table for name, table in t.metadata.tables.items() if name not in OPTIONAL]
    missing = [f"table {table.name}" for table in wanted if table.name not in present]
    for table in wanted:
        if table.name in present:
            missing += _missing_columns(table, {column["name"] for column in inspector.get_columns(table.name)})
    if missing:
        raise BadData(f"this is no gpc1 that rpconsole can use: missing {_named(missing)}; {_advice(present)}")
    version = connection.scalar(select(t.dbversion.c.schema_version).limit(1))
    if version is None:
        raise BadData("table dbversion is empty: which schema this is cannot be told")
    return str(version)


def _missing_columns(table: Table, present: set[str]) -> list[str]:
    needed = [column.name for column in table.columns if column.info.get("needed")]
    return [f"column {table.name}.{name}" for name in needed if name not in present]


def _named(missing: list[str]) -> str:
    rest = len(missing) - NAMED_AT_MOST
    return ", ".join(missing[:NAMED_AT_MOST]) + (f" and {rest} more" if rest > 0 else "")


def _advice(present: set[str]) -> str:
    if not present & set(t.metadata.tables):
        return "the database has none of the IPP's tables: is its name right?"
    return "remote processing came with schema 1.1.79 and its component states with 1.1.80"
