"""Resample one image onto another's pixels, with a Lanczos kernel that knows of bad pixels."""

from __future__ import annotations

import numpy as np

from rpconsole.practice.programs.arrays import Bits, Column, Flags, Pixels
from rpconsole.practice.programs.maskbits import BAD, MaskBit
from rpconsole.practice.programs.tan import TanWcs

LOBES = 3
LEAST_WEIGHT = 0.7  # of the kernel that must fall on good pixels


class Canvas:
    """The image that is being filled: blank until something lands on a pixel."""

    def __init__(self, wcs: TanWcs, width: int, height: int) -> None:
        self.wcs = wcs
        self.image: Pixels = np.zeros((height, width))
        self.variance: Pixels = np.zeros((height, width))
        self.mask: Bits = np.full((height, width), int(MaskBit.BLANK), dtype=np.int16)

    @property
    def good(self) -> Flags:
        return np.asarray((self.mask & BAD) == 0)

    def add(self, image: Pixels, variance: Pixels, mask: Bits, wcs: TanWcs) -> int:
        """Resample a chip onto the blank pixels that it covers; return how many those are."""
        columns, rows = self._footprint(image.shape, wcs)
        if columns.size == 0:
            return 0
        x, y = wcs.to_pixel(*self.wcs.to_sky(columns.astype(float), rows.astype(float)))
        inside = (x > -0.5) & (x < image.shape[1] - 0.5) & (y > -0.5) & (y < image.shape[0] - 0.5)
        inside &= self.mask[rows, columns] == MaskBit.BLANK
        x, y, columns, rows = x[inside], y[inside], columns[inside], rows[inside]
        area = self.wcs.pixel_area_deg2 / wcs.pixel_area_deg2
        value, spread, weight = _interpolated(image, variance, (mask & BAD) == 0, x, y)
        bits = mask[np.rint(y).astype(int), np.rint(x).astype(int)]
        poor = weight < LEAST_WEIGHT
        self.mask[rows, columns] = bits | np.where(poor, int(MaskBit.POOR), 0).astype(np.int16)
        self.image[rows, columns] = np.where(poor, 0.0, value * area)
        self.variance[rows, columns] = np.where(poor, 0.0, spread * area**2)
        return len(x)

    def _footprint(self, shape: tuple[int, ...], wcs: TanWcs) -> tuple[Column, Column]:
        """Columns and rows of the pixels in the box around the chip's corners."""
        edges_x = np.array([-0.5, shape[1] - 0.5, -0.5, shape[1] - 0.5])
        edges_y = np.array([-0.5, -0.5, shape[0] - 0.5, shape[0] - 0.5])
        x, y = self.wcs.to_pixel(*wcs.to_sky(edges_x, edges_y))
        height, width = self.image.shape
        columns = np.arange(max(0, int(x.min())), min(width, int(x.max()) + 2))
        rows = np.arange(max(0, int(y.min())), min(height, int(y.max()) + 2))
        grid_x, grid_y = np.meshgrid(columns, rows)
        return grid_x.ravel(), grid_y.ravel()


def _interpolated(image: Pixels, variance: Pixels, good: Flags, x: Column, y: Column) -> tuple[Column, Column, Column]:
    """Value and variance at fractional places, and how much of the kernel fell on good pixels."""
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    weights_x, weights_y = _lanczos(x - column), _lanczos(y - row)
    values, spreads, valid = (
        np.pad(np.where(good, part, 0.0), LOBES) for part in (image, variance, good.astype(float))
    )
    width = values.shape[1]
    first = (row + 1) * width + column + 1  # the padding moves everything by LOBES, the kernel starts LOBES - 1 before
    total, square, norm, reach = (np.zeros(len(x)) for _ in range(4))
    for j in range(2 * LOBES):
        for i in range(2 * LOBES):
            at = first + j * width + i
            weight = weights_y[j] * weights_x[i]
            usable = weight * valid.ravel()[at]
            total += weight * values.ravel()[at]
            square += weight**2 * spreads.ravel()[at]
            norm += usable
            reach += np.abs(usable)
    norm = np.where(np.abs(norm) > 0.1, norm, 1.0)
    every = np.abs(weights_x).sum(axis=0) * np.abs(weights_y).sum(axis=0)
    return total / norm, square / norm**2, reach / every


def _lanczos(fraction: Column) -> Pixels:
    """The kernel's weights at the 2 x LOBES pixels around, normalised; one row a pixel."""
    offset = fraction[None, :] - np.arange(-LOBES + 1, LOBES + 1)[:, None]
    weights = np.sinc(offset) * np.sinc(offset / LOBES)
    return np.asarray(weights / weights.sum(axis=0))
