"""A database that is away when the engine starts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.engine.conftest import OWNER

from rpconsole.domain.fault import DatabaseAway, DatabaseRefused
from rpconsole.domain.stage import Stage
from rpconsole.engine.service import Engine


class Door:
    """Stands before the databases: opened, it lets through; shut, it says that they are away."""

    def __init__(self) -> None:
        self.error: Exception | None = DatabaseAway("the database gpc1 at nowhere does not answer")
        self.knocks = 0

    async def ready(self) -> None:
        self.knocks += 1
        if self.error is not None:
            raise self.error


@pytest.fixture
def door(bench) -> Door:
    made = Door()
    retry = replace(bench.world.settings.retry, away_s=0.01)
    bench.world = replace(bench.world, make_ready=made.ready, settings=replace(bench.world.settings, retry=retry))
    return made


async def test_it_is_waited_for_and_said_once_and_the_work_begins_when_it_answers(bench, door):
    async with bench.running() as engine:
        await bench.until(lambda: door.knocks > 3)
        assert engine.snapshot().waits_for == "the database gpc1 at nowhere does not answer"
        assert bench.states() == []
        door.error = None
        await bench.until(lambda: bench.states(Stage.CHIP) == ["pending"])
        said = [alert.sentence for alert in engine.snapshot().alerts]
    assert said == [
        "waiting for the database: the database gpc1 at nowhere does not answer",
        "the database answers again",
    ]
    assert engine.snapshot().waits_for is None


async def test_a_stop_comes_through_while_it_waits(bench, door):
    async with bench.running():
        await bench.until(lambda: door.knocks > 1)


async def test_a_database_that_refuses_ends_it_at_once(bench, door):
    door.error = DatabaseRefused("Access denied for user 'ipp'")
    with pytest.raises(DatabaseRefused, match="Access denied"):
        await asyncio.wait_for(Engine(bench.world, OWNER).run(), 60)
    assert door.knocks == 1


async def test_gates_that_were_closed_before_are_closed_once_the_journal_answers(bench, door):
    first = Engine(bench.world, OWNER)
    await first.set_gates(["define"], open=False, who="op")
    async with bench.running() as engine:
        await bench.until(lambda: door.knocks > 1)
        door.error = None
        await bench.until(lambda: engine.snapshot().waits_for is None)
        for _ in range(5):
            await bench.clock.advance(3.0)
        assert bench.states() == []
        assert [gate.name for gate in engine.snapshot().gates if not gate.open] == ["define"]
