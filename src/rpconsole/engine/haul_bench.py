"""Planning a haul, and measuring the line as the survey once did by hand: file sizes × parallel streams × front ends."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from dataclasses import dataclass

from rpconsole.domain.fault import BadData, NoSession, SessionLost, SiteFailed
from rpconsole.domain.haul import Haul, HaulFile, Way
from rpconsole.domain.session import SessionState
from rpconsole.domain.tuning import Spread
from rpconsole.engine.haul_files import files_of
from rpconsole.engine.haul_room import room_for
from rpconsole.engine.world import World
from rpconsole.ports.site import Shipment, Urgency


@dataclass(frozen=True, kw_only=True, slots=True)
class HaulPlan:
    """What a haul would move."""

    files: int
    bytes: int
    #: of the same size on the other side already, as far as one can see now
    files_there: int
    largest: str
    largest_bytes: int
    #: on the other side; None = unknown without a session
    free_bytes: int | None
    #: bytes per second that were seen last, and the seconds that it would take; None = nothing was measured yet
    rate: float | None
    expected_s: float | None
    #: sentences about what would go wrong
    doubts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchCell:
    """One measurement."""

    size: int
    files: int
    front_ends: int
    streams: int
    #: bytes per second, each way
    rate_out: float
    rate_in: float


async def plan_haul(world: World, way: Way, sources: Sequence[str], target: str, rate: float | None) -> HaulPlan:
    """Look, and move nothing."""
    assert world.haulage is not None
    haul = Haul(number=0, way=way, sources=tuple(sources), target=target, who="", ordered_at=world.clock.now())
    files = await files_of(world.haulage, haul)
    if not files:
        raise BadData(f"{sources[0]} holds no file")
    size = sum(file.size for file in files)
    there, free = await _other_side(world, haul, files)
    missing = size - sum(file.size for file in files if file.target in there)
    largest = max(files, key=lambda file: file.size)
    expected_s = missing / rate if rate else None
    return HaulPlan(
        files=len(files), bytes=size, files_there=len(there), largest=largest.source, largest_bytes=largest.size,
        free_bytes=free, rate=rate, expected_s=expected_s, doubts=_doubts(world, missing, free, expected_s),
    )  # fmt: skip


async def _other_side(world: World, haul: Haul, files: Sequence[HaulFile]) -> tuple[set[str], int | None]:
    assert world.haulage is not None
    try:
        if haul.way is Way.SEND:
            facts = await world.site.stat([file.target for file in files])
        else:
            facts = await world.files.facts([file.target for file in files])
        room = await room_for(world, haul)
    except (NoSession, SessionLost):
        return set(), None
    return {
        file.target for file in files if file.target in facts and facts[file.target].size == file.size
    }, room.free_bytes


def _doubts(world: World, missing: int, free: int | None, expected_s: float | None) -> tuple[str, ...]:
    doubts = []
    if free is not None and missing > free:
        doubts.append(f"it does not fit: {missing / 1e9:.1f} GB are missing there, {free / 1e9:.1f} GB are free")
    now = world.clock.now()
    lefts = [view.left_s(now) for view in world.sessions.view() if view.state is SessionState.OPEN]
    ends = [left for left in lefts if left is not None]
    if expected_s is not None and lefts and len(ends) == len(lefts) and expected_s > max(ends):
        doubts.append("it will not be done before the session ends; it goes on after the next login")
    return tuple(doubts)


async def bench_cell(world: World, *, size: int, total: int, front_ends: int, streams: int) -> BenchCell:
    """Make files, send them, fetch them, remove them on both sides. NoSession without one; BadData for more than there is."""
    assert world.haulage is not None
    if not world.sessions.alive():
        raise NoSession
    most = world.haulage.line.most()
    if front_ends > most.sessions or streams > most.channels:
        raise BadData(f"there are {most.sessions} sessions with {most.channels} file channels each just now")
    paths = await world.haulage.tests.make(max(1, total // size), size)
    root = f"{world.settings.layout.remote_root}/rpconsole/bench"
    out = [Shipment(source=path, target=f"{root}/{os.path.basename(path)}", size=size) for path in paths]
    back = [Shipment(source=one.target, target=one.source, size=size) for one in out]
    world.haulage.line.use(Spread(sessions=front_ends, channels=streams))
    try:
        rate_out = await _timed(world, Way.SEND, out)
        rate_in = await _timed(world, Way.FETCH, back)
    finally:
        world.haulage.line.use(None)
        await world.haulage.tests.clear(paths)
        await world.site.remove(root, [one.target for one in out])
    return BenchCell(
        size=size, files=len(paths), front_ends=front_ends, streams=streams, rate_out=rate_out, rate_in=rate_in
    )


async def _timed(world: World, way: Way, shipments: Sequence[Shipment]) -> float:
    move = world.site.send if way is Way.SEND else world.site.fetch
    began = world.clock.monotonic()
    arrived, missed = await move(shipments, urgency=Urgency.BY_HAND)
    if missed:
        raise SiteFailed(f"{missed[0].shipment.source} did not arrive: {missed[0].sentence}")
    return sum(one.size for one in arrived) / max(1e-6, world.clock.monotonic() - began)
