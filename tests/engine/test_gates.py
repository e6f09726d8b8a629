"""What an operator has set holds, whatever was being read meanwhile."""

from __future__ import annotations

import asyncio
from typing import cast

from rpconsole.engine.gates import Gates
from rpconsole.ports.journal import Gate, Operations


class SlowReads:
    """Operations whose answer is made at once and comes late."""

    def __init__(self) -> None:
        self.kept: dict[str, Gate] = {}
        self.asked, self.answers = asyncio.Event(), asyncio.Event()

    async def gates(self):
        found = dict(self.kept)
        self.asked.set()
        await self.answers.wait()
        return found

    async def set_gate(self, gate):
        self.kept[gate.name] = gate


async def test_a_gate_that_is_shut_while_an_engine_reads_what_was_set_before_stays_shut():
    operations = SlowReads()
    gates = Gates(cast("Operations", operations))
    reading = asyncio.create_task(gates.load())
    await operations.asked.wait()
    setting = asyncio.create_task(gates.set(["exec"], open=False, who="ann", at=1.0))
    # as far as it comes while the answer is on its way
    await asyncio.wait({setting}, timeout=0.05)
    operations.answers.set()
    await asyncio.gather(reading, setting)
    assert gates.closed() == {"exec"}
