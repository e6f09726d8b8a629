"""The files that lie ready at the site for the camera stage, and the camera's habits that they describe."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rpconsole.practice.detector import SHAPE
from rpconsole.practice.focal_plane import ALL_OTAS, PIXEL_SCALE_DEG, Ota
from rpconsole.practice.programs import images
from rpconsole.practice.programs.arrays import Column
from rpconsole.practice.programs.maskbits import MaskBit
from rpconsole.practice.starfield import REFERENCE_FAINT_MAG, Stars

ASTROMETRY_MODEL = "gpc1.20140505.asm"
BRIGHTNESS_CORRECTION = "khcorrect.20140606.v0.fits"
REFERENCE_MASKS = "gpc1.refmask.list"
CATALOGUE = "gpc1.refcat.fits"
FULL_SCALE_COUNTS = 50000.0


def misplacement_px(seed: int, ota: Ota) -> Column:
    """How far the chip sits from the place that the astrometry model gives it."""
    return np.random.default_rng([seed, 7, ota.column, ota.row]).uniform(-0.2, 0.2, 2)


def brightness_shift_px(ota: Ota, peak_counts: Column) -> Column:
    """Bright stars on the older chips of the camera appear shifted along x, in proportion to their peak."""
    return _shift_at_full_scale(ota) * np.minimum(peak_counts / FULL_SCALE_COUNTS, 1.0)


def _shift_at_full_scale(ota: Ota) -> float:
    return 0.15 if ota.column >= 4 else 0.0


def write_references(directory: Path, seed: int, stars: Stars) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    _write_model(directory / ASTROMETRY_MODEL)
    _write_correction(directory / BRIGHTNESS_CORRECTION)
    _write_masks(directory, seed)
    _write_catalogue(directory / CATALOGUE, stars.brighter_than(REFERENCE_FAINT_MAG))


def _write_model(path: Path) -> None:
    rows = np.array(
        [(o.class_id, o.x_px, o.y_px) for o in ALL_OTAS], dtype=[("CLASS_ID", "U4"), ("X0", "f8"), ("Y0", "f8")]
    )
    cards = {"PIXSCALE": PIXEL_SCALE_DEG * 3600, "CATALOG": CATALOGUE}
    images.write_tables(str(path), cards, [images.Extension(name="CHIPS", cards=cards, rows=rows)])


def _write_correction(path: Path) -> None:
    rows = np.array(
        [(ota.class_id, _shift_at_full_scale(ota)) for ota in ALL_OTAS], dtype=[("CLASS_ID", "U4"), ("X_SHIFT", "f8")]
    )
    cards = {"FULLSCAL": FULL_SCALE_COUNTS}
    images.write_tables(str(path), cards, [images.Extension(name="KH", cards=cards, rows=rows)])


def _write_masks(directory: Path, seed: int) -> None:
    """Static masks known only after the chips were made: a few rows of one chip, listed by chip and file name."""
    ota = ALL_OTAS[np.random.default_rng([seed, 8]).integers(0, len(ALL_OTAS))]
    mask = np.zeros(SHAPE, dtype=np.int16)
    mask[:3, :] = MaskBit.DETECTOR
    name = f"gpc1.refmask.{ota.class_id}.fits"
    images.write_image(str(directory / name), mask, {"FPPOS": ota.class_id})
    (directory / REFERENCE_MASKS).write_text(f"# chip file\n{ota.class_id} {name}\n", encoding="ascii")


def _write_catalogue(path: Path, stars: Stars) -> None:
    rows = np.zeros(stars.ra.size, dtype=[("RA", "f8"), ("DEC", "f8"), ("MAG", "f8")])
    rows["RA"], rows["DEC"], rows["MAG"] = stars.ra, stars.dec, stars.mag
    images.write_tables(str(path), {}, [images.Extension(name="STARS", cards={}, rows=rows)])
