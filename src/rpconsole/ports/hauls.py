"""The books of transfers: hauls ordered by hand, what became of each file, and what was learned of the line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rpconsole.domain.haul import Haul, Way

#: states of a file in the books
ARRIVED = "arrived"
MISSED = "missed"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileLine:
    """What became of one file, the last time that it was moved; a later line for the same target replaces it."""

    way: Way
    source: str
    target: str
    size: int
    #: of both sides; empty where it did not arrive
    sha256: str
    #: which bundle of its transfer, which stream (front end and number), how often it was begun
    bundle: int
    stream: str
    attempts: int
    #: arrived, or missed and why
    state: str
    sentence: str
    at: float
    #: whose it is: a run's or a haul's
    remote_id: int | None = None
    haul: int | None = None


class Hauls(Protocol):
    """Raises DatabaseAway / DatabaseRefused like the journal's other ports."""

    async def add(self, haul: Haul) -> Haul:
        """Remember an order under the next number, which the answer bears."""
        ...

    async def save(self, haul: Haul) -> None:
        """Remember how far it has come."""
        ...

    async def hauls(self, *, limit: int = 100) -> list[Haul]:
        """The last ones, oldest first."""
        ...

    async def record_files(self, lines: Sequence[FileLine]) -> None:
        """Enter what became of files."""
        ...

    async def files(
        self, *, haul: int | None = None, remote_id: int | None = None, state: str | None = None, limit: int = 1000
    ) -> list[FileLine]:
        """Lines of one haul or run, the latest first."""
        ...

    async def remember(self, topic: str, value: Mapping[str, Any]) -> None:
        """Keep a small plain object about the site; a later one replaces it."""
        ...

    async def recall(self, topic: str) -> Mapping[str, Any] | None:
        """What was kept under the topic; None = nothing yet."""
        ...
