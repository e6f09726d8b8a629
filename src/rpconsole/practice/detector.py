"""What the practice camera's chips do to the light, which the detrend files describe."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from rpconsole.practice.focal_plane import OTA_PX, Ota
from rpconsole.practice.programs import images
from rpconsole.practice.programs.arrays import Bits, Column, Pixels, Table
from rpconsole.practice.programs.maskbits import MaskBit

SHAPE = (OTA_PX, OTA_PX)


class DetrendType(StrEnum):
    """The detrend types that the chip stage asks for, in the database's words."""

    MASK = "MASK"
    FLAT = "FLAT"
    DARK = "DARK"
    VIDEODARK = "VIDEODARK"
    LINEARITY = "LINEARITY"
    NOISEMAP = "NOISEMAP"
    FRINGE = "FRINGE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Detector:
    """One chip's own faults, the same for every exposure."""

    mask: Bits
    flat: Pixels
    dark: Pixels
    noise: Pixels
    fringe: Pixels
    linearity: Table

    def raw_counts(self, light: Pixels, *, exp_time_s: float, added: Pixels, rng: np.random.Generator) -> Pixels:
        """Counts as read out, before they are cut to whole numbers; `added` is charge that is not light."""
        electrons = rng.poisson(light * self.flat) + self.dark[0] + exp_time_s * self.dark[1] + added
        electrons = electrons + rng.normal(0.0, self.noise)
        counts = np.interp(electrons, self.linearity["COUNTS"] * self.linearity["FACTOR"], self.linearity["COUNTS"])
        counts[self.mask != 0] = rng.choice([0.0, 65535.0], size=int((self.mask != 0).sum()))
        return np.asarray(counts)


def detector_of(seed: int, ota: Ota) -> Detector:
    """The chip at this place, made from the seed."""
    rng = np.random.default_rng([seed, 1, ota.column, ota.row])
    y, x = np.mgrid[0:OTA_PX, 0:OTA_PX] / OTA_PX - 0.5
    tilt = rng.normal(0.0, 0.06, size=2)
    flat = 1.0 + tilt[0] * x + tilt[1] * y - 0.2 * (x * x + y * y) + rng.normal(0.0, 0.03, SHAPE)
    dark = np.stack([300.0 + 5.0 * x + rng.normal(0, 8, SHAPE), 0.05 + np.abs(rng.normal(0, 0.1, SHAPE))])
    phase, turn = rng.uniform(0, 2 * np.pi), rng.uniform(0, np.pi)
    fringe = np.sin(25 * (x * np.cos(turn) + y * np.sin(turn) + x * y) + phase)
    noise = np.full(SHAPE, rng.uniform(4.5, 6.5)) * rng.uniform(0.9, 1.1, SHAPE)
    return Detector(
        mask=_defects(rng),
        flat=flat,
        dark=dark,
        noise=noise,
        fringe=fringe,
        linearity=_linearity(rng.uniform(0.05, 0.1)),
    )


def _defects(rng: np.random.Generator) -> Bits:
    """One dead column, half a column, and some single pixels."""
    mask = np.zeros(SHAPE, dtype=np.int16)
    mask[:, rng.integers(5, OTA_PX - 5)] = MaskBit.DETECTOR
    mask[: OTA_PX // 2, rng.integers(5, OTA_PX - 5)] = MaskBit.DETECTOR
    mask.flat[rng.integers(0, mask.size, 40)] = MaskBit.DETECTOR
    return mask


def _linearity(loss: float) -> Table:
    counts: Column = np.linspace(0.0, 70000.0, 29)
    table = np.zeros(counts.size, dtype=[("COUNTS", "f8"), ("FACTOR", "f8")])
    table["COUNTS"], table["FACTOR"] = counts, 1.0 + loss * counts / counts[-1]
    return table


def write_detrend(path: Path, detector: Detector, det_type: DetrendType, class_id: str) -> None:
    """A detrend file: an image for most types, a table for linearity."""
    cards = {"FPPOS": class_id, "DETTYPE": det_type.value}
    if det_type is DetrendType.LINEARITY:
        table = images.Extension(name="LINEARITY", cards=cards, rows=detector.linearity)
        images.write_tables(str(path), cards, [table])
        return
    pixels: dict[DetrendType, Table] = {
        DetrendType.MASK: detector.mask,
        DetrendType.FLAT: detector.flat,
        DetrendType.DARK: detector.dark,
        DetrendType.VIDEODARK: detector.dark,
        DetrendType.NOISEMAP: detector.noise,
        DetrendType.FRINGE: detector.fringe,
    }
    kept = np.int16 if det_type is DetrendType.MASK else np.float32
    images.write_image(str(path), pixels[det_type].astype(kept), cards)
