"""The practice sky: stars at known places and magnitudes, and how they fall on an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rpconsole.practice.programs.arrays import Column, Pixels
from rpconsole.practice.programs.tan import deproject

STARS_PER_DEG2 = 50.0 / (160 * 160) * 3600**2
BRIGHT_MAG, FAINT_MAG = 14.2, 22.5
REFERENCE_FAINT_MAG = 20.8
SEPARATION_DEG = 8.0 / 3600
ZERO_POINT_MAG = 25.0
STAMP_HALF = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Stars:
    """Positions (degrees) and magnitudes, brightest first."""

    ra: Column
    dec: Column
    mag: Column

    def brighter_than(self, mag: float) -> Stars:
        kept = self.mag < mag
        return Stars(ra=self.ra[kept], dec=self.dec[kept], mag=self.mag[kept])


def scatter_stars(seed: int, *, ra_deg: float, dec_deg: float, half_width_deg: float) -> Stars:
    """Stars over a square of the sky; counts grow with magnitude, and none stands within 8 arcsec of a brighter one."""
    rng = np.random.default_rng([seed, 2])
    count = round(STARS_PER_DEG2 * (2 * half_width_deg) ** 2)
    xi, eta = rng.uniform(-half_width_deg, half_width_deg, (2, count))
    slope = 0.2
    low, high = 10 ** (slope * BRIGHT_MAG), 10 ** (slope * FAINT_MAG)
    mag = np.sort(np.log10(rng.uniform(low, high, count)) / slope)
    alone = _far_from_brighter(xi, eta)
    ra, dec = deproject(xi[alone], eta[alone], ra_deg, dec_deg)
    return Stars(ra=ra, dec=dec, mag=mag[alone])


def _far_from_brighter(xi: Column, eta: Column) -> Column:
    alone = np.ones(len(xi), dtype=bool)
    order = np.argsort(xi)
    low = np.searchsorted(xi[order], xi - SEPARATION_DEG)
    high = np.searchsorted(xi[order], xi + SEPARATION_DEG)
    for star, (first, last) in enumerate(zip(low, high, strict=True)):
        near = order[first:last]
        brighter = near[near < star]
        apart = np.hypot(xi[brighter] - xi[star], eta[brighter] - eta[star])
        alone[star] = not (apart < SEPARATION_DEG).any()
    return alone


def counts_of(mag: Column, *, exp_time_s: float, transparency: float) -> Column:
    return exp_time_s * transparency * 10 ** (-0.4 * (mag - ZERO_POINT_MAG))


def render(shape: tuple[int, int], x: Column, y: Column, counts: Column, *, sigma: float) -> Pixels:
    """Gaussian stars on an empty image, sampled at the pixels' centres."""
    image = np.zeros((shape[0] + 2 * STAMP_HALF, shape[1] + 2 * STAMP_HALF))
    near = (x > -STAMP_HALF) & (x < shape[1] + STAMP_HALF - 1) & (y > -STAMP_HALF) & (y < shape[0] + STAMP_HALF - 1)
    offsets = np.arange(-STAMP_HALF, STAMP_HALF + 1)
    for x_star, y_star, total in zip(x[near], y[near], counts[near], strict=True):
        column, row = round(float(x_star)), round(float(y_star))
        columns, rows = column + offsets, row + offsets
        inside_x = (columns >= -STAMP_HALF) & (columns < shape[1] + STAMP_HALF)
        inside_y = (rows >= -STAMP_HALF) & (rows < shape[0] + STAMP_HALF)
        columns, rows = columns[inside_x], rows[inside_y]
        across = np.exp(-((columns - x_star) ** 2) / (2 * sigma**2))
        along = np.exp(-((rows - y_star) ** 2) / (2 * sigma**2))
        stamp = total / (2 * np.pi * sigma**2) * along[:, None] * across[None, :]
        image[np.ix_(rows + STAMP_HALF, columns + STAMP_HALF)] += stamp
    return image[STAMP_HALF:-STAMP_HALF, STAMP_HALF:-STAMP_HALF]
