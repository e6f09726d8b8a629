"""The site's scratch: its room, and the purge clocks of files on it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rpconsole.domain.scratch import Holding


@dataclass(frozen=True, kw_only=True, slots=True)
class DiskRoom:
    """What a file system says of itself, in bytes."""

    used: int
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FileAge:
    """One file's times (epoch seconds) and size."""

    accessed: float
    changed: float
    bytes: int


class Scratch(Protocol):
    """Looks only; errors as in ``Site``."""

    async def disk(self, path: str) -> DiskRoom:
        """Room on the file system of a path, or of the nearest folder above it that exists."""
        ...

    async def ages(self, paths: Collection[str]) -> Mapping[str, FileAge]:
        """Of the files that exist; the others are left out. Looking at a file does not renew its clock."""
        ...


class HoldingBook(Protocol):
    """What runs have left at the site, remembered. Raises DatabaseAway / DatabaseRefused."""

    async def holdings(self) -> list[Holding]:
        """All that were not removed, ordered by run."""
        ...

    async def keep(self, holdings: Sequence[Holding]) -> None:
        """Remember; a later word on the same run replaces the earlier."""
        ...
