"""Rows as the driver gives them, and its mistakes as ours."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from rpconsole.adapters.sql import open_database, plain_rows
from rpconsole.domain.fault import DatabaseRefused


@pytest.fixture
async def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path}/some.sqlite")
    yield opened
    await opened.close()


async def test_rows_come_in_the_order_of_the_columns(database):
    query = select(text("1, 'one' UNION ALL SELECT 2, NULL"))
    assert await database.read(lambda connection: list(plain_rows(connection, query))) == [(1, "one"), (2, None)]


async def test_a_row_that_the_driver_cannot_read_is_refused_in_a_sentence(database):
    query = select(text("1 UNION ALL SELECT CAST(x'ff' AS TEXT)"))
    with pytest.raises(DatabaseRefused, match="UTF-8"):
        await database.read(lambda connection: list(plain_rows(connection, query)))
