"""Cutting a transfer into bundles: big enough to fill the line, many enough that all streams end together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rpconsole.ports.site import Shipment

LEAST_BUNDLE_BYTES = 4 << 20
MOST_BUNDLE_BYTES = 100 << 20
MOST_BUNDLE_FILES = 1000


@dataclass(kw_only=True, slots=True)
class Bundle:
    """Files that go over one stream, one behind the other."""

    shipments: tuple[Shipment, ...]
    #: how often it was begun and could not be finished
    failures: int = 0


def bundle_bytes_for(total: int, streams: int) -> int:
    """Four bundles a stream, within limits."""
    return min(max(total // (max(1, streams) * 4), LEAST_BUNDLE_BYTES), MOST_BUNDLE_BYTES)


def bundles_of(sized: Iterable[tuple[Shipment, int]], streams: int) -> list[Bundle]:
    """Largest files first; a file that is as large as a bundle is one."""
    ordered = sorted(sized, key=lambda item: item[1], reverse=True)
    limit = bundle_bytes_for(sum(size for _, size in ordered), streams)
    bundles: list[Bundle] = []
    taken: list[Shipment] = []
    total = 0
    for shipment, size in ordered:
        taken.append(shipment)
        total += size
        if total >= limit or len(taken) >= MOST_BUNDLE_FILES:
            bundles.append(Bundle(shipments=tuple(taken)))
            taken, total = [], 0
    if taken:
        bundles.append(Bundle(shipments=tuple(taken)))
    return bundles
