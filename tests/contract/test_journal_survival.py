"""The journal under kill -9 and under engines that race for it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter

import pytest
from sqlalchemy import text
from tests.builders.runs import row_of

from rpconsole.adapters.journal import open_journal
from rpconsole.adapters.journal.owner_lease import is_alive
from rpconsole.adapters.sql import open_database
from rpconsole.domain.run import Run, Step
from rpconsole.domain.stage import Stage

RUN = Run(remote_id=7, stage=Stage.CHIP, label="L", path_base="/p", step=Step.SUBMIT)

SAVE_FOR_EVER = """
import asyncio, sys
from rpconsole.adapters.journal import open_journal
from rpconsole.domain.run import Attempt, Run, Step
from rpconsole.domain.stage import Stage
from rpconsole.ports.journal import StoryLine

async def main():
    journal = await open_journal(sys.argv[1], database="gpc1")
    number = 0
    while True:
        number += 1
        attempt = Attempt(number=number, nonce=f"n{number}", intended_at=float(number))
        run = Run(remote_id=7, stage=Stage.CHIP, label="L", path_base="/p", step=Step.SUBMIT, attempt=attempt, attempts=number)
        line = StoryLine(at=float(number), remote_id=7, event="SubmitIntended", before="submit", after="submit", detail="")
        await journal.runs.save(run, line)
        print(number, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 40])
async def test_what_was_saved_before_a_kill_is_there_wholly_and_nothing_is_there_by_half(journal_url, lines):
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SAVE_FOR_EVER, journal_url, stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    for _ in range(lines):
        await writer.stdout.readline()
    writer.kill()
    rest, _ = await writer.communicate()
    said = lines + rest.count(b"\n")
    journal = await open_journal(journal_url, database="gpc1")
    run = (await journal.runs.load([row_of(RUN)]))[7]
    # the save under way at the kill may have been committed without being told
    assert said <= run.attempts <= said + 1
    assert [line.at for line in await journal.runs.story(7)] == [float(n + 1) for n in range(run.attempts)]
    assert [job.number for job in await journal.runs.jobs(7)] == [n + 1 for n in range(run.attempts)]
    await journal.close()


RACE = """
import asyncio, os, sys
from rpconsole.adapters.journal import open_journal
from rpconsole.domain.fault import AlreadyOwned
from rpconsole.ports.journal import Owner

async def main():
    journal = await open_journal(sys.argv[1], database="gpc1")
    print("ready", flush=True)
    sys.stdin.readline()
    for site in range(20):
        me = Owner(database="gpc1", site=f"s{site}", host="here", pid=os.getpid(), since=float(os.getpid()), beat=5000.0)
        try:
            await journal.lease.acquire(me, stale_after_s=1000.0)
            print("got", site, flush=True)
        except AlreadyOwned:
            print("refused", site, flush=True)
    sys.stdin.readline()
    await journal.close()
asyncio.run(main())
"""


async def test_of_engines_that_race_exactly_one_gets_each_lease(journal_url):
    racers = await _racers(journal_url, 3)
    won = await _race(racers)
    assert Counter(won) == Counter(range(20))


async def test_of_engines_that_race_for_a_dead_engines_lease_exactly_one_gets_it(journal_url):
    dead = await _racers(journal_url, 1)
    assert len(await _race(dead)) == 20
    racers = await _racers(journal_url, 3)
    assert Counter(await _race(racers)) == Counter(range(20))


async def _racers(url: str, number: int) -> list[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    racers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", RACE, url, stdin=pipe, stdout=pipe)
        for _ in range(number)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert await racer.stdout.readline() == b"ready\n"
    return racers


async def _race(racers: list[asyncio.subprocess.Process]) -> list[int]:
    """Start them, and keep all alive until all have run: the sites that were got, by anyone."""
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"go\n")
    lines = [line for racer in racers for line in await _lines(racer, 20)]
    for racer in racers:
        await racer.communicate(b"end\n")
    return [int(site) for word, site in lines if word == "got"]


async def _lines(racer: asyncio.subprocess.Process, number: int) -> list[list[str]]:
    assert racer.stdout is not None
    return [(await racer.stdout.readline()).decode().split() for _ in range(number)]


def test_a_process_that_ended_and_was_not_waited_for_is_not_alive():
    child = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert is_alive(os.getpid())
    child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(child.pid)
    child.wait()
    child.stdout.close()
    assert not is_alive(child.pid)


async def test_an_sqlite_journal_is_synced_at_every_commit_and_lets_readers_read(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/journal.db")
    await database.write(lambda connection: connection.execute(text("CREATE TABLE t (a INT)")))
    synchronous = await database.write(lambda connection: connection.scalar(text("PRAGMA synchronous")))
    mode = await database.read(lambda connection: connection.scalar(text("PRAGMA journal_mode")))
    assert (synchronous, mode) == (2, "wal")
    await database.close()


async def test_readers_do_not_wait_for_a_writer_and_writers_queue(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/journal.db")
    await database.write(lambda connection: connection.execute(text("CREATE TABLE t (a INT)")))

    def add_after_reading(connection):
        before = connection.scalar(text("SELECT count(*) FROM t"))
        with database.engine.connect().execution_options(rp_reads_only=True) as other:
            assert other.scalar(text("SELECT count(*) FROM t")) == before
        connection.execute(text("INSERT INTO t VALUES (1)"))

    await asyncio.gather(*(database.write(add_after_reading) for _ in range(20)))
    assert await database.read(lambda connection: connection.scalar(text("SELECT count(*) FROM t"))) == 20
    await database.close()
