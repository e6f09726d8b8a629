"""The detrends of one preparation: candidates read once, files of each picked detrend once, paths looked up once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import ChipRows, DetrendRun, StageRows
from rpconsole.engine.world import World
from rpconsole.stages.base import NO_DETRENDS, Detrends
from rpconsole.stages.registry import STAGES


class DetrendShelf:
    """Serves component after component."""

    def __init__(self, world: World, runs: Collection[DetrendRun]) -> None:
        self._world = world
        self._runs = tuple(runs)
        self._served: dict[tuple[DetrendRun, ...], Detrends] = {}
        self._keys: set[str] = set()
        #: key -> disk path of detrend files, which every exposure of a period shares
        self.paths: dict[str, str] = {}
        #: held while something is looked up: who comes beside it finds it on the shelf
        self.looking = asyncio.Lock()

    @classmethod
    async def load(cls, world: World, stage: Stage) -> DetrendShelf:
        """The candidates, where the stage has any."""
        return cls(world, await world.survey.detrend_runs() if stage is Stage.CHIP else ())

    async def serve(self, rows: StageRows) -> Detrends:
        """The detrends that were picked for one component, with their files."""
        if not isinstance(rows, ChipRows):
            return NO_DETRENDS
        picked = STAGES[Stage.CHIP].detrends_for(rows, self._runs)
        async with self.looking:
            if picked not in self._served:
                self._served[picked] = await self._read(picked)
        return self._served[picked]

    async def _read(self, picked: tuple[DetrendRun, ...]) -> Detrends:
        files = {}
        for one in picked:
            key = (one.det_id, one.iteration)
            files[key] = await self._world.survey.detrend_files(*key)
            self._keys.update(files[key].values())
        return Detrends(runs=picked, files=files)

    def keep(self, found: Mapping[str, str]) -> None:
        """Remember where detrend files lie."""
        self.paths.update((key, path) for key, path in found.items() if key in self._keys)
