"""Which finished work nobody will read any more: the states of what follows it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

#: states of a stage run that reads nothing more; ``wait`` and ``update`` will still read
ENDED = frozenset({"full", "drop", "cleaned", "purged", "scrubbed", "goto_cleaned", "goto_purged", "goto_scrubbed"})


@dataclass(frozen=True, kw_only=True, slots=True)
class ExposureReaders:
    """What reads an exposure's chips: camera, then warps."""

    end_stage: str | None
    camera_states: Collection[str]
    warp_states: Collection[str]


def is_spent(readers: ExposureReaders) -> bool:
    """Whether nothing reads the chips (and the camera's masks and positions) any more.

    ``end_stage`` is read as the IPP reads it: a text that contains ``chip``, ``cam`` or ``fake`` ends there.
    """
    end = (readers.end_stage or "").lower()
    if "chip" in end:
        return True
    if any(state not in ENDED for state in readers.camera_states) or not readers.camera_states:
        return False
    if "cam" in end or "fake" in end:
        return True
    return bool(readers.warp_states) and all(state in ENDED for state in readers.warp_states)


def is_warp_spent(skycells: Collection[str], stacked: Collection[str], waiting: Collection[str]) -> bool:
    """Whether every good skycell of a warp is in a full stack, and none waits for another.

    A warp of which no skycell was ever stacked is needed: its stacks may not have been defined yet.
    """
    return bool(skycells) and not waiting and set(skycells) <= set(stacked)
