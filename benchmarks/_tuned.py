"""The live tuner on real slices over the line, and how true the remaining time is that is shown meanwhile."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from _ours import Ours
from _ssh_site import DataSet, SshSite

from rpconsole.domain.haul import Way
from rpconsole.domain.pace import Pace
from rpconsole.engine.carrying import carry
from rpconsole.engine.meter import Meter
from rpconsole.engine.tuning import TOPIC, Tuner
from rpconsole.ports.site import Shipment, Urgency

#: the data so many times is one transfer: long enough for every step of the tuner
ROUNDS = 8
#: before so much has moved nobody is told a time
BEGINNING = 0.2


class Books:
    """What is remembered, for as long as this lasts."""

    def __init__(self) -> None:
        self.kept: dict[str, Mapping[str, Any]] = {}

    async def remember(self, topic: str, value: Mapping[str, Any]) -> None:
        self.kept[topic] = value

    async def recall(self, topic: str) -> Mapping[str, Any] | None:
        return self.kept.get(topic)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuned:
    """What came of it."""

    #: as it is remembered
    found: Mapping[str, Any]
    #: bytes per second of a whole transfer laid over the line like that
    rate: float
    #: worst error of the shown end, as a part of the whole time, after the beginning
    eta_error: float


async def measure_tuner(ours: Ours, site: SshSite, data: DataSet) -> Tuned:
    """Transfers until the tuner has settled, and one more as it says."""
    books = Books()
    world: Any = SimpleNamespace(
        site=ours.verbs, clock=time, meter=Meter(), haulage=SimpleNamespace(books=books, tuner=Tuner(books, ours.verbs))  # type: ignore[arg-type]
    )  # fmt: skip
    for _ in range(3):
        await carry(world, Way.SEND, _shipments(site, data, ROUNDS), None, urgency=Urgency.BY_HAND)
        if TOPIC in books.kept:
            break
    shipments = _shipments(site, data, ROUNDS // 2)
    size = data.size * (ROUNDS // 2)
    told: list[tuple[float, float]] = []
    pace, moved = Pace(), 0

    def progress(files: int, count: int) -> None:
        nonlocal pace, moved
        moved += count
        now = time.monotonic()
        pace = pace.seen(now, moved)
        left_s = pace.left_s(size - moved)
        if left_s is not None and moved > BEGINNING * size:
            told.append((now, left_s))

    began = time.monotonic()
    await carry(world, Way.SEND, shipments, progress, urgency=Urgency.BY_HAND)
    ended = time.monotonic()
    error = max((abs(at + left_s - ended) for at, left_s in told), default=0.0) / (ended - began)
    return Tuned(found=books.kept.get(TOPIC, {}), rate=size / (ended - began), eta_error=error)


def _shipments(site: SshSite, data: DataSet, rounds: int) -> list[Shipment]:
    folder = site.target("tuned")
    return [
        Shipment(source=str(path), target=f"{folder}/{number}/{path.name}", size=path.stat().st_size)
        for number in range(rounds)
        for path in data.files
    ]
