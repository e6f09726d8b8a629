"""What runs beside the loop."""

from __future__ import annotations

import asyncio

from rpconsole.adapters.memory.clock import MovableClock
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.tasks import TaskSet


async def test_who_waits_for_the_end_of_a_round_goes_before_what_it_began_beside_the_loop():
    tasks = TaskSet(NoticeBoard(MovableClock()), lambda: None, lambda away: None)
    told, order = asyncio.Event(), []

    async def work() -> None:
        order.append("beside")

    async def waits() -> None:
        await told.wait()
        order.append("who waits")

    waiter = asyncio.create_task(waits())
    await asyncio.sleep(0)
    tasks.start_once("count", work)
    told.set()
    await waiter
    await tasks.end(grace_s=10.0)
    assert order == ["who waits", "beside"]
