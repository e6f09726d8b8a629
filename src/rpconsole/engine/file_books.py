"""Entering into the books what became of single files, whoever they were moved for."""

from __future__ import annotations

from collections.abc import Sequence

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
    lines = [
        FileLine(
            way=way, source=one.shipment.source, target=one.shipment.target, size=one.size, sha256=one.sha256,
            bundle=one.bundle, stream=one.stream, attempts=one.attempts, state=ARRIVED, sentence="", at=at,
            remote_id=remote_id, haul=haul,
        )
        for one in arrived
    ]  # fmt: skip
    lines += [
        FileLine(
            way=way, source=one.shipment.source, target=one.shipment.target, size=one.shipment.size or 0, sha256="",
            bundle=one.bundle, stream=one.stream, attempts=one.attempts, state=MISSED, sentence=one.sentence, at=at,
            remote_id=remote_id, haul=haul,
        )
        for one in missed
    ]  # fmt: skip
    await world.haulage.books.record_files(lines)
