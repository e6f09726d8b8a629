"""pswarp, the warp stage: resample an exposure's chips onto one skycell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rpconsole.practice.programs import images, metadata, pixels, reports, sources
from rpconsole.practice.programs.arrays import Table
from rpconsole.practice.programs.exits import BadInput
from rpconsole.practice.programs.frame import Outputs, read_list, run
from rpconsole.practice.programs.maskbits import STATIC
from rpconsole.practice.programs.options import Given, Synopsis
from rpconsole.practice.programs.resample import Canvas
from rpconsole.practice.programs.tan import TanWcs

SYNOPSIS = Synopsis(
    program="pswarp",
    options={
        **dict.fromkeys(("-list", "-masklist", "-variancelist", "-astromlist"), 1),
        **dict.fromkeys(("-tracedest", "-log", "-threads", "-dumpconfig", "-stats"), 1),
        **dict.fromkeys(("-F", "-recipe"), 2),
    },
    required=("-list", "-masklist", "-variancelist", "-astromlist", "-dumpconfig", "-stats"),
    arguments=("output root", "skycell file"),
)
LEAST_GOOD_FRACTION = 0.001
NO_GOOD_PIXELS = 3006  # the quality of a warp that nothing landed on


@dataclass(frozen=True, kw_only=True, slots=True)
class Astrometry:
    """What the camera stage found: one solution a chip, and what holds for the whole exposure."""

    header: Mapping[str, Any]
    chips: Mapping[str, images.Extension]


def main(argv: Sequence[str]) -> int:
    return run(SYNOPSIS, _work, argv)


def _work(given: Given, outputs: Outputs) -> None:
    root, skyfile = given.arguments
    sky = images.read_header(skyfile)
    canvas = Canvas(TanWcs.from_header(sky, name=skyfile), *_size(sky, skyfile))
    astrometry = _read_astrometry(read_list(given.one("-astromlist")))
    _fill(canvas, given, astrometry, outputs)
    cards = _cards(canvas, sky, astrometry.header)
    stars, sigma = _sources_here(canvas, astrometry)
    outputs.note(f"{len(stars)} stars, width {sigma:.2f} px")
    _write(root, canvas, cards | {"FWHM": sources.FWHM_OF_SIGMA * sigma}, stars, sigma, outputs)
    outputs.text(given.one("-dumpconfig"), metadata.write({"PROGRAM": "pswarp", "SKYCELL": sky.get("SKYCELL")}))
    outputs.text(given.one("-stats"), metadata.write(_report(canvas) | {"DTIME_WARP": outputs.elapsed()}))


def _size(sky: Mapping[str, Any], name: str) -> tuple[int, int]:
    try:
        return int(sky["IMAGEW"]), int(sky["IMAGEH"])
    except (KeyError, ValueError):
        raise BadInput(f"{name} does not say how large the skycell is (IMAGEW, IMAGEH)") from None


def _read_astrometry(paths: Sequence[str]) -> Astrometry:
    header: Mapping[str, Any] = {}
    chips: dict[str, images.Extension] = {}
    for path in paths:
        header, tables = images.read_tables(path)
        chips |= {str(table.cards.get("FPPOS")): table for table in tables.values()}
    return Astrometry(header=header, chips=chips)


def _fill(canvas: Canvas, given: Given, astrometry: Astrometry, outputs: Outputs) -> None:
    names = [read_list(given.one(option)) for option in ("-list", "-masklist", "-variancelist")]
    if len({len(each) for each in names}) != 1:
        raise BadInput(
            f"the lists differ in length: {', '.join(str(len(each)) for each in names)} images, masks, variances"
        )
    for image_path, mask_path, variance_path in zip(*names, strict=True):
        image, header = images.read_image(image_path)
        class_id = str(header.get("FPPOS"))
        if class_id not in astrometry.chips:
            raise BadInput(f"{image_path}: chip {class_id} has no astrometry in {given.one('-astromlist')}")
        mask, variance = images.read_mask(mask_path)[0], images.read_image(variance_path)[0]
        if not image.shape == mask.shape == variance.shape:
            raise BadInput(f"{image_path}, its mask and its variance differ in shape")
        wcs = TanWcs.from_header(astrometry.chips[class_id].cards, name=f"{class_id} in {given.one('-astromlist')}")
        covered = canvas.add(image, variance, mask, wcs)
        outputs.note(f"{class_id} covers {covered} pixels")


def _cards(canvas: Canvas, sky: Mapping[str, Any], exposure: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("EXPNAME", "FILTER", "EXPTIME", "MJD-OBS", "DATE-OBS", "ZPT_OBS")
    cards = {key: exposure[key] for key in kept if key in exposure}
    return cards | {key: sky[key] for key in ("SKYCELL", "TESS_ID") if key in sky} | canvas.wcs.cards()


def _sources_here(canvas: Canvas, astrometry: Astrometry) -> tuple[Table, float]:
    """The exposure's stars, measured anew where they fall on the skycell."""
    ra, dec = (
        np.concatenate([np.asarray(chip.rows[key], dtype=float) for chip in astrometry.chips.values()])
        for key in ("RA_PSF", "DEC_PSF")
    )
    x, y = canvas.wcs.to_pixel(ra, dec)
    height, width = canvas.image.shape
    inside = (x > 0) & (x < width - 1) & (y > 0) & (y < height - 1)
    x, y = x[inside], y[inside]
    on_good = canvas.good[np.rint(y).astype(int), np.rint(x).astype(int)]
    sigma = float(astrometry.header.get("FWHM", 3.0)) / sources.FWHM_OF_SIGMA
    for _ in range(2):
        stars = sources.measure(canvas.image, canvas.variance, canvas.good, x[on_good], y[on_good], sigma=sigma)
        sigma = sources.psf_width(sources.psf_stars(stars), sigma=sigma)
    return stars, sigma


def _report(canvas: Canvas) -> dict[str, object]:
    good = canvas.good
    bg, bg_stdev = pixels.robust(canvas.image[good])
    fraction = float(np.mean(good))
    report: dict[str, object] = {"BG": bg, "BG_STDEV": bg_stdev, "GOOD_FRAC": fraction}
    rows, columns = np.nonzero(good)
    if rows.size:
        report |= {
            "XMIN": int(columns.min()),
            "XMAX": int(columns.max()),
            "YMIN": int(rows.min()),
            "YMAX": int(rows.max()),
        }
    accepted = fraction >= LEAST_GOOD_FRACTION
    report |= {"ACCEPT": accepted, "QUALITY": 0 if accepted else NO_GOOD_PIXELS}
    return report | reports.mask_fractions(canvas.mask) | reports.versions("pswarp")


def _write(root: str, canvas: Canvas, cards: Mapping[str, Any], stars: Table, sigma: float, outputs: Outputs) -> None:
    image = np.where((canvas.mask & STATIC) == 0, canvas.image, np.nan)
    images.write_image(outputs.product(f"{root}.fits"), image.astype(np.float32), cards)
    images.write_image(outputs.product(f"{root}.mask.fits"), canvas.mask, cards)
    images.write_image(outputs.product(f"{root}.wt.fits"), canvas.variance.astype(np.float32), cards)
    images.write_image(outputs.product(f"{root}.psf"), sources.psf_image(sigma).astype(np.float32), cards)
    images.write_tables(
        outputs.product(f"{root}.cmf"), cards, [images.Extension(name="SKYCHIP.PSF", cards=cards, rows=stars)]
    )
