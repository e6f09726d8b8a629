"""The tangent-plane projection, small enough to start quickly. Pixels count from 0 at the centre of the first one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rpconsole.practice.programs.arrays import Column, Pixels
from rpconsole.practice.programs.exits import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class TanWcs:
    """A linear map of pixels into a tangent plane: `plane = cd · (pixel - reference pixel)`, in degrees."""

    ra_deg: float
    dec_deg: float
    x_ref: float
    y_ref: float
    cd: tuple[float, float, float, float]

    def to_sky(self, x: Column, y: Column) -> tuple[Column, Column]:
        a, b, c, d = self.cd
        dx, dy = x - self.x_ref, y - self.y_ref
        return deproject(a * dx + b * dy, c * dx + d * dy, self.ra_deg, self.dec_deg)

    def to_pixel(self, ra: Column, dec: Column) -> tuple[Column, Column]:
        xi, eta = project(ra, dec, self.ra_deg, self.dec_deg)
        a, b, c, d = self.cd
        det = a * d - b * c
        return (d * xi - b * eta) / det + self.x_ref, (a * eta - c * xi) / det + self.y_ref

    @property
    def pixel_area_deg2(self) -> float:
        a, b, c, d = self.cd
        return abs(a * d - b * c)

    def cards(self) -> dict[str, str | float]:
        """Header cards, where pixels count from 1."""
        a, b, c, d = self.cd
        return {
            "CTYPE1": "RA---TAN",
            "CTYPE2": "DEC--TAN",
            "CRVAL1": self.ra_deg,
            "CRVAL2": self.dec_deg,
            "CRPIX1": self.x_ref + 1,
            "CRPIX2": self.y_ref + 1,
            "CD1_1": a,
            "CD1_2": b,
            "CD2_1": c,
            "CD2_2": d,
        }

    @classmethod
    def from_header(cls, header: Mapping[str, object], *, name: str) -> TanWcs:
        try:
            ra, dec, x, y, a, b, c, d = (
                float(str(header[key]))
                for key in ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "CD1_1", "CD1_2", "CD2_1", "CD2_2")
            )
        except (KeyError, ValueError) as error:
            raise BadInput(f"{name} holds no astrometry: {error}") from None
        return cls(ra_deg=ra, dec_deg=dec, x_ref=x - 1, y_ref=y - 1, cd=(a, b, c, d))


def project(ra: Column, dec: Column, ra0_deg: float, dec0_deg: float) -> tuple[Pixels, Pixels]:
    """Sky to tangent plane, all in degrees."""
    dra, dec_rad, dec0 = np.radians(ra - ra0_deg), np.radians(dec), np.radians(dec0_deg)
    cosine = np.sin(dec0) * np.sin(dec_rad) + np.cos(dec0) * np.cos(dec_rad) * np.cos(dra)
    xi = np.cos(dec_rad) * np.sin(dra) / cosine
    eta = (np.cos(dec0) * np.sin(dec_rad) - np.sin(dec0) * np.cos(dec_rad) * np.cos(dra)) / cosine
    return np.degrees(xi), np.degrees(eta)


def deproject(xi: Column, eta: Column, ra0_deg: float, dec0_deg: float) -> tuple[Pixels, Pixels]:
    """Tangent plane to sky, all in degrees."""
    xi_rad, eta_rad, dec0 = np.radians(xi), np.radians(eta), np.radians(dec0_deg)
    across = np.cos(dec0) - eta_rad * np.sin(dec0)
    ra = ra0_deg + np.degrees(np.arctan2(xi_rad, across))
    dec = np.degrees(np.arctan2(np.sin(dec0) + eta_rad * np.cos(dec0), np.hypot(xi_rad, across)))
    return ra % 360.0, dec
