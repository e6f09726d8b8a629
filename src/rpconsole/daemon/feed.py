"""What followers are told without asking: the snapshot a few times a second, alerts at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rpconsole.daemon.outbox import Outbox
from rpconsole.daemon.window import Overviews, Window
from rpconsole.domain.snapshot import Snapshot
from rpconsole.engine.facade import EngineFacade
from rpconsole.protocol.messages import Follow


class Feed:
    """Looks at the engine's snapshot for all followers together; nobody follows, nothing is looked at."""

    def __init__(self, engine: EngineFacade, present: Callable[[], Snapshot], *, every_s: float = 0.25) -> None:
        self._engine = engine
        self._present = present
        self._every_s = every_s
        self._followers: set[Outbox] = set()
        self._overviews = Overviews()

    def add(self, outbox: Outbox, follow: Follow) -> None:
        """Follow from now on, beginning with the whole present, or with what of it is in the follower's window."""
        if follow.first is not None:
            outbox.window = Window(self._overviews, first=follow.first, runs=follow.runs)
        self._followers.add(outbox)
        outbox.offer(self._present())

    def remove(self, outbox: Outbox) -> None:
        """Follow no longer."""
        self._followers.discard(outbox)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch(), name="snapshots")
            tasks.create_task(self._listen(), name="alerts")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            if self._followers:
                snapshot = self._present()
                for follower in self._followers:
                    follower.offer(snapshot)

    async def _listen(self) -> None:
        async for alert in self._engine.alerts():
            for follower in self._followers:
                follower.say(alert)
