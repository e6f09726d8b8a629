"""Where an exposure says it points, and where it really looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from rpconsole.practice.focal_plane import PIXEL_SCALE_DEG, Ota
from rpconsole.practice.programs.arrays import Column
from rpconsole.practice.programs.tan import TanWcs

MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)
NORTH_UP = (-PIXEL_SCALE_DEG, 0.0, 0.0, PIXEL_SCALE_DEG)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposure:
    """One pointing: what the telescope says it did."""

    index: int
    exp_name: str
    ra_deg: float
    dec_deg: float
    filter: str
    exp_time_s: float
    dateobs: datetime

    @property
    def mjd(self) -> float:
        return (self.dateobs - MJD_EPOCH) / timedelta(days=1)

    def nominal_wcs(self, ota: Ota) -> TanWcs:
        """The chip's astrometry if the telescope were right."""
        return TanWcs(ra_deg=self.ra_deg, dec_deg=self.dec_deg, x_ref=-ota.x_px, y_ref=-ota.y_px, cd=NORTH_UP)


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """What an exposure really did, which only the simulation knows."""

    dx_px: float
    dy_px: float
    rotation_deg: float
    psf_sigma_px: float
    transparency: float
    sky_counts: float

    def wcs(self, exposure: Exposure, ota: Ota, misplaced_px: Column) -> TanWcs:
        """The chip's true astrometry: the pointing is off and turned, the chip a little out of its place."""
        turn = np.radians(self.rotation_deg)
        cosine, sine = float(np.cos(turn)), float(np.sin(turn))
        back_x = cosine * self.dx_px + sine * self.dy_px
        back_y = cosine * self.dy_px - sine * self.dx_px
        scale = PIXEL_SCALE_DEG
        return TanWcs(
            ra_deg=exposure.ra_deg,
            dec_deg=exposure.dec_deg,
            x_ref=-float(ota.x_px + misplaced_px[0] + back_x),
            y_ref=-float(ota.y_px + misplaced_px[1] + back_y),
            cd=(-scale * cosine, scale * sine, scale * sine, scale * cosine),
        )


def offset_sky(ra_deg: float, dec_deg: float, dx_px: float, dy_px: float) -> tuple[float, float]:
    """The place so many pixels to the west and north."""
    wcs = TanWcs(ra_deg=ra_deg, dec_deg=dec_deg, x_ref=0.0, y_ref=0.0, cd=NORTH_UP)
    ra, dec = wcs.to_sky(np.array([dx_px]), np.array([dy_px]))
    return float(ra[0]), float(dec[0])
