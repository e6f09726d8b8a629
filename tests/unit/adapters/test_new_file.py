"""A new SQLite file that two processes begin with at once."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from sqlalchemy import text

from rpconsole.adapters.sql import open_database


async def test_who_comes_while_another_makes_the_file_waits_for_it(tmp_path: Path):
    path = tmp_path / "journal.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE made (x)")
    database = open_database(f"sqlite:///{path}")
    try:
        reading = asyncio.create_task(
            database.read(lambda connection: connection.scalar(text("SELECT count(*) FROM made")))
        )
        await asyncio.sleep(0.2)
        other.execute("COMMIT")
        assert await reading == 0
    finally:
        other.close()
        await database.close()
