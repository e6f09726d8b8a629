"""Scratch as it is shown, and what may be removed from it."""

from __future__ import annotations

from dataclasses import dataclass

from rpconsole.domain.scratch import Holding, Room


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldingView:
    """What one run has left, and when the first of it is purged."""

    holding: Holding
    #: None where nobody needs it, where the site's rule is not known, or where it was not looked at yet
    purge_at: float | None
    #: live runs that read it
    readers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A run that waits for room."""

    remote_id: int
    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ScratchView:
    """Everything that is known of the site's scratch, at one moment."""

    at: float
    #: None = never asked in this engine's life
    room: Room | None
    purge_days: float | None
    purge_by: str
    throttle: float
    #: what will be purged first comes first; then what nobody needs
    holdings: tuple[HoldingView, ...]
    waiting: tuple[Waiting, ...]
    #: bytes that runs under way will still add
    promised: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SafeFile:
    """One file at the site that is needed there by nobody, and why."""

    remote: str
    bytes: int
    #: input, product, intermediate
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SafeFiles:
    """What of one run may be removed, proven at this moment."""

    remote_id: int
    files: tuple[SafeFile, ...]
    #: why something, or all of it, must stay
    kept: tuple[str, ...]
    #: how many were removed; None = nothing was ordered
    removed: int | None = None

    @property
    def bytes(self) -> int:
        """Of all of them together."""
        return sum(file.bytes for file in self.files)
