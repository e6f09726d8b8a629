"""Hauls as clients see them: orders that go into the audit, and the books."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rpconsole.domain.haul import Haul, HaulView, Way
from rpconsole.engine.audit import Audit
from rpconsole.engine.haul_bench import BenchCell, HaulPlan, bench_cell, plan_haul
from rpconsole.engine.haul_desk import HaulDesk
from rpconsole.engine.world import World
from rpconsole.ports.hauls import FileLine
from rpconsole.ports.site_files import Reach

#: what is kept of the line, by topic
TOPICS = ("tuning", "pace send", "pace fetch")


class HaulService:
    """Serves ``HaulFacade``."""

    def __init__(self, desk: HaulDesk, world: World, wake: Callable[[], None]) -> None:
        self._desk = desk
        self._world = world
        self._wake = wake

    async def order(self, way: Way, sources: Sequence[str], target: str, who: str) -> Haul:
        """See the facade."""
        haul = await self._desk.order(way, sources, target, who)
        await self._record(who, f"{way} {' '.join(sources[:3])}{' …' if len(sources) > 3 else ''} to {target}", haul)
        return haul

    async def stop(self, number: int, who: str) -> Haul:
        """See the facade."""
        haul = await self._desk.stop(number)
        await self._record(who, "stop", haul)
        return haul

    async def resume(self, number: int, who: str) -> Haul:
        """See the facade."""
        haul = await self._desk.resume(number)
        await self._record(who, "resume", haul)
        return haul

    async def all(self, limit: int = 100) -> list[HaulView]:
        """See the facade."""
        return await self._desk.all(limit)

    async def files(
        self, *, haul: int | None = None, remote_id: int | None = None, state: str | None = None, limit: int = 1000
    ) -> list[FileLine]:
        """See the facade."""
        if self._world.haulage is None:
            return []
        return await self._world.haulage.books.files(haul=haul, remote_id=remote_id, state=state, limit=limit)

    async def plan(self, way: Way, sources: Sequence[str], target: str) -> HaulPlan:
        """See the facade."""
        pace = (await self.learned()).get(f"pace {way}", {})
        return await plan_haul(self._world, way, sources, target, pace.get("rate"))

    async def bench(self, *, size: int, total: int, front_ends: int, streams: int, who: str) -> BenchCell:
        """See the facade."""
        what = f"measure the line: {total} bytes in files of {size}, {front_ends} front ends, {streams} streams"
        async with Audit(self._world).acting(who, what):
            return await bench_cell(self._world, size=size, total=total, front_ends=front_ends, streams=streams)

    async def learned(self) -> Mapping[str, Any]:
        """See the facade."""
        if self._world.haulage is None:
            return {}
        books = self._world.haulage.books
        return {topic: value for topic in TOPICS if (value := await books.recall(topic)) is not None}

    async def reach(self) -> Sequence[Reach]:
        """See the facade."""
        return [] if self._world.haulage is None else await self._world.haulage.line.reach()

    async def _record(self, who: str, what: str, haul: Haul) -> None:
        await Audit(self._world).note(who, f"haul {haul.number}: {what}")
        self._wake()
