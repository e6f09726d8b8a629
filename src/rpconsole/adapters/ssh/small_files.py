"""Small files on their way home, that come some in one frame: what is said of each, and how they land together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rpconsole.adapters.ssh.file_threads import AT_WORK, Turns
from rpconsole.adapters.ssh.landing import Landing, Spoiled
from rpconsole.domain.fault import SiteFailed
from rpconsole.ports.site import Shipment
from rpconsole.remote.faults import TRANSIENT
from rpconsole.remote.frames import Message
from rpconsole.remote.handful import SMALL_BYTES

#: more than the helper would ever put into one
_MOST_BYTES = 2 * SMALL_BYTES
_MOST_FILES = 100

_TURNS = Turns(AT_WORK)


@dataclass(frozen=True, slots=True)
class Small:
    """One that came whole, in memory, with what the site said of it."""

    shipment: Shipment
    size: int
    mode: int
    mtime_ns: int
    sha256: str
    data: memoryview


@dataclass(frozen=True, slots=True)
class Refused:
    """One that the site could not give."""

    shipment: Shipment
    sentence: str
    retryable: bool


def sizes_in(said: object, host: str) -> list[int]:
    """Bytes of each file of a handful; SiteFailed where that is no handful."""
    if not isinstance(said, list) or not 0 < len(said) <= _MOST_FILES:
        raise SiteFailed(f"The helper at {host} gives no list of small files.")
    sizes = [one[0] if _is_facts(one) else 0 if isinstance(one, dict) else -1 for one in said]
    if min(sizes) < 0 or sum(sizes) > _MOST_BYTES:
        raise SiteFailed(f"The helper at {host} gives a list of small files that cannot be one.")
    return sizes


def _is_facts(one: object) -> bool:
    if not isinstance(one, list) or len(one) != 4 or not isinstance(one[3], str):
        return False
    return all(isinstance(number, int) and not isinstance(number, bool) for number in one[:3])


def told(shipment: Shipment, said: list[object] | Message, data: memoryview) -> Small | Refused:
    """What is said of one file, with its bytes."""
    if isinstance(said, dict):
        return Refused(shipment, str(said.get("error", "no reason given")), said.get("kind") == TRANSIENT)
    size, mode, mtime_ns, sha256 = said
    return Small(shipment, size, mode, mtime_ns, sha256, data)  # type: ignore[arg-type]


def land_all(some: Sequence[Small]) -> list[Exception | None]:
    """Each to its name, or why not. All are on the disk before the first appears: a disk that gathers its flushes does most at once."""
    with _TURNS.taken(len(some)):
        landings = [Landing(small.shipment.target, small.mode) for small in some]
        faults = [_attempt(_write, landing, small) for landing, small in zip(landings, some, strict=True)]
    _step(Landing.flush, landings, faults)
    with _TURNS.taken(len(some)):
        _step(Landing.appear, landings, faults)
        for landing in landings:
            landing.drop()
    return faults


def _step(step: Callable[[Landing], None], landings: Sequence[Landing], faults: list[Exception | None]) -> None:
    """Of those that nothing has happened to."""
    for place, landing in enumerate(landings):
        if faults[place] is None:
            faults[place] = _attempt(step, landing)


def _write(landing: Landing, small: Small) -> None:
    landing.open()
    landing.write(small.data)
    landing.must_be(small.sha256)


def _attempt(step: Callable[..., None], *args: Landing | Small) -> Exception | None:
    try:
        step(*args)
    except (OSError, Spoiled) as error:
        return error
    return None
