"""Pixel arithmetic that several programs share: robust statistics, background, smoothing."""

from __future__ import annotations

import numpy as np

from rpconsole.practice.programs.arrays import Column, Flags, Pixels


def robust(values: Pixels) -> tuple[float, float]:
    """Median and a standard deviation that outliers do not move; NaN for nothing."""
    if values.size == 0:
        return float("nan"), float("nan")
    low, middle, high = np.percentile(values, [25, 50, 75])
    return float(middle), float(0.7413 * (high - low))


def clipped_median(values: Pixels, rounds: int = 3) -> float:
    """The median of what lies within 3 sigma of the median."""
    for _ in range(rounds):
        middle, spread = robust(values)
        kept = values[np.abs(values - middle) <= 3 * spread]
        if kept.size in (0, values.size):
            break
        values = kept
    return float(np.median(values)) if values.size else float("nan")


def background_grid(image: Pixels, good: Flags, boxes: int = 4) -> Pixels:
    """Clipped medians of `boxes` x `boxes` parts of the image; one without good pixels takes the others' median."""
    grid = np.empty((boxes, boxes))
    rows, columns = np.array_split(np.arange(image.shape[0]), boxes), np.array_split(np.arange(image.shape[1]), boxes)
    for j, rows_of_box in enumerate(rows):
        for i, columns_of_box in enumerate(columns):
            box = np.ix_(rows_of_box, columns_of_box)
            grid[j, i] = clipped_median(image[box][good[box]])
    whole = np.nanmedian(grid) if np.isfinite(grid).any() else 0.0
    return np.where(np.isfinite(grid), grid, whole)


def background_model(grid: Pixels, shape: tuple[int, ...]) -> Pixels:
    """The grid, interpolated linearly to every pixel."""
    boxes = grid.shape[0]
    along_y, along_x = (_box_weights(size, boxes) for size in shape)
    return along_y @ grid @ along_x.T


def _box_weights(size: int, boxes: int) -> Pixels:
    centre = np.clip((np.arange(size) + 0.5) * boxes / size - 0.5, 0, boxes - 1)
    return np.maximum(0.0, 1.0 - np.abs(centre[:, None] - np.arange(boxes)[None, :]))


def gaussian_kernel(sigma: float) -> Column:
    half = max(1, int(np.ceil(3.5 * sigma)))
    offsets = np.arange(-half, half + 1)
    kernel = np.exp(-(offsets**2) / (2 * sigma**2))
    return np.asarray(kernel / kernel.sum())


def smooth(image: Pixels, kernel: Column) -> Pixels:
    """Convolve with the kernel along both axes; outside is zero."""
    half, (height, width) = len(kernel) // 2, image.shape
    padded = np.pad(image, half)
    rows = sum(
        (weight * padded[i : i + height, :] for i, weight in enumerate(kernel)), np.zeros((height, width + 2 * half))
    )
    return sum((weight * rows[:, i : i + width] for i, weight in enumerate(kernel)), np.zeros((height, width)))


def shifted_neighbours(image: Pixels, fill: float) -> Pixels:
    """The eight neighbours of every pixel, stacked along the first axis."""
    padded = np.pad(image, 1, constant_values=fill)
    height, width = image.shape
    places = [(j, i) for j in range(3) for i in range(3) if (j, i) != (1, 1)]
    return np.stack([padded[j : j + height, i : i + width] for j, i in places])
