"""Take the detector out of a raw image: linearity, dark, trails, flat, fringe, row pattern, cosmic rays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rpconsole.practice.programs.arrays import Bits, Column, Flags, Pixels, Table
from rpconsole.practice.programs.exits import BadInput
from rpconsole.practice.programs.maskbits import BAD, MaskBit
from rpconsole.practice.programs.pixels import clipped_median, robust, shifted_neighbours

SATURATION_COUNTS = 60000.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Trail:
    """Charge that a saturated star left behind, decaying up one column: one line of a burntool table."""

    column: int
    first_row: int
    counts: float
    decay_px: float

    def profile(self, height: int) -> Column:
        rows = np.arange(height) - self.first_row
        return np.where(rows >= 0, self.counts * np.exp(-np.maximum(rows, 0) / self.decay_px), 0.0)


def read_trails(text: str, *, name: str) -> list[Trail]:
    """Parse a burntool table: `column first_row counts decay_px`, `#` starts a comment."""
    trails = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        try:
            column, first_row, counts, decay_px = words
            trails.append(
                Trail(column=int(column), first_row=int(first_row), counts=float(counts), decay_px=float(decay_px))
            )
        except ValueError:
            raise BadInput(f"{name}, line {number}: not a trail (column first_row counts decay_px): {line!r}") from None
    return trails


def trails_text(trails: list[Trail]) -> str:
    lines = [f"{t.column:4d} {t.first_row:4d} {t.counts:9.2f} {t.decay_px:7.2f}" for t in trails]
    return "\n".join(["# column first_row counts decay_px", *lines]) + "\n"


def linearised(raw: Pixels, table: Table) -> Pixels:
    """Multiply the counts by the factor that the table gives at their height."""
    return np.asarray(raw * np.interp(raw, table["COUNTS"], table["FACTOR"]))


def dark_counts(planes: Pixels, exp_time_s: float) -> Pixels:
    """The first plane is the bias, the second grows with the exposure time."""
    return np.asarray(planes[0] + exp_time_s * planes[1])


def trail_counts(trails: list[Trail], shape: tuple[int, int]) -> Pixels:
    counts = np.zeros(shape)
    for trail in trails:
        if 0 <= trail.column < shape[1]:
            counts[:, trail.column] += trail.profile(shape[0])
    return counts


def initial_mask(static: Bits, flat: Pixels, raw: Pixels, trails: Pixels) -> Bits:
    mask = static.astype(np.int16)
    mask[(flat < 0.5) | (flat > 1.5)] |= MaskBit.FLAT
    mask[raw >= SATURATION_COUNTS] |= MaskBit.SATURATED
    mask[trails > 1.0] |= MaskBit.TRAIL
    return mask


def is_good(mask: Bits) -> Flags:
    return np.asarray((mask & BAD) == 0)


def row_pattern(image: Pixels, good: Flags) -> Column:
    """What each row lies above the whole, from its pixels without stars."""
    middle, spread = robust(image[good])
    quiet = good & (np.abs(image - middle) < 3 * spread)
    rows = np.array(
        [clipped_median(row[kept], 1) if kept.any() else middle for row, kept in zip(image, quiet, strict=True)]
    )
    return rows - middle


def fringe_amplitude(image: Pixels, fringe: Pixels, good: Flags) -> tuple[float, float]:
    """How strongly the fringe pattern stands in the image, with its error."""
    middle, spread = robust(image[good])
    quiet = good & (np.abs(image - middle) < 3 * spread)
    pattern = fringe[quiet] - fringe[quiet].mean()
    power = float((pattern**2).sum())
    if power == 0:
        return 0.0, 0.0
    return float((pattern * (image[quiet] - middle)).sum()) / power, spread / np.sqrt(power)


def cosmic_rays(image: Pixels, spread: float, good: Flags) -> Flags:
    """Single pixels too sharp for a star: far above the sky, with neighbours that know nothing of it."""
    neighbours = np.median(shifted_neighbours(image, 0.0), axis=0)
    return good & (image > 8 * spread) & (neighbours < 0.3 * image)
