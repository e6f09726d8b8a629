"""Entering into the books what became of single files, whoever they were moved for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from rpconsole.domain.haul import Way
from rpconsole.engine.world import World
from rpconsole.ports.hauls import ARRIVED, MISSED, FileLine
from rpconsole.ports.site import Delivery, Undelivered


async def enter(
    world: World,
    way: Way,
    arrived: Sequence[Delivery],
    missed: Sequence[Undelivered],
    *,
    remote_id: int | None = None,
    haul: int | None = None,
) -> None:
    """One line a file; without books nothing is written."""
    if world.haulage is None or not (arrived or missed):
        return
    at = world.clock.now()
    # the loop stays free: there are thousands
    lines = await asyncio.to_thread(
        lambda: [*_arrived(way, arrived, at, remote_id, haul), *_missed(way, missed, at, remote_id, haul)]
    )
    await world.haulage.books.record_files(lines)


def _arrived(
    way: Way, arrived: Sequence[Delivery], at: float, remote_id: int | None, haul: int | None
) -> Iterator[FileLine]:
    for one in arrived:
        yield FileLine(
            way=way, source=one.shipment.source, target=one.shipment.target, size=one.size, sha256=one.sha256,
            bundle=one.bundle, stream=one.stream, attempts=one.attempts, state=ARRIVED, sentence="", at=at,
            remote_id=remote_id, haul=haul,
        )  # fmt: skip


def _missed(
    way: Way, missed: Sequence[Undelivered], at: float, remote_id: int | None, haul: int | None
) -> Iterator[FileLine]:
    for one in missed:
        yield FileLine(
            way=way, source=one.shipment.source, target=one.shipment.target, size=one.shipment.size or 0, sha256="",
            bundle=one.bundle, stream=one.stream, attempts=one.attempts, state=MISSED, sentence=one.sentence, at=at,
            remote_id=remote_id, haul=haul,
        )  # fmt: skip
