"""What camera's dbinfo says of an exposure, from the rows of its chips: the recipe CAMERA_EXP_IMFILE, computed at home."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rpconsole.domain.stage_rows import CameraRows

#: turns the distance between the quartiles of a normal distribution into its standard deviation
_QUARTILES_TO_SIGMA = 1 / 1.349

_INT_MAX = 2**31 - 1

_Statistic = Callable[[Sequence[float]], float]


def quantile(ordered: Sequence[float], part: float) -> float:
    """The value below which this part of the ordered values lies, between two neighbours on a straight line."""
    place = part * (len(ordered) - 1)
    low = math.floor(place)
    high = math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median(ordered: Sequence[float]) -> float:
    return quantile(ordered, 0.5)


def lower_quartile(ordered: Sequence[float]) -> float:
    return quantile(ordered, 0.25)


def upper_quartile(ordered: Sequence[float]) -> float:
    return quantile(ordered, 0.75)


def robust_deviation(ordered: Sequence[float]) -> float:
    """The standard deviation that the quartiles speak of, deaf to outliers."""
    return (upper_quartile(ordered) - lower_quartile(ordered)) * _QUARTILES_TO_SIGMA


def root_mean_square(ordered: Sequence[float]) -> float:
    return math.hypot(*ordered) / math.sqrt(len(ordered))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Flag:
    flag: str
    column: str
    statistic: _Statistic


def _flags(*rows: tuple[str, str, _Statistic]) -> tuple[_Flag, ...]:
    return tuple(_Flag(flag=flag, column=column, statistic=statistic) for flag, column, statistic in rows)


def _quartiles(name: str) -> tuple[_Flag, ...]:
    return _flags((f"{name}_uq", name, upper_quartile), (f"{name}_lq", name, lower_quartile))


def _with_error(name: str) -> tuple[_Flag, ...]:
    return _flags((name, name, median), (f"{name}_err", f"{name}_err", root_mean_square))


#: in the recipe's order, sums of integers between them
_BACKGROUND_AND_WIDTH: tuple[_Flag, ...] = (
    *_flags(
        ("bg", "bg", median),
        ("bg_mean_stdev", "bg", robust_deviation),
        ("bg_stdev", "bg_stdev", root_mean_square),
        ("bias", "bias", median),
        ("bias_stdev", "bias_stdev", root_mean_square),
        ("fringe_0", "fringe_0", median),
        ("fringe_1", "fringe_1", root_mean_square),
        ("fringe_2", "fringe_2", robust_deviation),
        ("ap_resid", "ap_resid", median),
        ("ap_resid_stdev", "ap_resid_stdev", root_mean_square),
        ("fwhm_major", "fwhm_major", median),
    ),
    *_quartiles("fwhm_major"),
    *_flags(("fwhm_minor", "fwhm_minor", median)),
    *_quartiles("fwhm_minor"),
)
_SUMS = ("n_stars", "n_psfstars", "n_iqstars", "n_extended", "n_cr")
_SHAPES_AND_DEPTH: tuple[_Flag, ...] = (
    *_with_error("iq_fwhm_major"),
    *_with_error("iq_fwhm_minor"),
    *(
        flag
        for name in ("iq_m2", "iq_m3", "iq_m4", "iq_m2c", "iq_m2s")
        for flag in _with_error(name) + _quartiles(name)
    ),
    *_flags(("deteff_inst", "deteff_inst", median), ("deteff_inst_err", "deteff_inst", robust_deviation)),
    *_quartiles("deteff_inst"),
)


def camera_flags(rows: CameraRows) -> list[str]:
    """Option words with their values; a statistic of nothing is left out.

    The IPP's tools do the same at home before the job, and print floats without exponent, as its readers break at a '-' in a number.
    """
    columns = dict(_columns(rows))
    return [
        *_measured(_BACKGROUND_AND_WIDTH, columns),
        *_summed(columns),
        *_measured(_SHAPES_AND_DEPTH, columns),
    ]


def _measured(flags: Sequence[_Flag], columns: Mapping[str, Sequence[float]]) -> Iterator[str]:
    for flag in flags:
        values = columns.get(flag.column, ())
        if values:
            yield from (f"-{flag.flag}", f"{flag.statistic(values):f}")


def _summed(columns: Mapping[str, Sequence[float]]) -> Iterator[str]:
    for name in _SUMS:
        total = sum(columns[name])
        if columns[name] and abs(total) < _INT_MAX:
            yield from (f"-{name}", str(round(total)))


def _columns(rows: CameraRows) -> Iterator[tuple[str, list[float]]]:
    """Every column's known values over the chips, in order of size."""
    for column in {flag.column for flag in _BACKGROUND_AND_WIDTH + _SHAPES_AND_DEPTH} | set(_SUMS):
        if column == "deteff_inst":
            continue
        yield column, _known(chip.columns.get(column) for chip in rows.chips)
    if rows.exp_time is not None and rows.exp_time > 0:
        shift = 2.5 * math.log10(rows.exp_time)
        magnitudes = _known(chip.columns.get("deteff_magref") for chip in rows.chips)
        yield "deteff_inst", [magnitude + shift for magnitude in magnitudes]


def _known(values: Iterator[object]) -> list[float]:
    return sorted(float(value) for value in values if isinstance(value, (int, float)) and math.isfinite(value))
