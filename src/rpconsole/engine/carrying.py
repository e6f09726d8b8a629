"""Files over the line for whoever wants them carried: in slices while the line is being tuned, and not where time is too short."""

from __future__ import annotations

from collections.abc import Sequence

from rpconsole.domain.fault import HelperDied, SessionLost, SiteFailed
from rpconsole.domain.full_disk import says_full
from rpconsole.domain.haul import Way
from rpconsole.domain.session import may_transfer
from rpconsole.engine.tuning import PROBE_BYTES
from rpconsole.engine.world import World
from rpconsole.ports.site import Delivery, Progress, Shipment, TransferCut, Undelivered, Urgency

#: long enough for any pace to be believed
LESSON_S = 3600.0
#: of a run, between two entries into the books: what a crash makes us compare by checksum, and what is held of single files
SLICE_FILES = 20_000
Carried = tuple[list[Delivery], list[Undelivered]]


class NoTime(SessionLost):
    """The sessions end too soon for a transfer; nothing of it was begun."""


async def refuse_without_time(world: World, remote_id: int, way: Way, size: int) -> None:
    """NoTime where no session lives long enough for so many bytes at the pace that was seen; the run waits for a login then."""
    await _recall_pace(world, way)
    now = world.clock.now()
    expected_s = world.meter.expected_s(way, size)
    if any(may_transfer(view, now, expected_s) for view in world.sessions.view()):
        return
    world.meter.wants(remote_id, way, size)
    raise NoTime(f"{size / 1e9:.3g} GB would take {expected_s / 60:.0f} minutes; the session ends before.")


async def _recall_pace(world: World, way: Way) -> None:
    if world.haulage is None or world.meter.knows(way):
        return
    found = await world.haulage.books.recall(f"pace {way}") or {}
    rate = found.get("rate")
    if isinstance(rate, int | float) and rate > 0:
        world.meter.learn(way, int(rate * LESSON_S), LESSON_S)


async def carry(
    world: World, way: Way, shipments: Sequence[Shipment], progress: Progress | None, *, urgency: Urgency
) -> Carried:
    """As ``Site.send`` and ``fetch``; whatever ends the session raises TransferCut, which tells of all slices."""
    arrived: list[Delivery] = []
    missed: list[Undelivered] = []
    left = list(shipments)
    while left:
        some = await _slice(world, way, left)
        try:
            came, failed = await _measured(world, way, some, progress, urgency)
        except SessionLost as lost:
            had, missing = (lost.delivered, lost.undelivered) if isinstance(lost, TransferCut) else ([], [])
            raise TransferCut(str(lost), arrived + had, missed + missing) from lost
        arrived += came
        missed += failed
        left = left[len(some) :]
    return arrived, missed


async def _slice(world: World, way: Way, left: list[Shipment]) -> list[Shipment]:
    if world.haulage is None or not await world.haulage.tuner.is_trying(way):
        return left
    size = count = 0
    while count < len(left) and (count == 0 or size + (left[count].size or 0) <= PROBE_BYTES):
        size += left[count].size or 0
        count += 1
    return left[:count]


async def _measured(
    world: World, way: Way, some: Sequence[Shipment], progress: Progress | None, urgency: Urgency
) -> Carried:
    if world.haulage is None:
        return await _move(world, way, some, progress, urgency)
    tuner = world.haulage.tuner
    began = world.clock.monotonic()
    with tuner.slice(way) as trial:
        outcome = await _move(world, way, some, progress, urgency)
    seconds = world.clock.monotonic() - began
    moved = sum(delivery.size for delivery in outcome[0])
    world.meter.learn(way, moved, seconds)
    await tuner.measured(trial, moved, seconds)
    return outcome


async def _move(
    world: World, way: Way, some: Sequence[Shipment], progress: Progress | None, urgency: Urgency
) -> Carried:
    move = world.site.send if way is Way.SEND else world.site.fetch
    return await move(some, progress, urgency=urgency)


def most_telling(missed: Sequence[Undelivered]) -> Undelivered:
    """Whose reason is told of files that did not arrive: a full disk, which says what helps, before any other."""
    return next((one for one in missed if says_full(one.sentence)), missed[0])


def passing_fault(sentence: str, missed: Sequence[Undelivered]) -> SiteFailed | HelperDied:
    """What ends a step whose files may well arrive the next time."""
    is_site_away = any(one.site_away for one in missed) and not says_full(sentence)
    return HelperDied(sentence) if is_site_away else SiteFailed(sentence)
