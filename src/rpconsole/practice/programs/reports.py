"""Statistics that several programs report in the same words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rpconsole.practice.programs.arrays import Bits, Column, Table
from rpconsole.practice.programs.frame import REVISION
from rpconsole.practice.programs.maskbits import ADVISORY, DYNAMIC, STATIC
from rpconsole.practice.programs.sources import FWHM_OF_SIGMA, widths

Report = dict[str, object]


def versions(*parts: str) -> Report:
    return {f"VER_{part.upper()}": REVISION for part in ("pslib", "psmodules", "psphot", "ppstats", "streaks", *parts)}


def mask_fractions(mask: Bits, prefix: str = "MASKFRAC") -> Report:
    """How much of the image each family of mask bits takes."""
    return {
        f"{prefix}_NPIX": int(mask.size),
        f"{prefix}_STATIC": float(np.mean((mask & STATIC) != 0)),
        f"{prefix}_DYNAMIC": float(np.mean((mask & DYNAMIC) != 0)),
        f"{prefix}_MAGIC": 0.0,
        f"{prefix}_ADVISORY": float(np.mean((mask & ADVISORY) != 0)),
    }


def quartiles(name: str, values: Column, ends: Sequence[str]) -> Report:
    """The median under `name`, and of `ERR LQ UQ` those that are asked for; nothing where there are no values."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return {}
    low, middle, high = np.percentile(finite, [25, 50, 75])
    spread = 0.7413 * (high - low)
    parts = {"ERR": spread / np.sqrt(finite.size), "LQ": low, "UQ": high}
    return {name: float(middle), **{f"{name}_{end}": float(parts[end]) for end in ends}}


def image_quality(stars: Table, *, sigma: float) -> Report:
    """Widths and moments of the stars that define the image's sharpness."""
    if len(stars) == 0:
        return {}
    major, minor = (FWHM_OF_SIGMA * width for width in widths(stars, sigma=sigma))
    xx, xy, yy = (stars[f"MOMENTS_{part}"] for part in ("XX", "XY", "YY"))
    report = quartiles("FWHM_MAJOR", major, ["LQ", "UQ"]) | quartiles("FWHM_MINOR", minor, ["LQ", "UQ"])
    report |= quartiles("IQ_FWHM_MAJOR", major, ["ERR"]) | quartiles("IQ_FWHM_MINOR", minor, ["ERR"])
    moments = {"M2": xx + yy, "M2C": xx - yy, "M2S": 2 * xy, "M3": stars["MOMENTS_M3"], "M4": stars["MOMENTS_M4"]}
    for name, values in moments.items():
        report |= quartiles(f"IQ_{name}", values, ["ERR", "LQ", "UQ"])
    return report
