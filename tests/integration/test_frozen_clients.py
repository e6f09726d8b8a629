"""A client that is frozen or killed costs the engine nothing that grows, and the others nothing at all."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.engine import FakeEngine, a_run_row
from tests.fakes.serving import serving

from rpconsole.daemon.connection import Connection
from rpconsole.protocol.client import EngineClient
from rpconsole.protocol.messages import PROTOCOL, WholeSnapshot

ROOT = Path(__file__).parents[2]
#: a console without a face: it takes the baton, follows, and says how far it is when it is told to hurry
CONSOLE = """
import asyncio, sys
from pathlib import Path
from rpconsole.protocol.client import EngineClient
async def main():
    client = await EngineClient.connect(Path(sys.argv[1]), who="frozen", place="pts/9", wants_baton=True)
    dropped = 0
    async for event in client.follow(first=40):
        whole = event.kind == "snapshot"
        dropped += event.dropped if whole else 0
        shown = event.snapshot if whole else event.delta.snapshot if event.kind == "delta" else None
        if shown is not None:
            print(event.kind, shown.sequence, dropped, flush=True)
asyncio.run(main())
"""


@pytest.fixture
def engine():
    return FakeEngine(rows=[a_run_row(number) for number in range(1, 301)])


@pytest.fixture
def connections(monkeypatch):
    """Every connection that the server makes."""
    made = []

    def note(self, *args, init=Connection.__init__):
        init(self, *args)
        made.append(self)

    monkeypatch.setattr(Connection, "__init__", note)
    return made


@asynccontextmanager
async def a_console(path):
    """A process of its own that follows; killed at the end."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CONSOLE, str(path), stdout=asyncio.subprocess.PIPE, env=environ
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def heard(process):
    """The next line: kind, sequence, alerts that were dropped."""
    async with asyncio.timeout(30):
        kind, sequence, dropped = (await process.stdout.readline()).decode().split()
    return kind, int(sequence), int(dropped)


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.01)


def flood(engine, number):
    """All runs differ, and something is said."""
    engine.change(runs=tuple(replace(run, tasks_done=number % 8, tries=number) for run in engine.snapshot().runs))
    engine.say(f"bundle {number} arrived")


async def test_a_frozen_console_costs_no_more_than_its_limits_and_takes_a_fresh_snapshot_when_it_wakes(
    engine, connections
):
    async with serving(engine) as path, a_console(path) as frozen, await EngineClient.connect(path) as other:
        await heard(frozen)
        os.kill(frozen.pid, signal.SIGSTOP)
        seen = other.follow(first=40)
        await anext(seen)
        outbox, transport = connections[0]._outbox, connections[0]._writer.transport
        sizes = []
        for number in range(1, 601):
            flood(engine, number)
            if number % 5 == 0:
                # what a server looks at four times a second, without the waiting
                for follower in connections[0]._office.feed._followers:
                    follower.offer(engine.snapshot())
                await asyncio.sleep(0.002)
                sizes.append(transport.get_write_buffer_size())
        # what is made for a client that does not read stops at a message behind the limit of its socket
        assert sizes[-1] == sizes[len(sizes) // 2]
        assert max(sizes) < 1 << 20
        assert len(outbox._messages) == 0
        assert len(outbox._alerts) <= 256
        # the other one is served meanwhile
        assert (await other.call("status"))["sequence"] == engine.snapshot().sequence
        os.kill(frozen.pid, signal.SIGCONT)
        async with asyncio.timeout(30):
            sequence = dropped = 0
            while sequence != engine.snapshot().sequence:
                _, sequence, dropped = await heard(frozen)
        assert dropped > 0


async def test_the_baton_of_a_console_that_was_killed_is_free_for_the_next_one(engine):
    async with serving(engine) as path, await EngineClient.connect(path, place="pts/1", wants_baton=False) as other:
        async with a_console(path) as holder:
            await heard(holder)
            taken = (await other.call("status"))["baton"]["holder"]
            assert taken["place"] == "pts/9"
            holder.kill()
            await holder.wait()
            async with asyncio.timeout(30):
                while (await other.call("status"))["baton"]["holder"] is not None:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        await other.call("baton", do="ask")
        assert (await other.call("status"))["baton"]["holder"]["place"] == "pts/1"
        await other.call("cancel", remote_id=7)


async def test_two_consoles_see_the_same_whatever_their_windows(engine):
    async with (
        serving(engine) as path,
        await EngineClient.connect(path) as one,
        await EngineClient.connect(path) as two,
    ):
        first, second = await anext(one.follow(first=10)), await anext(two.follow(first=0, runs=(300,)))
        assert isinstance(first, WholeSnapshot)
        assert isinstance(second, WholeSnapshot)
        assert len(first.snapshot.runs) == 10
        assert [run.remote_id for run in second.snapshot.runs] == [300]
        assert first.index == second.index


async def test_half_a_message_and_an_end_disturb_nobody(engine, connections):
    async with serving(engine) as path, await EngineClient.connect(path) as other:
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b'{"kind":"hello","protocol":%d,"ver' % PROTOCOL)
        await writer.drain()
        writer.close()
        await until(lambda: connections[-1]._writer.is_closing())
        assert await reader.read() == b""
        assert (await other.call("status"))["site"] == "practice"
