"""The checks of a run's dbinfo, the first of them begun while it is still being read which there are: a check changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.run import Run
from rpconsole.engine.dbinfo_check import Checked, CheckOrder, check_all, statements
from rpconsole.engine.world import World

#: pieces that are checked before it is known whether they must be; what came of them is held in memory
AHEAD = 8


class EarlyChecks:
    """Checks pieces of so many dbinfo; to be ended, whatever happens."""

    def __init__(self, world: World, run: Run, *, at_once: int) -> None:
        self._world, self._run, self._at_once = world, run, at_once
        self._waiting: list[ManifestRecord] = []
        #: by the place of their first record
        self._begun: dict[str, tuple[Sequence[ManifestRecord], asyncio.Task[Checked]]] = {}
        # a process that is not there yet comes up meanwhile
        self._ready = asyncio.create_task(self._check([]))

    def begin(self, records: Sequence[ManifestRecord]) -> None:
        """Hear of the next records; it may turn out that they are of no account."""
        self._waiting += records
        while len(self._waiting) >= self._at_once and len(self._begun) < AHEAD:
            piece, self._waiting = self._waiting[: self._at_once], self._waiting[self._at_once :]
            self._begun[piece[0].local] = piece, asyncio.create_task(self._check(piece))

    async def of(self, records: Sequence[ManifestRecord]) -> Checked:
        """For each record the statement that may be applied, or the sentence why it may not."""
        begun, task = self._begun.get(records[0].local, ((), None))
        if task is None or list(begun) != list(records):
            return await self._check(records)
        del self._begun[records[0].local]
        return await task

    async def end(self) -> None:
        """What nobody asked for is not wanted any more."""
        left = [self._ready, *(task for _, task in self._begun.values())]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _check(self, records: Sequence[ManifestRecord]) -> Checked:
        dbname, read = self._world.settings.layout.dbname, self._world.files.reader()
        order = CheckOrder(stage=self._run.stage, dbname=dbname, read=read, promised=list(map(tuple, records)))
        return statements(await self._world.workshop.call(check_all, order))
