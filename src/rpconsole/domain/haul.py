"""A haul: files that a person sends or fetches by hand, outside of any run, with the same care and the least urgency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """Which way files go, seen from home."""

    SEND = "send"
    FETCH = "fetch"


class HaulState(StrEnum):
    """How a haul stands."""

    #: its turn has not come, or it waits for a session; ``sentence`` says for what
    WAITING = "waiting"
    MOVING = "moving"
    #: a person stopped it; ``resume`` goes on behind what has arrived
    STOPPED = "stopped"
    #: everything is there and right
    DONE = "done"
    #: ended with files that cannot arrive as things are; they are named in the ledger
    PARKED = "parked"


#: states that the engine works on by itself
LIVE_HAULS = (HaulState.WAITING, HaulState.MOVING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Haul:
    """One order and how far it has come."""

    number: int
    way: Way
    #: absolute paths on the side that they come from: files, or folders with everything in them
    sources: tuple[str, ...]
    #: absolute path of the folder that they go to
    target: str
    who: str
    #: epoch seconds
    ordered_at: float
    state: HaulState = HaulState.WAITING
    sentence: str = ""
    #: what the sources hold; zeros before they were looked at
    files: int = 0
    bytes: int = 0
    #: what is there and right, whether it was there before or came now
    files_done: int = 0
    bytes_done: int = 0
    #: of these, what was there before
    files_there: int = 0
    #: that cannot arrive as things are
    files_parked: int = 0
    ended_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HaulView:
    """A haul as it is shown."""

    haul: Haul
    #: bytes per second lately; 0 = nothing moves
    rate: float = 0.0
    #: seconds until it is done at that rate; None = nobody can say
    left_s: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HaulFile:
    """One file of a haul: where it lies and where it is to lie."""

    source: str
    target: str
    size: int
    mtime_ns: int


#: a slice is recorded when it is through: what a crash may make us look at again
SLICE_BYTES = 2_000_000_000
SLICE_FILES = 2000


def next_slice(files: Sequence[HaulFile], start: int, *, most_bytes: int = SLICE_BYTES) -> Sequence[HaulFile]:
    """The files from ``start`` on that go together: at least one, at most so many bytes."""
    end, size = start, 0
    while end < len(files) and end - start < SLICE_FILES and (end == start or size + files[end].size <= most_bytes):
        size += files[end].size
        end += 1
    return files[start:end]


def bytes_that_fit(left_s: float | None, rate: float, *, reserve_s: float) -> int | None:
    """How many bytes may be begun on a session that lives ``left_s`` seconds more; None = as many as one likes.

    ``rate`` in bytes per second; ``reserve_s`` stays free for what is more urgent.
    """
    if left_s is None or rate <= 0:
        return None
    return int(max(0.0, left_s - reserve_s) * rate)
