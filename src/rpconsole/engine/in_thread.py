"""The workshop that every engine has: a thread of its own process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rpconsole.ports.workshop import Given, Made


class InThread:
    """``Workshop`` without other processes: the loop goes on, though on the same core."""

    async def call(self, work: Callable[[Given], Made], given: Given) -> Made:
        return await asyncio.to_thread(work, given)
