"""Hauls: taken from people, moved one after the other, recorded slice by slice, stopped and taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from rpconsole.domain.action import Level
from rpconsole.domain.fault import BadConfiguration, BadData, NoSession, RpconsoleError, SessionLost
from rpconsole.domain.haul import LIVE_HAULS, Haul, HaulState, HaulView, Way
from rpconsole.domain.pace import Pace
from rpconsole.domain.renewal import Outstanding
from rpconsole.engine.haul_run import HaulRun
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.world import Haulage, World

#: ended hauls that are still shown
SHOWN = 5
#: after the site did not answer, or had no room
TRY_AGAIN_S = 60.0


class HaulDesk:
    """Keeps the hauls; ``next_task`` is asked at each tick what to do."""

    def __init__(self, world: World, notices: NoticeBoard) -> None:
        self._world = world
        self._notices = notices
        self._hauls: dict[int, Haul] = {}
        self._moving: tuple[int, asyncio.Task[Haul]] | None = None
        self._pace = Pace()
        self._is_loaded = False
        self._not_before = 0.0
        #: set while sessions are renewed: nothing is begun
        self.is_held = False

    # -- for people --------------------------------------------------------------------------------------------------

    async def order(self, way: Way, sources: Sequence[str], target: str, who: str) -> Haul:
        """Take an order; it moves when its turn comes. BadData for paths that can be seen to be wrong now."""
        books = self._haulage().books
        for path in (*sources, target):
            if not path.startswith("/") or "\0" in path or ".." in path.split("/"):
                raise BadData(f"'{path}' must be an absolute path without '..'")
        if not sources:
            raise BadData("name at least one file or directory")
        self._refuse_outside((target,) if way is Way.SEND else sources)
        haul = Haul(
            number=0, way=way, sources=tuple(sources), target=target, who=who, ordered_at=self._world.clock.now(),
            sentence="its turn comes next",
        )  # fmt: skip
        haul = await books.add(haul)
        self._hauls[haul.number] = haul
        return haul

    def _refuse_outside(self, paths: Sequence[str]) -> None:
        """What the site's helper would refuse anyway, before anything moves."""
        areas = self._haulage().areas
        for path in paths:
            if not any((path.rstrip("/") + "/").startswith(area.rstrip("/") + "/") for area in areas):
                raise BadData(
                    f"{path} lies outside of where files may be at the site ({', '.join(areas)}); "
                    f"name its area in the configuration, [transfer] areas"
                )

    async def stop(self, number: int) -> Haul:
        """Stop where it is; what has arrived stays."""
        haul = await self._known(number)
        if haul.state not in LIVE_HAULS:
            raise BadData(f"haul {number} is {haul.state}; there is nothing to stop")
        await self._interrupt(number)
        return await self._save(replace(self._hauls[number], state=HaulState.STOPPED, sentence="stopped by a person"))

    async def resume(self, number: int) -> Haul:
        """Go on behind what has arrived; also after an end with files that could not arrive."""
        haul = await self._known(number)
        if haul.state in LIVE_HAULS:
            raise BadData(f"haul {number} is {haul.state} already")
        self._not_before = 0.0
        sentence = "its turn comes next"
        return await self._save(replace(haul, state=HaulState.WAITING, sentence=sentence, ended_at=None))

    async def all(self, limit: int = 100) -> list[HaulView]:
        """The last ones, the books' and ours."""
        known = {haul.number: haul for haul in await self._haulage().books.hauls(limit=limit)}
        return [self._view(haul) for _, haul in sorted({**known, **self._hauls}.items())][-limit:]

    def views(self) -> tuple[HaulView, ...]:
        """Those that live and the last that ended, from memory."""
        live = [haul for haul in self._hauls.values() if haul.state in LIVE_HAULS or haul.state is HaulState.STOPPED]
        ended = [haul for haul in self._hauls.values() if haul.state in (HaulState.DONE, HaulState.PARKED)]
        shown = [*ended[-SHOWN:], *live]
        return tuple(self._view(haul) for haul in sorted(shown, key=lambda haul: haul.number))

    # -- for the loop ------------------------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Load once, see to what has ended, begin what may begin."""
        if self._world.haulage is None:
            return
        if not self._is_loaded:
            self._hauls = {haul.number: haul for haul in await self._haulage().books.hauls()}
            self._is_loaded = True
        await self._reap()
        now = self._world.clock.now()
        waiting = [haul for haul in self._hauls.values() if haul.state in LIVE_HAULS]
        if self._moving is not None or not waiting or now < self._not_before or self.is_held:
            return
        haul = min(waiting, key=lambda haul: haul.number)
        if not self._world.sessions.alive():
            self._hauls[haul.number] = replace(haul, state=HaulState.WAITING, sentence="no session: log in")
            return
        self._pace = Pace()
        run = HaulRun(self._world, haul, self._show)
        self._moving = (haul.number, asyncio.create_task(run.carry_out(), name=f"haul {haul.number}"))

    def outstanding(self) -> Outstanding | None:
        """What a renewal waits for: the haul that moves, until its next border of a bundle."""
        if self._moving is None:
            return None
        view = self._view(self._hauls[self._moving[0]])
        return Outstanding(
            remote_id=0, haul=view.haul.number, action=view.haul.way, sentence="it ends at the next border of a bundle",
            cuttable=True, bytes_left=view.haul.bytes - view.haul.bytes_done, left_s=view.left_s,
        )  # fmt: skip

    async def end(self) -> None:
        """Before the engine ends: what moves will be taken up by the next one."""
        if self._moving is not None:
            await self._interrupt(self._moving[0])

    async def _reap(self) -> None:
        if self._moving is None or not self._moving[1].done():
            return
        (number, task), self._moving = self._moving, None
        haul = self._hauls[number]
        try:
            haul = await task
        except asyncio.CancelledError:
            return
        except (NoSession, SessionLost):
            haul = replace(self._hauls[number], state=HaulState.WAITING, sentence="the session has ended: log in")
        except BadData as error:
            haul = replace(self._hauls[number], state=HaulState.PARKED, sentence=str(error), ended_at=self._now())
        except RpconsoleError as error:
            self._not_before = self._now() + TRY_AGAIN_S
            haul = replace(
                self._hauls[number], state=HaulState.WAITING, sentence=f"{error} It is tried again in a minute."
            )
        await self._save(haul)
        self._tell(haul)

    def _tell(self, haul: Haul) -> None:
        if haul.state is HaulState.DONE:
            self._notices.say(Level.NOTE, f"haul {haul.number} is done: {haul.files} files")
        elif haul.state is HaulState.PARKED:
            self._notices.say(Level.WARN, f"haul {haul.number}: {haul.sentence}")

    async def _interrupt(self, number: int) -> None:
        if self._moving is None or self._moving[0] != number:
            return
        task, self._moving = self._moving[1], None
        task.cancel()
        await asyncio.wait([task])

    def _show(self, haul: Haul, moved: int) -> None:
        """How far the one that moves has come."""
        self._hauls[haul.number] = haul
        self._pace = self._pace.seen(self._world.clock.monotonic(), moved)

    def _view(self, haul: Haul) -> HaulView:
        if self._moving is None or self._moving[0] != haul.number:
            return HaulView(haul=haul)
        return HaulView(haul=haul, rate=self._pace.rate(), left_s=self._pace.left_s(haul.bytes - haul.bytes_done))

    async def _known(self, number: int) -> Haul:
        if number not in self._hauls:
            found = {haul.number: haul for haul in await self._haulage().books.hauls(limit=10_000)}
            if number not in found:
                raise BadData(f"there is no haul {number}; 'rpconsole transfer list' lists them")
            self._hauls[number] = found[number]
        return self._hauls[number]

    async def _save(self, haul: Haul) -> Haul:
        self._hauls[haul.number] = haul
        await self._haulage().books.save(haul)
        return haul

    def _haulage(self) -> Haulage:
        if self._world.haulage is None:
            raise BadConfiguration("this engine keeps no books of transfers")
        return self._world.haulage

    def _now(self) -> float:
        return self._world.clock.now()
