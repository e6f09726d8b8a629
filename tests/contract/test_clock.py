"""The clock's contract, and what the movable one promises to tests."""

from __future__ import annotations

import asyncio
import time

import pytest

from rpconsole.adapters.memory.clock import MovableClock
from rpconsole.adapters.system_clock import SystemClock


async def slept(clock: MovableClock, seconds: float, seen: list[tuple[float, float]]) -> None:
    await clock.sleep(seconds)
    seen.append((seconds, clock.monotonic()))


async def test_the_systems_clock_goes_by_itself():
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() - before >= 0.01
    assert clock.now() == pytest.approx(time.time(), abs=5)


async def test_a_movable_clock_stands_still():
    clock = MovableClock(now=1000.0)
    await asyncio.sleep(0)
    assert (clock.now(), clock.monotonic()) == (1000.0, 0.0)


async def test_sleepers_wake_in_order_each_at_its_own_time():
    clock = MovableClock()
    seen: list[tuple[float, float]] = []
    tasks = [asyncio.create_task(slept(clock, seconds, seen)) for seconds in (30, 10, 20, 99)]
    await clock.advance(50)
    assert seen == [(10, 10), (20, 20), (30, 30)]
    assert clock.monotonic() == 50
    assert clock.sleeping == 1
    await clock.advance(49)
    assert seen[-1] == (99.0, 99.0)
    await asyncio.gather(*tasks)


async def test_who_sleeps_again_wakes_again_within_the_same_move():
    clock = MovableClock()
    beats: list[float] = []

    async def beat() -> None:
        while True:
            await clock.sleep(10)
            beats.append(clock.monotonic())

    task = asyncio.create_task(beat())
    await clock.advance(35)
    assert beats == [10, 20, 30]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.sleeping == 0
    await clock.advance(100)
    assert beats == [10, 20, 30]


async def test_a_step_of_the_wall_clock_wakes_nobody():
    clock = MovableClock(now=1000.0)
    seen: list[tuple[float, float]] = []
    task = asyncio.create_task(slept(clock, 10, seen))
    clock.set_wall_clock(99_999.0)
    await clock.advance(5)
    assert seen == []
    assert clock.now() == 100_004.0
    await clock.advance(5)
    assert seen == [(10, 10)]
    await task


async def test_not_sleeping_at_all_returns_at_once():
    clock = MovableClock()
    await asyncio.wait_for(clock.sleep(0), 1)
    await asyncio.wait_for(clock.sleep(-1), 1)
