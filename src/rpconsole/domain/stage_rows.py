"""Rows of gpc1 that a stage's preparation needs, one frozen class a stage; texts ``NULL``, ``(null)`` and '' read as None.

What there are tens of thousands of is a named tuple: those are made, and cross to another process, at a fraction of the cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from rpconsole.domain.stage import Stage


class RawImfile(NamedTuple):
    """One OTA of an exposure, still to be processed."""

    class_id: str
    uri: str
    chip_imfile_id: int
    video_cells: bool
    burntool_state: int | None
    bytes: int | None
    md5sum: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChipRows:
    """What prepare needs to know of one chipRun; ``imfiles`` are the pending ones, ordered by class_id."""

    chip_id: int
    exp_id: int
    exp_name: str
    exp_tag: str
    filter: str
    #: UTC, naive as in the database
    dateobs: datetime
    workdir: str
    reduction: str | None
    imfiles: tuple[RawImfile, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChipResult:
    """One ``chipProcessedImfile`` row under a camRun; ``columns`` has every column, None for NULL."""

    class_id: str
    path_base: str
    quality: int
    columns: dict[str, int | float | str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class CameraRows:
    """What prepare needs to know of one camRun."""

    cam_id: int
    chip_id: int
    exp_id: int
    exp_name: str
    exp_tag: str
    exp_time: float | None
    workdir: str
    reduction: str | None
    chips: tuple[ChipResult, ...]


class WarpChip(NamedTuple):
    """An OTA of quality 0 that overlaps a skycell; a ``path_base`` that the database lacks is ''."""

    class_id: str
    chip_path_base: str
    cam_path_base: str


class WarpSkycell(NamedTuple):
    """One pending skycell of a warpRun."""

    skycell_id: str
    tess_id: str
    warp_skyfile_id: int
    chips: tuple[WarpChip, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WarpRows:
    """What prepare needs to know of one warpRun; ``skycells`` are the pending ones, ordered by skycell_id."""

    warp_id: int
    exp_tag: str
    workdir: str
    reduction: str | None
    skycells: tuple[WarpSkycell, ...]
    #: skycells of the overlap map that nobody may process: without a warpImfile, or the map's row has a fault
    barred: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StackRows:
    """What prepare needs to know of one stackRun; ``warps`` are the path_bases of its inputs, '' for none, ordered by warp_id."""

    stack_id: int
    skycell_id: str
    tess_id: str
    workdir: str
    reduction: str | None
    warps: tuple[str, ...]


StageRows = ChipRows | CameraRows | WarpRows | StackRows


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A pending run whose row lacks what its names are made of."""

    #: names row, column and what it says
    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DetrendRun:
    """A detrend that may be picked: a row of the candidates of ipp's detselect."""

    det_id: int
    iteration: int
    det_type: str
    #: short filter id (g, r, i, z, y, w, OPEN); None = any
    filter: str | None
    registered: datetime | None
    time_begin: datetime | None
    time_end: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Advanced:
    """A run of a stage that became full, and the id of the next stage's run that was registered (None = chain ends)."""

    stage: Stage
    stage_id: int
    next_id: int | None
