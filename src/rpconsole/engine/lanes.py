"""Piece after piece of long work on a few lanes: while one waits for a disk or a database, the other's next piece is made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

LANES = 2


async def in_lanes(
    items: Sequence[Item], size: int, work: Callable[[Sequence[Item]], Awaitable[None]], *, lanes: int = LANES
) -> None:
    """Do ``work`` on all items, ``size`` at a time; the first error ends all lanes and comes out as it is."""
    pieces = (items[start : start + size] for start in range(0, len(items), size))
    tasks = [asyncio.create_task(_lane(pieces, work)) for _ in range(lanes)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _lane(pieces: Iterator[Sequence[Item]], work: Callable[[Sequence[Item]], Awaitable[None]]) -> None:
    for piece in pieces:
        await work(piece)
