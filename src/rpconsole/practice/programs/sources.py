"""Find stars and measure them: matched filter, windowed centroids and moments, fitted fluxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rpconsole.practice.programs.arrays import Column, Flags, Pixels, Table
from rpconsole.practice.programs.pixels import gaussian_kernel, shifted_neighbours, smooth

HALF = 7  # of the stamp cut out around each star
FWHM_OF_SIGMA = 2.3548
COLUMNS = [
    ("IPP_IDET", "i4"),
    ("X_PSF", "f8"),
    ("Y_PSF", "f8"),
    ("PSF_INST_FLUX", "f8"),
    ("PSF_INST_FLUX_SIG", "f8"),
    ("PSF_INST_MAG", "f8"),
    ("AP_MAG", "f8"),
    ("PEAK_FLUX", "f8"),
    ("MOMENTS_XX", "f8"),
    ("MOMENTS_XY", "f8"),
    ("MOMENTS_YY", "f8"),
    ("MOMENTS_M3", "f8"),
    ("MOMENTS_M4", "f8"),
    ("PSF_QF", "f8"),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamps:
    """Small images around each star, with what is good in them and where their pixels lie."""

    values: Pixels
    good: Flags
    x: Pixels
    y: Pixels

    @classmethod
    def cut(cls, image: Pixels, good: Flags, x: Column, y: Column) -> Stamps:
        offsets = np.arange(-HALF, HALF + 1)
        rows = np.rint(y).astype(int)[:, None, None] + offsets[None, :, None]
        columns = np.rint(x).astype(int)[:, None, None] + offsets[None, None, :]
        rows, columns = np.broadcast_arrays(rows, columns)
        padded, valid = np.pad(np.where(good, image, 0.0), HALF + 1), np.pad(good, HALF + 1)
        at = (rows + HALF + 1, columns + HALF + 1)
        return cls(values=padded[at], good=valid[at], x=columns.astype(float), y=rows.astype(float))


def find_peaks(
    image: Pixels, variance: Pixels, good: Flags, *, sigma: float, threshold: float = 5.0
) -> tuple[Column, Column]:
    """Pixels that stand above all neighbours in the matched-filter image, `threshold` times over its noise."""
    kernel = gaussian_kernel(sigma)
    signal = smooth(np.where(good, image, 0.0), kernel)
    noise = np.sqrt(np.maximum(smooth(np.where(good, variance, 0.0), kernel**2), 1e-12))
    covered = smooth(good.astype(float), kernel) > 0.6
    is_peak = (signal > threshold * noise) & covered & (signal > shifted_neighbours(signal, -np.inf).max(axis=0))
    rows, columns = np.nonzero(is_peak)
    return columns.astype(float), rows.astype(float)


def measure(image: Pixels, variance: Pixels, good: Flags, x: Column, y: Column, *, sigma: float) -> Table:
    """A table of the stars at these places, centroids refined, with a Gaussian of width `sigma` as the model."""
    stamps = Stamps.cut(image, good, x, y)
    x, y = _centroids(stamps, x, y, sigma)
    dx, dy = stamps.x - x[:, None, None], stamps.y - y[:, None, None]
    model = np.exp(-(dx**2 + dy**2) / (2 * sigma**2)) / (2 * np.pi * sigma**2)
    fitted = model * stamps.good
    norm = np.maximum(_total(fitted * model), 1e-12)
    flux = _total(fitted * stamps.values) / norm
    noise = np.sqrt(_total(fitted**2 * Stamps.cut(variance, good, x, y).values)) / norm
    table = np.zeros(len(x), dtype=COLUMNS)
    table["IPP_IDET"] = np.arange(len(x))
    table["X_PSF"], table["Y_PSF"] = x, y
    table["PSF_INST_FLUX"], table["PSF_INST_FLUX_SIG"] = flux, noise
    table["PSF_INST_MAG"] = instrumental_magnitude(flux)
    table["AP_MAG"] = instrumental_magnitude(_total(stamps.values * (np.hypot(dx, dy) < 5)))
    table["PEAK_FLUX"] = stamps.values.max(axis=(1, 2), initial=0.0)
    table["PSF_QF"] = _total(fitted) / np.maximum(_total(model), 1e-12)
    _moments(table, stamps, dx, dy, sigma)
    return table


def instrumental_magnitude(flux: Column) -> Column:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(flux > 0, -2.5 * np.log10(np.maximum(flux, 1e-12)), np.nan)


def _total(values: Pixels) -> Column:
    return np.asarray(values.sum(axis=(1, 2)))


def _centroids(stamps: Stamps, x: Column, y: Column, sigma: float) -> tuple[Column, Column]:
    """Windowed centroids; a Gaussian window of the star's own width makes each step half of what is needed."""
    x0, y0 = x, y
    for _ in range(5):
        dx, dy = stamps.x - x[:, None, None], stamps.y - y[:, None, None]
        weighted = np.exp(-(dx**2 + dy**2) / (2 * sigma**2)) * stamps.values
        total = np.maximum(_total(weighted), 1e-9)
        x = np.clip(x + 2 * _total(weighted * dx) / total, x0 - 1.5, x0 + 1.5)
        y = np.clip(y + 2 * _total(weighted * dy) / total, y0 - 1.5, y0 + 1.5)
    return x, y


