"""A compact notation for gpc1's tables, read into SQLAlchemy ones.

A column is ``name:type``. Types: B bigint, I integer, S smallint, T tinyint, F float, D double, Vn text of n characters,
DT datetime, TS timestamp of insertion. In front ``*`` marks a column that rpconsole cannot do without. Behind: ``!`` never
NULL, ``+`` numbered by the server, ``=x`` default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    DateTime,
    Double,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.types import TIMESTAMP, TypeEngine

COLUMN = re.compile(
    r"^(?P<needed>\*?)(?P<name>\w+):(?P<type>DT|TS|V\d+|[BISTFD])(?P<marks>[!+]*)(?:=(?P<default>\w+))?$"
)

#: whole seconds, as the server keeps them
_SQLITE_MOMENT = sqlite.DATETIME(truncate_microseconds=True)  # type: ignore[no-untyped-call]

TYPES: Mapping[str, TypeEngine[Any]] = {
    # SQLite numbers only columns declared INTEGER
    "B": BigInteger().with_variant(Integer(), "sqlite"),
    "I": Integer(),
    "S": SmallInteger(),
    "T": SmallInteger().with_variant(mysql.TINYINT(), "mysql"),
    "F": Float(),
    "D": Double(),
    "DT": DateTime().with_variant(_SQLITE_MOMENT, "sqlite"),
    "TS": TIMESTAMP().with_variant(_SQLITE_MOMENT, "sqlite"),
}

metadata = MetaData()


def gpc1_table(
    name: str,
    columns: str,
    *,
    pk: str = "",
    keys: Sequence[str] = (),
    unique: Sequence[str] = (),
    refers: Mapping[str, str] | None = None,
    into: MetaData = metadata,
) -> Table:
    """One table; ``pk``, ``keys``, ``unique`` and ``refers`` name columns, several of one key separated by spaces."""
    key_columns = pk.split()
    made = [_column(name, word, key_columns) for word in columns.split()]
    constraints: list[Any] = [PrimaryKeyConstraint(*key_columns)] if key_columns else []
    constraints += [UniqueConstraint(*words.split()) for words in unique]
    constraints += [_foreign_key(child, parent) for child, parent in (refers or {}).items()]
    indexes = [Index(f"{name}_{'_'.join(words.split())}", *words.split()) for words in keys]
    table = Table(name, into, *made, *constraints, *indexes, mysql_engine="InnoDB", mysql_charset="latin1")
    for column in made:
        if column.info.get("numbered_beside_the_key"):
            _number_beside_the_key(table, column)
    return table


def _column(table: str, word: str, key_columns: Sequence[str]) -> Column[Any]:
    found = COLUMN.match(word)
    if found is None:
        raise ValueError(f"table {table}: '{word}' is no column in this notation")
    name, kind = found["name"], found["type"]
    numbered = "+" in found["marks"]
    is_whole_key = list(key_columns) == [name]
    default = "CURRENT_TIMESTAMP" if kind == "TS" else found["default"]
    return Column(
        name,
        String(int(kind[1:])) if kind.startswith("V") else TYPES[kind],
        nullable=not ("!" in found["marks"] or name in key_columns),
        autoincrement=numbered and is_whole_key,
        server_default=text(default) if default is not None else None,
        info={"needed": bool(found["needed"]), "numbered_beside_the_key": numbered and not is_whole_key},
    )


def _foreign_key(child: str, parent: str) -> ForeignKeyConstraint:
    table, names = parent.split(".", 1)
    return ForeignKeyConstraint(child.split(), [f"{table}.{name}" for name in names.split()])


def _number_beside_the_key(table: Table, column: Column[Any]) -> None:
    """MySQL can number any indexed column, SQLite only a primary key: there a trigger does."""
    when_made(table, "mysql", f"ALTER TABLE `{table.name}` MODIFY `{column.name}` BIGINT NOT NULL AUTO_INCREMENT")
    when_made(
        table,
        "sqlite",
        f'CREATE TRIGGER "{table.name}_number" AFTER INSERT ON "{table.name}" WHEN NEW."{column.name}" IS NULL BEGIN '
        f'UPDATE "{table.name}" SET "{column.name}" = (SELECT coalesce(max("{column.name}"), 0) + 1 FROM "{table.name}") '
        "WHERE rowid = NEW.rowid; END",
    )


def when_made(table: Table, dialect: str, statement: str) -> None:
    """A statement to run after the table was made, on one kind of server."""
    event.listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]
