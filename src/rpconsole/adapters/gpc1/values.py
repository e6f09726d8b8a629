"""Values on their way out of gpc1 and into it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import RowMapping

from rpconsole.domain.fault import BadData
from rpconsole.domain.stage_rows import Unreadable

Made = TypeVar("Made")

#: how the IPP's tools write a text that is not there
NOT_THERE = frozenset({"", "NULL", "(null)"})
#: the IPP keeps every float within single precision
FLOAT_MAX = 3.4028234663852886e38
#: naive, as the moments of gpc1 are
EPOCH = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)


def text_or_none(value: object) -> str | None:
    """A text column; what the IPP wrote for 'nothing' is None."""
    return None if value is None or str(value) in NOT_THERE else str(value)


def moment_or_none(value: object) -> datetime | None:
    """A moment, UTC and naive; zero dates come as text and are None."""
    return value if isinstance(value, datetime) else None


def epoch_or_none(value: object) -> float | None:
    """A moment as epoch seconds."""
    moment = moment_or_none(value)
    return None if moment is None else (moment - EPOCH).total_seconds()


class Moments(dict[object, float | None]):
    """What a driver gives for moments -> epoch seconds, each worked out once: all runs that are polled together bear the same.

    SQLite gives text. What is no moment, like MySQL's zero date, is None.
    """

    def __missing__(self, given: object) -> float | None:
        found = self[given] = epoch_or_none(_moment_of(given))
        return found


def _moment_of(given: object) -> object:
    try:
        return datetime.fromisoformat(given).replace(tzinfo=None) if isinstance(given, str) else given
    except ValueError:
        return None


def finite_or_none(value: object) -> float | None:
    """A number column; NaN and infinities are None."""
    number = None if value is None else float(str(value))
    return number if number is not None and math.isfinite(number) else None


def storable(value: object) -> Any:
    """A value as gpc1 keeps it: no NaN, no infinity, no empty text, nothing beyond single precision."""
    if isinstance(value, float):
        if -FLOAT_MAX <= value <= FLOAT_MAX:
            return value
        return max(-FLOAT_MAX, min(FLOAT_MAX, value)) if math.isfinite(value) else None
    return text_or_none(value) if isinstance(value, str) else value


class Texts:
    """Columns of one row that a stage cannot do without; BadData names the row and the column."""

    def __init__(self, row: RowMapping, name: str) -> None:
        self._row, self._name = row, name

    def __call__(self, column: str) -> str:
        found = text_or_none(self._row[column])
        if found is None:
            raise BadData(f"{self._name}: {column} is {self._row[column]!r}, and no name can be made without it")
        return found

    def moment(self, column: str) -> datetime:
        """A moment that must be there."""
        found = moment_or_none(self._row[column])
        if found is None:
            raise BadData(f"{self._name}: {column} is {self._row[column]!r}, which is no moment")
        return found


def readable_rows(
    rows: Iterable[RowMapping], make: Callable[[RowMapping], Made], key: str
) -> dict[int, Made | Unreadable]:
    """What the rows make, by their id; a row that cannot be used says why, and the others go on."""
    made: dict[int, Made | Unreadable] = {}
    for row in rows:
        try:
            made[row[key]] = make(row)
        except BadData as error:
            made[row[key]] = Unreadable(sentence=str(error))
    return made