def _moments(table: Table, stamps: Stamps, dx: Pixels, dy: Pixels, sigma: float) -> None:
    window = 2 * sigma
    radius = np.hypot(dx, dy)
    weighted = np.exp(-(radius**2) / (2 * window**2)) * stamps.values
    total = np.maximum(_total(weighted), 1e-9)
    for name, shape in (("XX", dx * dx), ("XY", dx * dy), ("YY", dy * dy), ("M3", radius**3), ("M4", radius**4)):
        table[f"MOMENTS_{name}"] = _total(weighted * shape) / total


def psf_stars(table: Table, *, saturation: float = np.inf) -> Table:
    """The stars that are bright, whole and not saturated."""
    signal = table["PSF_INST_FLUX"] / np.maximum(table["PSF_INST_FLUX_SIG"], 1e-9)
    return np.asarray(table[(signal > 20) & (table["PSF_QF"] > 0.95) & (table["PEAK_FLUX"] < saturation)])


def widths(stars: Table, *, sigma: float) -> tuple[Column, Column]:
    """Major and minor width (sigma) of each star, with the window of the moments taken out again."""
    half_trace = (stars["MOMENTS_XX"] + stars["MOMENTS_YY"]) / 2
    swing = np.hypot((stars["MOMENTS_XX"] - stars["MOMENTS_YY"]) / 2, stars["MOMENTS_XY"])
    window = (2 * sigma) ** 2
    return _unwindowed(half_trace + swing, window), _unwindowed(half_trace - swing, window)


def _unwindowed(moment: Column, window: float) -> Column:
    seen = np.clip(moment, 0.05, 0.9 * window)
    return np.sqrt(seen * window / (window - seen))


def psf_width(stars: Table, *, sigma: float) -> float:
    """The typical width of these stars; the guess itself when there are none."""
    if len(stars) == 0:
        return sigma
    major, minor = widths(stars, sigma=sigma)
    return float(np.clip(np.median(np.sqrt(major * minor)), 0.6, 4.0))


def detect(image: Pixels, variance: Pixels, good: Flags, *, saturation: float = np.inf) -> tuple[Table, float]:
    """Two passes: learn the width of the stars, then find and measure with it."""
    sigma = 1.3
    table = np.zeros(0, dtype=COLUMNS)
    for _ in range(2):
        x, y = find_peaks(image, variance, good, sigma=sigma)
        table = measure(image, variance, good, x, y, sigma=sigma)
        sigma = psf_width(psf_stars(table, saturation=saturation), sigma=sigma)
    return table[table["PSF_INST_FLUX"] > 0], sigma


def psf_image(sigma: float) -> Pixels:
    """The model star as a small image of unit sum."""
    offsets = np.arange(-HALF, HALF + 1)
    image = np.exp(-(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * sigma**2))
    return np.asarray(image / image.sum())
