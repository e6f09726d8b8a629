"""Which finished work nobody will read any more: the states of what follows it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum

#: states of a stage run that reads nothing more; ``wait`` and ``update`` will still read
ENDED = frozenset({"full", "drop", "cleaned", "purged", "scrubbed", "goto_cleaned", "goto_purged", "goto_scrubbed"})
#: states of a stage run that has done its work: a dropped one has not
DONE = ENDED - {"drop"}


class Reading(Enum):
    """How far a line of runs is with reading what lies at the site."""

    #: it reads, or will
    OPEN = "open"
    ENDED = "ended"
    #: given up before its end
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """One line of runs from an exposure's chips to a warp, by their states; None = there is no such run.

    An exposure may have several: a person may queue a second camera run of the same chips, or a second warp of the same camera run.
    """

    end_stage: str | None
    chip: str | None
    camera: str | None
    fake: str | None
    warp: str | None
    #: camera found the exposure to be of no use, which ends its chain
    is_bad: bool = False

    @property
    def reading(self) -> Reading:
        """``end_stage`` is read as the IPP reads it: a text that contains ``chip``, ``cam`` or ``fake`` ends there.

        That is how far the IPP goes by itself: a run that a person queued beyond it counts like any other.
        """
        runs = [run for run in (self.chip, self.camera, self.fake, self.warp) if run is not None]
        if self.chip is None or any(run not in ENDED for run in runs):
            return Reading.OPEN
        if self.warp is not None:
            return Reading.ENDED
        if "drop" in runs[1:]:
            return Reading.DROPPED
        end = (self.end_stage or "").lower()
        ends = ("chip",) if self.camera is None else ("chip", "cam", "fake")
        return Reading.ENDED if self.is_bad or any(word in end for word in ends) else Reading.OPEN


def is_spent(chains: Iterable[Chain]) -> bool:
    """Whether nothing reads the chips (and the camera's masks and positions) of these any more.

    An exposure all of whose lines were dropped is needed: nobody has read it, and a line may be begun anew.
    """
    readings = {chain.reading for chain in chains}
    return Reading.ENDED in readings and Reading.OPEN not in readings


@dataclass(frozen=True, kw_only=True, slots=True)
class Stacked:
    """A stack that has a warp's skycell among its inputs."""

    #: tess_id and skycell_id
    cell: tuple[str, str]
    state: str | None


def is_warp_spent(state: str | None, cells: Collection[tuple[str, str]], stacks: Iterable[Stacked]) -> bool:
    """Whether every good skycell (tess_id, skycell_id) of a warp is in a full stack, and none waits for another.

    A warp of which a skycell was never stacked is needed: its stack may not have been defined yet, or was dropped to be defined anew.
    """
    if state not in ENDED:
        return False
    readers = list(stacks)
    done = {one.cell for one in readers if one.state in DONE}
    return bool(cells) and all(one.state in ENDED for one in readers) and set(cells) <= done
