"""Waking whoever waits for a change, without losing one that came while nobody waited."""

from __future__ import annotations

import asyncio


class ChangeBell:
    """One consumer is meant: a change that one caller has seen is not shown to the next."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Something has changed."""
        self._rung.set()

    async def rings(self) -> None:
        """Return once something has changed since the last return; all who wait return together."""
        await self._rung.wait()
        self._rung.clear()
