"""ppImage, the chip stage: detrend one raw image, find its stars, write image, mask, variance and what was learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rpconsole.practice.programs import detrend, images, metadata, pixels, reports, sources
from rpconsole.practice.programs.arrays import Bits, Pixels, Table
from rpconsole.practice.programs.exits import BadInput
from rpconsole.practice.programs.frame import Outputs, read_text, run
from rpconsole.practice.programs.maskbits import MaskBit
from rpconsole.practice.programs.options import Given, Synopsis

SYNOPSIS = Synopsis(
    program="ppImage",
    options={
        **dict.fromkeys(("-file", "-burntool", "-mask", "-flat", "-dark", "-linearity", "-fringe", "-noisemap"), 1),
        **dict.fromkeys(("-stats", "-threads", "-image_id", "-tracedest", "-log"), 1),
        "-recipe": 2,
    },
    required=("-file", "-burntool", "-mask", "-flat", "-dark", "-linearity", "-noisemap", "-stats"),
    arguments=("output root",),
)
COPIED_CARDS = ("EXPNAME", "FPPOS", "FILTER", "EXPTIME", "RA", "DEC", "POSANG", "MJD-OBS", "DATE-OBS", "OBJECT")


@dataclass(kw_only=True, slots=True)
class Chip:
    """One chip on its way through the program."""

    header: dict[str, Any]
    image: Pixels
    variance: Pixels
    mask: Bits
    statistics: dict[str, object]


def main(argv: Sequence[str]) -> int:
    return run(SYNOPSIS, _work, argv)


def _work(given: Given, outputs: Outputs) -> None:
    chip = detrended(given, outputs)
    root = f"{given.arguments[0]}.{chip.header['FPPOS']}"
    chip.statistics["DTIME_DETREND"] = outputs.elapsed()
    _take_background(chip, root, outputs)
    stars, sigma = sources.detect(
        chip.image, chip.variance, detrend.is_good(chip.mask), saturation=detrend.SATURATION_COUNTS / 2
    )
    chip.statistics |= photometry_report(stars, chip.variance, sigma)
    chip.statistics |= reports.mask_fractions(chip.mask) | reports.versions("ppimage", "psastro")
    chip.statistics["DTIME_PHOTOM"] = outputs.elapsed() - float(str(chip.statistics["DTIME_DETREND"]))
    outputs.note(f"{len(stars)} stars, width {sigma:.2f} px")
    _write(chip, stars, sigma, root, outputs)
    chip.statistics |= {"DTIME_TOTAL": outputs.elapsed(), "QUALITY": 0}
    outputs.text(given.one("-stats"), metadata.write(chip.statistics))


def detrended(given: Given, outputs: Outputs) -> Chip:
    """Read everything that the command line names and take the detector out."""
    raw, header = images.read_image(given.one("-file"))
    if "FPPOS" not in header:
        raise BadInput(f"{given.one('-file')} does not say its place in the camera (FPPOS)")
    static, flat, noise = (_calibration(given.one(f"-{kind}"), raw.shape) for kind in ("mask", "flat", "noisemap"))
    dark = detrend.dark_counts(_calibration(given.one("-dark"), (2, *raw.shape)), float(header["EXPTIME"]))
    trails = detrend.read_trails(read_text(given.one("-burntool")), name=given.one("-burntool"))
    trailed = detrend.trail_counts(trails, (raw.shape[0], raw.shape[1]))
    mask = detrend.initial_mask(static.astype(np.int16), flat, raw, trailed)
    flat = np.where((mask & MaskBit.FLAT) == 0, flat, 1.0)
    counts = detrend.linearised(raw, images.read_table(given.one("-linearity"))[1]) - dark - trailed
    variance = (np.maximum(counts, 0.0) + noise**2) / flat**2
    outputs.note(f"detrended {header['FPPOS']} with {len(trails)} trails")
    bias: dict[str, object] = {"BIAS": float(np.median(dark)), "BIAS_STDEV": float(np.std(dark))}
    chip = Chip(header=header, image=counts / flat, variance=variance, mask=mask, statistics=bias)
    fringe = given.maybe("-fringe")
    if fringe:
        _take_fringe(chip, _calibration(fringe, raw.shape))
    return chip


def _calibration(path: str, shape: tuple[int, ...]) -> Pixels:
    image, _ = images.read_image(path)
    if image.shape != shape:
        raise BadInput(f"{path} has the shape {image.shape}, the raw image needs {shape}")
    return image


def _take_fringe(chip: Chip, pattern: Pixels) -> None:
    amplitude, error = detrend.fringe_amplitude(chip.image, pattern, detrend.is_good(chip.mask))
    chip.image -= amplitude * (pattern - pattern.mean())
    chip.statistics |= {"FRINGE_0": amplitude, "FRINGE_1": error, "FRINGE_2": float(pattern.std())}


def _take_background(chip: Chip, root: str, outputs: Outputs) -> None:
    """Subtract sky and row pattern, keep both models, and mask cosmic rays on what is left."""
    good = detrend.is_good(chip.mask)
    grid = pixels.background_grid(chip.image, good)
    chip.image -= pixels.background_model(grid, chip.image.shape)
    rows = detrend.row_pattern(chip.image, good)
    chip.image -= rows[:, None]
    spread = pixels.robust(chip.image[good])[1]
    struck = detrend.cosmic_rays(chip.image, spread, good)
    chip.mask[struck] |= MaskBit.COSMIC_RAY
    chip.statistics |= {
        "BG": float(np.median(grid)),
        "BG_STDEV": spread,
        "BG_MEAN_STDEV": float(np.std(grid)),
        "N_CR": int(struck.sum()),
    }
    cards = {"FPPOS": chip.header["FPPOS"], "NX": chip.image.shape[1], "NY": chip.image.shape[0]}
    images.write_image(outputs.product(f"{root}.mdl.fits"), grid.astype(np.float32), cards)
    images.write_image(outputs.product(f"{root}.ptn"), rows.astype(np.float32)[:, None], cards)


def photometry_report(stars: Table, variance: Pixels, sigma: float) -> dict[str, object]:
    bright = sources.psf_stars(stars, saturation=detrend.SATURATION_COUNTS / 2)
    faintest = 5 * np.sqrt(float(np.median(variance))) * 2 * np.sqrt(np.pi) * sigma
    report: dict[str, object] = {
        "N_STARS": len(stars),
        "N_PSFSTARS": len(bright),
        "N_IQSTARS": len(bright),
        "N_EXTENDED": int((stars["MOMENTS_XX"] + stars["MOMENTS_YY"] > 4 * sigma**2).sum()),
        "DETEFF_MAGREF": float(-2.5 * np.log10(faintest)),
    }
    residual = bright["AP_MAG"] - bright["PSF_INST_MAG"]
    residual = residual[np.isfinite(residual)]
    if residual.size:
        report |= {"AP_RESID": float(np.median(residual)), "AP_RESID_STDEV": float(np.std(residual))}
    return report | reports.image_quality(bright, sigma=sigma)


def _write(chip: Chip, stars: Table, sigma: float, root: str, outputs: Outputs) -> None:
    cards = {key: chip.header[key] for key in COPIED_CARDS if key in chip.header}
    cards |= {"FWHM": sources.FWHM_OF_SIGMA * sigma, "BG": chip.statistics["BG"]}
    chip.image[~np.isfinite(chip.image)] = 0.0
    images.write_image(outputs.product(f"{root}.ch.fits"), chip.image.astype(np.float32), cards)
    images.write_image(outputs.product(f"{root}.ch.mk.fits"), chip.mask, cards)
    images.write_image(outputs.product(f"{root}.ch.wt.fits"), chip.variance.astype(np.float32), cards)
    images.write_image(outputs.product(f"{root}.psf"), sources.psf_image(sigma).astype(np.float32), cards)
    detections = images.Extension(name=f"{chip.header['FPPOS']}.psf", cards=cards, rows=stars)
    images.write_tables(outputs.product(f"{root}.cmf"), cards, [detections])
