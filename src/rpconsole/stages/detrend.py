"""Which detrends an exposure is corrected with: picked in memory from the candidates that the database has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from rpconsole.domain.stage_rows import ChipRows, DetrendRun
from rpconsole.stages.base import CannotPrepare, Detrends


class When(Enum):
    """When a detrend type is needed."""

    ALWAYS = "always"
    PLAIN_CELLS = "only without video cells"
    VIDEO_CELLS = "only with video cells"
    #: fringes are a matter of the reddest filter
    Y_FILTER = "only in y"


@dataclass(frozen=True, kw_only=True, slots=True)
class DetrendType:
    """One type of detrend as ppImage takes it."""

    name: str
    option: str
    when: When = When.ALWAYS
    by_filter: bool = False


#: in the order of the command line's options
TYPES = (
    DetrendType(name="MASK", option="-mask"),
    DetrendType(name="FLAT", option="-flat", by_filter=True),
    DetrendType(name="DARK", option="-dark", when=When.PLAIN_CELLS),
    DetrendType(name="VIDEODARK", option="-dark", when=When.VIDEO_CELLS),
    DetrendType(name="LINEARITY", option="-linearity"),
    DetrendType(name="FRINGE", option="-fringe", when=When.Y_FILTER, by_filter=True),
    DetrendType(name="NOISEMAP", option="-noisemap"),
)


def short_filter(name: str) -> str:
    """The filter's id in the detrend tables: exposures say ``g.00000`` for ``g``, and ``?.00000`` where they mean z."""
    short = name.removesuffix(".00000")
    return "z" if short == "?" else short


def pick(runs: Sequence[DetrendRun], det_type: str, when: datetime, filter: str | None = None) -> DetrendRun | None:
    """The detrend that the IPP's own search would choose.

    Its rule: type equal, filter equal if one is asked for, time window inclusive at both ends with NULL for open; of these the last
    registered (NULL is oldest), then the largest iteration; on a tie, which the IPP leaves open, the largest det_id.
    """
    fitting = [
        run
        for run in runs
        if run.det_type == det_type
        and (filter is None or run.filter == filter)
        and (run.time_begin is None or run.time_begin <= when)
        and (run.time_end is None or when <= run.time_end)
    ]
    return max(fitting, key=_rank, default=None)


def _rank(run: DetrendRun) -> tuple[datetime, int, int]:
    return run.registered or datetime.min, run.iteration, run.det_id  # noqa: DTZ901 - naive UTC, as the database has it


def types_for(filter: str, *, video_cells: bool) -> Iterator[DetrendType]:
    """The types that one OTA needs."""
    needed = {
        When.ALWAYS: True,
        When.PLAIN_CELLS: not video_cells,
        When.VIDEO_CELLS: video_cells,
        When.Y_FILTER: "y" in filter,
    }
    return (type_ for type_ in TYPES if needed[type_.when])


def _types_of_exposure(rows: ChipRows) -> list[DetrendType]:
    kinds = {imfile.video_cells for imfile in rows.imfiles}
    needed = {type_.name for video in kinds for type_ in types_for(rows.filter, video_cells=video)}
    return [type_ for type_ in TYPES if type_.name in needed]


def _picked(rows: ChipRows, runs: Sequence[DetrendRun], type_: DetrendType) -> DetrendRun | None:
    return pick(runs, type_.name, rows.dateobs, short_filter(rows.filter) if type_.by_filter else None)


def detrends_for(rows: ChipRows, runs: Sequence[DetrendRun]) -> tuple[DetrendRun, ...]:
    """The detrends that an exposure needs and the catalogue has; what is missing is told by ``detrend_choice``."""
    found = (_picked(rows, runs, type_) for type_ in _types_of_exposure(rows))
    return tuple(run for run in found if run is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class DetrendChoice:
    """An exposure's detrends, by type."""

    #: name, filter and date, for sentences
    exposure: str
    #: by whether the OTA has video cells: what it needs, and the files of each
    needed: Mapping[bool, Sequence[tuple[DetrendType, DetrendRun, Mapping[str, str]]]]

    def uris(self, class_id: str, *, video_cells: bool) -> list[tuple[str, str]]:
        """(ppImage option, uri) for one OTA; CannotPrepare names the detrend that has no file for it."""
        chosen = []
        for type_, run, files in self.needed[video_cells]:
            uri = files.get(class_id)
            if uri is None:
                what = f"{type_.name} detrend {run.det_id}, iteration {run.iteration}"
                raise CannotPrepare(
                    f"{what}, has no file for {class_id} of {self.exposure}", missing=(f"{type_.name} {class_id}",)
                )
            chosen.append((type_.option, uri))
        return chosen


def detrend_choice(rows: ChipRows, detrends: Detrends) -> DetrendChoice:
    """Pick every type that the exposure needs; CannotPrepare names type, filter and date of what is missing."""
    runs: dict[str, DetrendRun] = {}
    missing: list[str] = []
    for type_ in _types_of_exposure(rows):
        run = _picked(rows, detrends.runs, type_)
        if run is None:
            missing.append(f"{type_.name} (filter {short_filter(rows.filter)})" if type_.by_filter else type_.name)
        else:
            runs[type_.name] = run
    exposure = f"{rows.exp_name}, filter {rows.filter}, observed {rows.dateobs:%Y-%m-%d %H:%M:%S}"
    if missing:
        raise CannotPrepare(f"no detrend of type {', '.join(missing)} for {exposure}", missing=missing)
    return DetrendChoice(
        exposure=exposure,
        needed={
            video: [
                (type_, runs[type_.name], _files_of(runs[type_.name], detrends))
                for type_ in types_for(rows.filter, video_cells=video)
            ]
            for video in {imfile.video_cells for imfile in rows.imfiles}
        },
    )


def _files_of(run: DetrendRun, detrends: Detrends) -> Mapping[str, str]:
    return detrends.files.get((run.det_id, run.iteration), {})
