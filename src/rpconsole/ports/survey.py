"""gpc1's stage tables: what prepare reads, what results write, how a stage feeds the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from rpconsole.domain.dbinfo import DbinfoStatement
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import Advanced, DetrendRun, StageRows, Unreadable


class Outcome(StrEnum):
    """What became of one statement."""

    APPLIED = "applied"
    #: the row was there already, with the same path_base
    ALREADY = "already"
    #: the database has another row for these ids, or refuses: see the sentence
    REFUSED = "refused"


class Applied(NamedTuple):
    """The outcome of one statement; a named tuple, since a run has tens of thousands."""

    statement: DbinfoStatement
    outcome: Outcome
    sentence: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlap:
    """One row of a warp's overlap map: an OTA that touches a skycell."""

    skycell_id: str
    tess_id: str
    class_id: str


class Survey(Protocol):
    """The survey's own tables. Errors as in RunStore; rows that are not there are an empty answer, never an exception."""

    async def stage_rows(self, stage: Stage, stage_ids: Collection[int]) -> Mapping[int, StageRows | Unreadable]:
        """What prepare needs of each stage run that is still pending; others are left out.

        A row without which no name can be made (a NULL workdir) is Unreadable.
        """
        ...

    async def detrend_runs(self) -> list[DetrendRun]:
        """Every detrend that may be picked, best first (registered, iteration, det_id descending; NULL registered last)."""
        ...

    async def detrend_files(self, det_id: int, iteration: int) -> Mapping[str, str]:
        """class_id -> uri of one detrend."""
        ...

    async def apply(self, statements: Sequence[DbinfoStatement]) -> list[Applied]:
        """Apply completion records, exactly once; one that is refused costs no other.

        A record that changes more than its own row is a transaction by itself; rows alone may share one. Exactly once holds by the
        result tables' own primary keys: a row that is there with the same path_base is ALREADY.
        """
        ...

    async def advance(
        self, stage: Stage, label: str | None = None, *, stage_ids: Collection[int] | None = None
    ) -> list[Advanced]:
        """Set every complete run of the stage (of a label, of these ids) to full and register its successor, in one transaction.

        chip -> camRun; camera rows complete in ``apply`` (which registers the fakeRun); warp -> nothing; stack -> nothing.
        Calling it again changes nothing.
        """
        ...

    async def advance_fake(self, label: str | None = None) -> list[Advanced]:
        """The bookkeeping between camera and warp: fake rows, fakeRun full, warpRun registered."""
        ...

    async def warps_without_overlap(self, label: str | None = None) -> Mapping[int, tuple[int, str]]:
        """warp_id -> (exp_id, exp_name) of new warpRuns with no overlap map yet."""
        ...

    async def add_overlap(self, warp_id: int, overlaps: Sequence[Overlap]) -> None:
        """Write a warp's overlap map and its warpImfile rows in one transaction; a warp that has a map is left alone.

        No overlap at all is written as the IPP writes a failed one: a row 'faulted', which keeps the warp from being asked again.
        """
        ...

    async def define_stacks(self, label: str, min_warps: int = 2) -> list[int]:
        """Register a stackRun for each (tess_id, skycell_id, filter) with enough good warps and no stack of that label yet."""
        ...

    async def filters(self, stage: Stage, stage_ids: Collection[int]) -> Mapping[int, str]:
        """stage_id -> the filter of its exposures as the database has it (``g.00000``); ids without one are left out."""
        ...
