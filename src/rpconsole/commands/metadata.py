"""The IPP's metadata text: lists of rows as ``remotetool`` and its sisters print them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Value = int | str | datetime | None
Row = Mapping[str, Value]


class Kind(StrEnum):
    """A column's type, in the IPP's word for it."""

    S16 = "S16"
    S32 = "S32"
    S64 = "S64"
    STR = "STR"
    #: a moment; readers take UTC, TAI, UT1 and TT alike, and this is the word that stands in front of one that is not there
    TIME = "TAI"


#: the largest number of a type stands for "none" in the IPP
NONE_OF: Mapping[Kind, int] = {Kind.S16: 2**15 - 1, Kind.S32: 2**31 - 1, Kind.S64: 2**63 - 1}


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of what is printed."""

    name: str
    kind: Kind


def multi(name: str, columns: Sequence[Column], rows: Iterable[Row]) -> str:
    """The rows as a MULTI of METADATA blocks; no rows are no text at all."""
    blocks = "".join(_block(name, columns, row) for row in rows)
    return f"\n{name} MULTI\n{blocks}" if blocks else ""


def simple(columns: Sequence[Column], rows: Iterable[Row]) -> str:
    """One row a line, its values separated by blanks."""
    return "".join(f"{' '.join(printed(column.kind, row[column.name]) for column in columns)}\n" for row in rows)


def printed(kind: Kind, value: Value) -> str:
    """A value as the IPP prints it: numbers that are not there as their type's largest, texts as ``NULL``."""
    if value is None:
        return str(NONE_OF.get(kind, "NULL"))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.%f}Z"
    text = str(value)
    # a line end inside a value would begin a line of its own
    return (" ".join(text.splitlines()) if text.strip() else "NULL") if kind is Kind.STR else text


def _block(name: str, columns: Sequence[Column], row: Row) -> str:
    return "\n".join(["", f"{name}  METADATA  ", *_lines(columns, row), "END", ""])


def _lines(columns: Sequence[Column], row: Row) -> Iterator[str]:
    for column in columns:
        value = row[column.name]
        if column.kind is Kind.TIME and value is None:
            yield f"   {column.name:<15}  {'TAI':<8}  NULL"
            continue
        end = " " if column.kind is Kind.STR else ""
        yield f"   {column.name:<15}  {column.kind:<8}  {printed(column.kind, value):<15}{end}"
