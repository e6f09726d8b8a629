"""What the reference files at the site say about the camera and the sky, and what follows for a chip."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rpconsole.practice.programs import images
from rpconsole.practice.programs.arrays import Bits, Pixels, Table
from rpconsole.practice.programs.exits import BadInput, MissingInput
from rpconsole.practice.programs.frame import read_text
from rpconsole.practice.programs.maskbits import MaskBit
from rpconsole.practice.programs.matching import REACH_PX, ChipField, Similarity
from rpconsole.practice.programs.sources import psf_stars
from rpconsole.practice.programs.tan import TanWcs, project

SATURATION_COUNTS = 30000.0
CORE_MAG, CORE_RADIUS_PX = 14.6, 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Camera:
    """The chips' nominal places, the shift of bright stars on each, the star catalogue, and the pointing."""

    scale_deg: float
    places: Mapping[str, tuple[float, float]]
    x_shifts: Mapping[str, float]
    full_scale: float
    catalogue: Table
    ra_deg: float
    dec_deg: float

    def in_plane(self) -> Pixels:
        """The catalogue in pixels of the focal plane, as the nominal pointing has it; x grows to the west."""
        xi, eta = project(self.catalogue["RA"], self.catalogue["DEC"], self.ra_deg, self.dec_deg)
        return np.stack([-xi, eta], axis=1) / self.scale_deg

    def field(self, class_id: str, stars: Table, plane: Pixels) -> ChipField:
        """One chip's good stars, brightest first, in the focal plane, with the catalogue stars around them."""
        if class_id not in self.places:
            raise MissingInput(f"the astrometry model knows no chip {class_id}")
        stars = np.sort(psf_stars(stars, saturation=SATURATION_COUNTS), order="PSF_INST_FLUX")[::-1]
        points = np.stack([stars["X_PSF"], stars["Y_PSF"]], axis=1) + np.array(self.places[class_id])
        points[:, 0] -= self.x_shifts.get(class_id, 0.0) * np.minimum(stars["PEAK_FLUX"] / self.full_scale, 1.0)
        nothing = np.zeros(0, dtype=np.intp)
        near = nothing
        if len(points):
            low, high = points.min(axis=0) - REACH_PX, points.max(axis=0) + REACH_PX
            near = np.nonzero(((plane > low) & (plane < high)).all(axis=1))[0]
        return ChipField(
            class_id=class_id,
            stars=stars,
            points=points,
            candidates=near,
            matched=(nothing, nothing),
            solution=Similarity(),
        )

    def wcs(self, field: ChipField) -> TanWcs:
        """The chip's own astrometry, from its place in the focal plane and the solution found for it."""
        x0, y0 = self.places[field.class_id]
        x_ref, y_ref = field.solution.origin()
        a, b, scale = field.solution.a, field.solution.b, self.scale_deg
        return TanWcs(
            ra_deg=self.ra_deg,
            dec_deg=self.dec_deg,
            x_ref=x_ref - x0,
            y_ref=y_ref - y0,
            cd=(-scale * a, scale * b, scale * b, scale * a),
        )

    def star_cores(self, wcs: TanWcs, shape: tuple[int, ...]) -> Bits:
        """Mask bits over the middle of stars too bright to be of use."""
        bright = self.catalogue[self.catalogue["MAG"] < CORE_MAG]
        x, y = wcs.to_pixel(bright["RA"], bright["DEC"])
        rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
        cores = np.zeros(shape, dtype=np.int16)
        near = (
            (x > -CORE_RADIUS_PX)
            & (x < shape[1] + CORE_RADIUS_PX)
            & (y > -CORE_RADIUS_PX)
            & (y < shape[0] + CORE_RADIUS_PX)
        )
        for x_star, y_star in zip(x[near], y[near], strict=True):
            cores[np.hypot(columns - x_star, rows - y_star) < CORE_RADIUS_PX] = MaskBit.STAR_CORE
        return cores


def read_camera(model: str, correction: str, exposure: images.Cards) -> Camera:
    """Read the astrometry model, the brightness correction, and the catalogue that lies beside the model."""
    header, chips = images.read_table(model)
    kh_header, shifts = images.read_table(correction)
    catalogue = os.path.join(os.path.dirname(model), str(header.get("CATALOG", "")))
    try:
        places = zip(chips["X0"], chips["Y0"], strict=True)
        return Camera(
            scale_deg=float(header["PIXSCALE"]) / 3600,
            places=dict(zip(images.words(chips["CLASS_ID"]), places, strict=True)),
            x_shifts=dict(zip(images.words(shifts["CLASS_ID"]), shifts["X_SHIFT"], strict=True)),
            full_scale=float(kh_header["FULLSCAL"]),
            catalogue=images.read_table(catalogue)[1],
            ra_deg=float(exposure["RA"]),
            dec_deg=float(exposure["DEC"]),
        )
    except (KeyError, ValueError) as error:
        raise BadInput(f"{model} and {correction} do not describe a camera: {error}") from None


def reference_masks(path: str) -> dict[str, Bits]:
    """`chip file` lines; the files lie beside the list."""
    masks = {}
    for line in read_text(path).splitlines():
        words = line.split("#", 1)[0].split()
        if len(words) == 2:
            masks[words[0]] = images.read_mask(os.path.join(os.path.dirname(path), words[1]))[0]
    return masks
