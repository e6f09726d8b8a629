"""The practice survey: exposures of a simulated sky, with everything around them that the four stages need.

Everything follows from the seed: the same survey written twice is the same, file by file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np

from rpconsole.practice import references, tessellation
from rpconsole.practice.detector import SHAPE, DetrendType, detector_of, write_detrend
from rpconsole.practice.focal_plane import OTA_PX, PIXEL_SCALE_DEG, Ota, compact_block, ota_of
from rpconsole.practice.pointing import Exposure, Truth, offset_sky
from rpconsole.practice.programs import images
from rpconsole.practice.programs.arrays import Column, Pixels
from rpconsole.practice.programs.detrend import Trail, trail_counts, trails_text
from rpconsole.practice.programs.tan import TanWcs
from rpconsole.practice.starfield import Stars, counts_of, render, scatter_stars

FIRST_EXPOSURE = datetime(2011, 7, 3, 8, 30, tzinfo=UTC)
NIGHT = "5745"  # the last digits of that night's MJD, as they stand in exposure names
EXP_TIME_S = 40.0
CADENCE = timedelta(seconds=62)
DITHER_PX = 14.0
FIELD_HALF_DEG = 760 * PIXEL_SCALE_DEG
LEAST_OVERLAP_PX = 24
PASSER_BY_MAG = 19.0


@dataclass(frozen=True, kw_only=True)
class Survey:
    """`exposures` dithered pointings at one field, each with `otas` chips, in one filter (`g r i z y w`)."""

    seed: int = 1
    exposures: int = 4
    otas: int = 4
    filter: str = "r"

    @cached_property
    def field(self) -> tuple[float, float]:
        """The projection cell's tangent point, degrees."""
        rng = np.random.default_rng([self.seed, 0])
        return float(np.round(rng.uniform(20, 340), 3)), float(np.round(rng.uniform(-25, 45), 3))

    @cached_property
    def chips(self) -> tuple[Ota, ...]:
        return compact_block(self.otas)

    @cached_property
    def class_ids(self) -> tuple[str, ...]:
        return tuple(ota.class_id for ota in self.chips)

    @cached_property
    def stars(self) -> Stars:
        """Every star of the field; the reference catalogue holds the brighter ones."""
        ra, dec = self._centre
        return scatter_stars(self.seed, ra_deg=ra, dec_deg=dec, half_width_deg=FIELD_HALF_DEG)

    @cached_property
    def pointings(self) -> tuple[Exposure, ...]:
        return tuple(self._exposure(index) for index in range(self.exposures))

    def truth(self, exposure: Exposure) -> Truth:
        rng = np.random.default_rng([self.seed, 4, exposure.index])
        dx, dy = rng.uniform(-5, 5, 2)
        return Truth(
            dx_px=float(dx),
            dy_px=float(dy),
            rotation_deg=float(rng.uniform(-0.06, 0.06)),
            psf_sigma_px=float(rng.uniform(1.15, 1.5)),
            transparency=float(rng.uniform(0.9, 1.0)),
            sky_counts=float(rng.uniform(380, 420)),
        )

    def true_wcs(self, exposure: Exposure, class_id: str) -> TanWcs:
        ota = ota_of(class_id)
        return self.truth(exposure).wcs(exposure, ota, references.misplacement_px(self.seed, ota))

    def overlap(self, exposure: Exposure) -> list[tuple[str, str]]:
        """(skycell_id, class_id) of each chip that covers a useful part of a skycell, by the nominal pointing."""
        cells = tessellation.all_skycells(*self.field)
        edges: Column = np.array([-0.5, OTA_PX - 0.5])
        pairs = []
        for ota in self.chips:
            x, y = cells[0].wcs.to_pixel(*exposure.nominal_wcs(ota).to_sky(edges, edges))
            shared = (cell for cell in cells if cell.shared_px(x, y) >= LEAST_OVERLAP_PX)
            pairs += [(cell.skycell_id, ota.class_id) for cell in shared]
        return sorted(pairs)

    def write_raw(self, exposure: Exposure, class_id: str, path: Path) -> None:
        """One chip's raw image, as the camera would write it."""
        ota = ota_of(class_id)
        detector = detector_of(self.seed, ota)
        rng = np.random.default_rng([self.seed, 5, exposure.index, ota.column, ota.row])
        light = self.sky_light(exposure) + self.star_light(exposure, class_id)
        if self.filter == "y":
            light += rng.uniform(15, 30) * (1 + detector.fringe)
        added = trail_counts(self.trails(exposure, class_id), SHAPE) + rng.normal(0.0, 1.5, (OTA_PX, 1))
        counts = detector.raw_counts(light, exp_time_s=exposure.exp_time_s, added=added, rng=rng)
        counts.flat[rng.integers(0, counts.size, 4)] += rng.uniform(500, 5000, 4)  # cosmic rays
        whole = np.clip(np.rint(counts), 0, 65535).astype(np.uint16)
        images.write_image(str(path), whole, _raw_cards(exposure, class_id))

    def write_burntool(self, exposure: Exposure, class_id: str, path: Path) -> None:
        """The table of charge trails that belongs to a raw image."""
        path.write_text(trails_text(self.trails(exposure, class_id)), encoding="ascii")

    def write_detrend(self, det_type: DetrendType, class_id: str, path: Path) -> None:
        """One chip's file of one detrend type."""
        write_detrend(path, detector_of(self.seed, ota_of(class_id)), det_type, class_id)

    def write_references(self, directory: Path) -> None:
        """What the camera stage reads at the site: astrometry model, correction, mask list and star catalogue."""
        references.write_references(directory, self.seed, self.stars)

    def write_tessellation(self, directory: Path) -> None:
        """The skycells of `RINGS.V3`; `directory` is the tessellation's own (`…/tess/RINGS.V3`)."""
        tessellation.write_tessellation(directory, *self.field)

    def trails(self, exposure: Exposure, class_id: str) -> list[Trail]:
        """The charge trails on one raw image, none to two."""
        ota = ota_of(class_id)
        rng = np.random.default_rng([self.seed, 6, exposure.index, ota.column, ota.row])
        return [
            Trail(
                column=int(rng.integers(3, OTA_PX - 3)),
                first_row=int(rng.integers(0, OTA_PX // 2)),
                counts=float(np.round(rng.uniform(30, 90), 2)),
                decay_px=float(np.round(rng.uniform(15, 40), 2)),
            )
            for _ in range(int(rng.integers(0, 3)))
        ]

    def passer_by(self, exposure: Exposure, class_id: str) -> tuple[float, float]:
        """Pixel of a moving object of 19 mag, which stands there in this exposure only."""
        ota = ota_of(class_id)
        x, y = np.random.default_rng([self.seed, 9, exposure.index, ota.column, ota.row]).uniform(10, OTA_PX - 10, 2)
        return float(x), float(y)

    def star_light(self, exposure: Exposure, class_id: str) -> Pixels:
        """What the stars, and one moving object, give to each pixel of a chip."""
        truth, wcs = self.truth(exposure), self.true_wcs(exposure, class_id)
        x, y = wcs.to_pixel(self.stars.ra, self.stars.dec)
        passing = self.passer_by(exposure, class_id)
        x, y = np.append(x, passing[0]), np.append(y, passing[1])
        mag = np.append(self.stars.mag, PASSER_BY_MAG)
        counts = counts_of(mag, exp_time_s=exposure.exp_time_s, transparency=truth.transparency)
        x = x + references.brightness_shift_px(ota_of(class_id), counts / (2 * np.pi * truth.psf_sigma_px**2))
        return render(SHAPE, x, y, counts, sigma=truth.psf_sigma_px)

    def sky_light(self, exposure: Exposure) -> Pixels:
        """The sky's own light, a little uneven over a chip."""
        across = np.linspace(-1.0, 1.0, OTA_PX)
        return np.asarray(self.truth(exposure).sky_counts * (1 + 0.02 * across[:, None] + 0.01 * across[None, :]))

    @cached_property
    def _centre(self) -> tuple[float, float]:
        """The undithered pointing: on a border between two columns of skycells, in the middle of a row."""
        return offset_sky(*self.field, 0.0, tessellation.STEP_PX / 2)

    def _exposure(self, index: int) -> Exposure:
        dx, dy = np.random.default_rng([self.seed, 3, index]).uniform(-DITHER_PX, DITHER_PX, 2)
        ra, dec = offset_sky(*self._centre, float(dx), float(dy))
        return Exposure(
            index=index,
            exp_name=f"o{NIGHT}g{101 + index:04d}o",
            ra_deg=ra,
            dec_deg=dec,
            filter=f"{self.filter}.00000",
            exp_time_s=EXP_TIME_S,
            dateobs=FIRST_EXPOSURE + index * CADENCE,
        )


def _raw_cards(exposure: Exposure, class_id: str) -> dict[str, str | float]:
    return {
        "EXPNAME": exposure.exp_name,
        "FPPOS": class_id,
        "FILTER": exposure.filter,
        "EXPTIME": exposure.exp_time_s,
        "RA": exposure.ra_deg,
        "DEC": exposure.dec_deg,
        "POSANG": 0.0,
        "MJD-OBS": exposure.mjd,
        "DATE-OBS": f"{exposure.dateobs:%Y-%m-%dT%H:%M:%S}",
        "OBJECT": tessellation.PROJECTION_CELL,
    }
