"""What happens when gpc1 is away, is not gpc1, or is owned by somebody else."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import textwrap

import pytest
from sqlalchemy import text
from tests.servers.mariadb import PASSWORD, PrivateMariadb, require_mariadb

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.create import create_schema
from rpconsole.adapters.gpc1.engine import open_gpc1
from rpconsole.adapters.gpc1.owner_lock import FileOwnerLock, owner_lock_of
from rpconsole.adapters.gpc1.run_store import SqlRunStore
from rpconsole.adapters.gpc1.survey import SqlSurvey
from rpconsole.adapters.sql import lock_name
from rpconsole.domain.fault import BadConfiguration, BadData, DatabaseAway, DatabaseRefused
from rpconsole.domain.run import RunState
from rpconsole.ports.run_store import RunChange


async def test_missing_tables_and_columns_are_named(gpc1):
    with gpc1.engine.begin() as connection:
        connection.execute(text("ALTER TABLE detRun RENAME TO hidden"))
        connection.execute(text("ALTER TABLE remoteComponent RENAME COLUMN jobs TO tasks"))
    try:
        with pytest.raises(BadData, match=r"table detRun, column remoteComponent\.jobs; "):
            await SqlRunStore(gpc1).check()
    finally:
        with gpc1.engine.begin() as connection:
            connection.execute(text("ALTER TABLE hidden RENAME TO detRun"))
            connection.execute(text("ALTER TABLE remoteComponent RENAME COLUMN tasks TO jobs"))


async def test_an_empty_database_is_no_gpc1(tmp_path):
    gpc1 = open_gpc1(f"sqlite:///{tmp_path / 'empty.sqlite'}", may_make=True)
    with pytest.raises(BadData, match="none of the IPP's tables"):
        await SqlRunStore(gpc1).check()
    await gpc1.close()


async def test_a_name_that_was_mistyped_leaves_no_empty_file_behind(tmp_path):
    gpc1 = open_gpc1(f"sqlite:///{tmp_path / 'gcp1.sqlite'}")
    with pytest.raises(DatabaseRefused, match=r"gcp1\.sqlite refused: .*it is not there"):
        await SqlRunStore(gpc1).check()
    await gpc1.close()
    assert list(tmp_path.iterdir()) == []


async def test_making_the_schema_again_changes_nothing(gpc1, gpc1_url):
    await create_schema(gpc1_url)
    with gpc1.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM dbversion")) == 1


async def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "x.sqlite"
    path.write_text("this is a letter, not a database; " * 100)
    gpc1 = open_gpc1(f"sqlite:///{path}")
    with pytest.raises(DatabaseRefused, match="not a database"):
        await SqlRunStore(gpc1).runs()
    await gpc1.close()


def test_gpc1_in_memory_is_refused_in_a_sentence():
    with pytest.raises(BadConfiguration, match="give one, sqlite:"):
        open_gpc1("sqlite://")


@pytest.mark.needs_mariadb
async def test_a_wrong_password_is_refused_and_never_shown(mariadb_server: PrivateMariadb):
    url = mariadb_server.url("gpc1").replace(PASSWORD, "my-own-secret")
    gpc1 = open_gpc1(url)
    with pytest.raises(DatabaseRefused) as told:
        await SqlRunStore(gpc1).runs()
    await gpc1.close()
    shown = f"{told.value} {told.value!r} {told.value.evidence} {gpc1.label} {gpc1.engine!r} {gpc1.engine.url}"
    assert "my-own-secret" not in shown
    assert "Access denied" in shown


@pytest.mark.needs_mariadb
async def test_the_server_is_named_without_its_disguise(mariadb_server: PrivateMariadb):
    gpc1 = open_gpc1(mariadb_server.create_database("named"))
    assert (await gpc1.server()).startswith("MariaDB 1")
    await gpc1.close()


@pytest.mark.needs_mariadb
async def test_a_server_that_goes_away_and_comes_back_is_used_again():
    require_mariadb()
    with PrivateMariadb() as server:
        url = server.create_database("gpc1")
        await create_schema(url)
        gpc1 = open_gpc1(url)
        store, lock = SqlRunStore(gpc1), owner_lock_of(gpc1)
        assert await store.runs() == []
        assert await lock.acquire("mustang") is None

        server.stop()
        with pytest.raises(DatabaseAway, match="does not answer"):
            await store.runs()
        with pytest.raises(DatabaseAway):
            await store.change_run(1, RunChange(state=RunState.RUN))
        assert not await lock.held()
        with pytest.raises(DatabaseAway):
            await lock.acquire("mustang")

        server.start()
        assert await store.runs() == []
        assert await lock.acquire("mustang") is None
        await lock.release()
        await gpc1.close()


@pytest.mark.needs_mariadb
async def test_a_lock_whose_server_went_away_unseen_is_given_up_without_a_word():
    require_mariadb()
    with PrivateMariadb() as server:
        gpc1 = open_gpc1(server.create_database("gpc1"))
        lock = owner_lock_of(gpc1)
        assert await lock.acquire("mustang") is None
        server.stop()
        await lock.release()
        server.start()
        assert await lock.acquire("mustang") is None
        await lock.release()
        await gpc1.close()


# --- rows that no careful program would have written


@pytest.mark.needs_mariadb
async def test_a_zero_date_is_no_moment(gpc1_url: str, gpc1, rows):
    if gpc1.engine.dialect.name == "sqlite":
        pytest.skip("only MySQL has zero dates")
    rows.detrend("MASK")
    remote_id = rows.add(t.remote_run, state="run", stage="chip", label="A", path_base="/p", job_id=1, fault=0)
    with gpc1.engine.begin() as connection:
        connection.execute(text("SET SESSION sql_mode = ''"))
        connection.execute(text("UPDATE detRun SET time_begin = '0000-00-00 00:00:00'"))
        connection.execute(text("UPDATE remoteRun SET last_poll = '0000-00-00 00:00:00'"))
        connection.execute(text("SET SESSION sql_mode = @@GLOBAL.sql_mode"))
    (run,) = await SqlSurvey(gpc1).detrend_runs()
    assert run.time_begin is None
    remote = await SqlRunStore(gpc1).run(remote_id)
    assert remote is not None
    assert remote.last_poll is None


async def test_a_moment_that_is_none_is_bad_data(gpc1, rows):
    if gpc1.engine.dialect.name == "mysql":
        pytest.skip("only SQLite keeps any text as a moment")
    rows.detrend("MASK")
    with gpc1.engine.begin() as connection:
        connection.execute(text("UPDATE detRun SET registered = 'last Tuesday'"))
    with pytest.raises(BadData, match="last Tuesday"):
        await SqlSurvey(gpc1).detrend_runs()


async def test_a_statement_that_the_server_refuses_is_told_with_its_reason(gpc1):
    with pytest.raises(DatabaseRefused, match="no_such_table"):
        await gpc1.read(lambda connection: connection.execute(text("SELECT * FROM no_such_table")))


@pytest.mark.needs_mariadb
async def test_text_is_refused_and_never_cut_even_where_the_server_would_cut_it(mariadb_server: PrivateMariadb):
    url = mariadb_server.create_database("lenient")
    await create_schema(url)
    gpc1 = open_gpc1(url)
    with gpc1.engine.begin() as connection:
        before = connection.scalar(text("SELECT @@GLOBAL.sql_mode"))
        connection.execute(text("SET GLOBAL sql_mode = ''"))
    gpc1.engine.dispose()
    try:
        with pytest.raises(BadData, match="comment"):
            await gpc1.write(lambda one: one.execute(t.label.insert().values(label="A", comment="x" * 81)))
    finally:
        with gpc1.engine.begin() as connection:
            connection.execute(text("SET GLOBAL sql_mode = :mode"), {"mode": before})
        await gpc1.close()


# --- the lock that dies with its holder


async def test_the_second_owner_is_told_who_holds_the_lock(gpc1, gpc1_url):
    other = open_gpc1(gpc1_url)
    ours, theirs = owner_lock_of(gpc1), owner_lock_of(other)
    assert await ours.acquire("mustang") is None
    assert await ours.acquire("mustang") is None
    assert await ours.held()
    holder = await theirs.acquire("mustang")
    assert holder is not None
    assert ("process" in holder) or ("connection" in holder and "ipp" in holder)
    assert not await theirs.held()

    await ours.release()
    assert not await ours.held()
    assert await theirs.acquire("mustang") is None
    await theirs.release()
    await other.close()


@pytest.mark.needs_mariadb
async def test_locks_of_long_names_are_still_of_different_names(mariadb_server: PrivateMariadb):
    gpc1 = open_gpc1(mariadb_server.url("a" * 60))
    names = [lock_name(gpc1.engine, f"owner.{site}") for site in ("mustang", "cray")]
    assert len(set(names)) == 2
    assert max(map(len, names)) <= 64
    await gpc1.close()


async def test_a_holders_name_is_written_over_that_of_the_one_before_and_nothing_of_it_is_left(tmp_path):
    held = tmp_path / "gpc1.db.mustang.rpconsole-lock"
    held.write_text(
        "process 1 on a-host-with-a-very-long-name-indeed.example.org since 1999-12-31 23:59:59 UTC, as it said\n"
    )
    lock = FileOwnerLock(str(tmp_path / "gpc1.db"))
    assert await lock.acquire("mustang") is None
    assert re.fullmatch(rf"process {os.getpid()} on \S+ since [0-9: -]+ UTC\n", held.read_text())
    await lock.release()


async def test_another_site_on_the_same_database_has_a_lock_of_its_own(gpc1):
    mustang, cray = owner_lock_of(gpc1), owner_lock_of(gpc1)
    assert await mustang.acquire("mustang") is None
    assert await cray.acquire("cray") is None
    await mustang.release()
    await cray.release()


HOLDER = textwrap.dedent(
    """
    import asyncio, sys, time
    from rpconsole.adapters.gpc1.engine import open_gpc1
    from rpconsole.adapters.gpc1.owner_lock import owner_lock_of
    lock = owner_lock_of(open_gpc1(sys.argv[1]))
    print(asyncio.run(lock.acquire("mustang")), flush=True)
    time.sleep(600)
    """
)


async def test_the_lock_dies_with_a_killed_process(gpc1, gpc1_url):
    lock = owner_lock_of(gpc1)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, gpc1_url, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert (await process.stdout.readline()).strip() == b"None"
        assert await lock.acquire("mustang") is not None
    finally:
        process.kill()
        await process.wait()
    async with asyncio.timeout(60):
        # the server notices the closed connection a moment later
        while await lock.acquire("mustang") is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert await lock.held()
    await lock.release()
