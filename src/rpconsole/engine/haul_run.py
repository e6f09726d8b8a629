"""One haul on its way: look what is missing, see that there is room and time, move a slice, write it down, go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rpconsole.domain.fault import HelperDied, SiteFailed
from rpconsole.domain.full_disk import says_full
from rpconsole.domain.haul import SLICE_BYTES, Haul, HaulFile, HaulState, Way, bytes_that_fit, next_slice
from rpconsole.domain.pace import Pace
from rpconsole.domain.session import LAST_ORDERS_S, LAST_TRANSFERS_S
from rpconsole.engine.carrying import carry
from rpconsole.engine.file_books import enter
from rpconsole.engine.haul_files import files_of, remember, shape_of, to_move
from rpconsole.engine.haul_room import room_for
from rpconsole.engine.tuning import PROBE_BYTES
from rpconsole.engine.world import Haulage, World
from rpconsole.ports.site import Delivery, Shipment, TransferCut, Undelivered, Urgency

Show = Callable[[Haul, int], None]
#: a file that did not arrive for a passing reason is begun so often in one run of a haul
TRIES = 3
#: left free on the other side's disk, for what others write meanwhile
SPARE = 0.02
LEAST_PACE_S = 2.0


class NoRoom(SiteFailed):
    """The disk or the quota on the other side would overflow."""


class NoTime(SiteFailed):
    """The session ends too soon."""


class HaulRun:
    """Carries out one haul from its beginning; what is there and right is passed over, so each beginning is a resume."""

    def __init__(self, world: World, haul: Haul, show: Show) -> None:
        assert world.haulage is not None
        self._world = world
        self._haulage: Haulage = world.haulage
        self._haul = haul
        self._show = show
        self._moved = 0
        #: of the slice that is on its way
        self._under_way = self._files_under_way = 0
        self._pace = Pace()
        self._parked: dict[str, str] = {}
        #: why what should have carried the last files did not, where that is no fault of theirs
        self._site_away = ""
        self._moving_s = 0.0

    async def carry_out(self) -> Haul:
        """The haul as it ended.

        Raises SessionLost, NoSession, SiteFailed and HelperDied (try again later), BadData (a person must see to it).
        """
        files = await files_of(self._haulage, self._haul)
        size = sum(file.size for file in files)
        self._change(
            state=HaulState.MOVING, sentence="", files=len(files), bytes=size,
            files_done=0, bytes_done=0, files_there=0, files_parked=0,
        )  # fmt: skip
        await self._haulage.books.save(self._haul)
        await self._all_slices(files)
        await self._remember_pace()
        return self._ended(await self._made_shape())

    async def _made_shape(self) -> str:
        """Links and empty folders, once the files are there; what of them could not be made, as a sentence."""
        side, other = self._haulage.here, self._haulage.there
        if self._haul.way is Way.FETCH:
            side, other = other, side
        shape = await shape_of(side, self._haul)
        if not shape.links and not shape.folders:
            return ""
        failed = await other.make(self._haul.target, shape)
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        return f"a link or folder was not made: {failed[0]}{more}" if failed else ""

    async def _all_slices(self, files: Sequence[HaulFile]) -> None:
        start = 0
        while start < len(files):
            some = next_slice(files, start, most_bytes=await self._bytes_of_a_slice())
            start += len(some)
            await self._slice(some)
            await self._haulage.books.save(self._haul)

    async def _remember_pace(self) -> None:
        """For the next plan; a few seconds say nothing."""
        if self._moving_s > LEAST_PACE_S:
            rate = self._moved / self._moving_s
            await self._haulage.books.remember(
                f"pace {self._haul.way}", {"rate": rate, "at": self._world.clock.now(), "bytes": self._moved}
            )

    async def _slice(self, files: Sequence[HaulFile]) -> None:
        missing = await to_move(self._world, self._haul, files)
        there = len(files) - len(missing)
        self._count(there, sum(file.size for file in files) - sum(file.size for file in missing), there=there)
        await self._refuse_without_room(missing)
        for _ in range(TRIES):
            if not missing:
                return
            self._refuse_without_time(missing)
            missing = await self._moved_once(missing)
            self._refuse_full(missing)
            if self._site_away:
                raise HelperDied(self._site_away)
        for file in missing:
            self._park(file)

    async def _moved_once(self, files: Sequence[HaulFile]) -> list[HaulFile]:
        """Those that may arrive when they are begun again."""
        by_target = {file.target: file for file in files}
        shipments = [Shipment(source=file.source, target=file.target, size=file.size) for file in files]
        self._under_way = self._files_under_way = 0
        began = self._world.clock.monotonic()
        try:
            arrived, missed = await carry(
                self._world, self._haul.way, shipments, self._progress, urgency=Urgency.BY_HAND
            )
        except TransferCut as cut:
            await self._write(by_target, cut.delivered, cut.undelivered)
            raise
        self._moving_s += self._world.clock.monotonic() - began
        await self._write(by_target, arrived, missed)
        self._site_away = next((one.sentence for one in missed if one.site_away), "")
        for one in missed:
            self._parked[one.shipment.target] = one.sentence
            if not one.retryable:
                self._park(by_target[one.shipment.target])
        return [by_target[one.shipment.target] for one in missed if one.retryable]

    async def _write(
        self, files: dict[str, HaulFile], arrived: Sequence[Delivery], missed: Sequence[Undelivered]
    ) -> None:
        self._under_way = self._files_under_way = 0
        self._count(len(arrived), sum(delivery.size for delivery in arrived))
        await remember(self._world, self._haul, files, arrived)
        await enter(self._world, self._haul.way, arrived, missed, haul=self._haul.number)

    async def _refuse_without_room(self, files: Sequence[HaulFile]) -> None:
        if not files:
            return
        room = await room_for(self._world, self._haul)
        needed = sum(file.size for file in files)
        if needed > room.free_bytes * (1 - SPARE):
            raise NoRoom(
                f"{self._haul.target} has room for {room.free_bytes / 1e9:.1f} GB, the next files need {needed / 1e9:.1f} GB."
            )
        if len(files) > room.free_files:
            raise NoRoom(f"{self._haul.target} has room for {room.free_files} files more, {len(files)} are next.")

    def _refuse_full(self, files: Sequence[HaulFile]) -> None:
        """What others wrote meanwhile, or a quota that nobody tells of, can fill a disk that had room."""
        said = [sentence for file in files if says_full(sentence := self._parked.get(file.target, ""))]
        if said:
            more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
            raise NoRoom(f"{said[0].rstrip('.')}{more}; what has arrived stays.")

    def _refuse_without_time(self, files: Sequence[HaulFile]) -> None:
        """Nothing is begun that would be cut by the end of the sessions."""
        fits = self._bytes_that_fit()
        if fits is None:
            return
        if max(file.size for file in files) > fits:
            raise NoTime("what comes next would not fit before the session ends; log in anew.")

    async def _bytes_of_a_slice(self) -> int:
        fits = self._bytes_that_fit()
        if await self._haulage.tuner.is_trying(self._haul.way):
            fits = min(fits or PROBE_BYTES, PROBE_BYTES)
        return SLICE_BYTES if fits is None else max(1, min(SLICE_BYTES, fits))

    def _bytes_that_fit(self) -> int | None:
        """Bytes that go before the last session ends, at the pace so far; None where that is far off or unknown."""
        now = self._world.clock.now()
        lefts = [view.left_s(now) for view in self._world.sessions.view() if view.opened_at is not None]
        if not lefts or None in lefts:
            return None
        left_s = max(left for left in lefts if left is not None)
        rate = self._pace.rate() or self._world.meter.pace(self._haul.way)
        return None if left_s > LAST_TRANSFERS_S else bytes_that_fit(left_s, rate, reserve_s=LAST_ORDERS_S)

    # -- counting ----------------------------------------------------------------------------------------------------

    def _progress(self, files: int, moved: int) -> None:
        self._moved += moved
        self._world.meter.count(self._haul.way, moved, self._world.clock.monotonic())
        self._under_way += moved
        self._files_under_way += files
        self._pace = self._pace.seen(self._world.clock.monotonic(), self._moved)
        haul = self._haul
        size = min(haul.bytes, haul.bytes_done + self._under_way)
        self._show(replace(haul, bytes_done=size, files_done=haul.files_done + self._files_under_way), self._moved)

    def _count(self, files: int, size: int, *, there: int = 0) -> None:
        haul = self._haul
        self._change(
            files_done=haul.files_done + files, bytes_done=haul.bytes_done + size, files_there=haul.files_there + there
        )

    def _park(self, file: HaulFile) -> None:
        self._change(files_parked=self._haul.files_parked + 1)

    def _change(self, **changes: object) -> None:
        self._haul = replace(self._haul, **changes)  # type: ignore[arg-type]
        self._show(self._haul, self._moved)

    def _ended(self, sentence: str) -> Haul:
        haul, at = self._haul, self._world.clock.now()
        if haul.files_parked:
            target, sentence = next(iter(self._parked.items()))
            more = f" (and {haul.files_parked - 1} more)" if haul.files_parked > 1 else ""
            return replace(
                haul, state=HaulState.PARKED, ended_at=at, sentence=f"{target} did not arrive: {sentence}{more}"
            )
        return replace(haul, state=HaulState.DONE, ended_at=at, sentence=sentence)
