"""Numbers by the thousand in one condition."""

from __future__ import annotations

from itertools import chain

import pytest
from sqlalchemy import Integer, Select, column, create_engine, select, text
from sqlalchemy.dialects import sqlite

from rpconsole.adapters.sql import STRETCH, among

THERE = [*range(1, 3 * STRETCH), 1000, 1002, *range(5000, 5000 + STRETCH)]


@pytest.mark.parametrize(
    "asked",
    [
        [],
        [7],
        [1000, 1001, 1002, -3],
        range(1, 2 * STRETCH),
        [*range(10, 10 + STRETCH), 1002, 1000],
        chain(range(2 * STRETCH, 0, -1), [2, 3], range(4990, 5000 + STRETCH)),
        range(-STRETCH, 6000),
    ],
)
def test_exactly_the_numbers_asked_for_are_found(asked):
    asked = list(asked)
    query: Select[tuple[int]] = select(column("n", Integer)).select_from(text("there")).where(among(column("n"), asked))
    with create_engine("sqlite://").begin() as connection:
        connection.exec_driver_sql("CREATE TABLE there (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO there VALUES (?)", [(n,) for n in THERE])
        found = connection.scalars(query).all()
    assert sorted(found) == sorted(set(asked) & set(THERE))


def test_a_long_stretch_is_named_by_its_ends():
    condition = among(column("n"), [*range(100, 20_100), 30_000])
    written = str(condition.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    assert "BETWEEN 100 AND 20099" in written
    assert "(30000)" in written
    assert len(written) < 100


def test_numbers_with_gaps_take_no_more_parameters_than_a_server_allows():
    numbers = [n for n in range(20_000 * 51 // 50) if n % (STRETCH + 1)]
    condition = among(column("n"), numbers[:20_000])
    assert len(condition.compile(dialect=sqlite.dialect()).params) < 999
