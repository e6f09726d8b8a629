"""ppStack, the stack stage: combine all warps of one skycell, plain and matched in sharpness, and find the stars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rpconsole.practice.programs import images, metadata, pixels, reports, sources
from rpconsole.practice.programs.arrays import Flags, Table
from rpconsole.practice.programs.combine import Combined, Input, combined, is_good, matched, outliers
from rpconsole.practice.programs.exits import BadInput
from rpconsole.practice.programs.frame import Outputs, read_text, run
from rpconsole.practice.programs.options import Given, Synopsis
from rpconsole.practice.programs.tan import TanWcs

SYNOPSIS = Synopsis(
    program="ppStack",
    options={
        **dict.fromkeys(("-input", "-stats", "-stack-type", "-tracedest", "-log", "-threads", "-dumpconfig"), 1),
        **dict.fromkeys(("-stack_id", "-skycell_id", "-tess_id"), 1),
        **dict.fromkeys(("-recipe", "-F"), 2),
        "-R": 3,
    },
    required=("-input", "-stats", "-dumpconfig"),
    arguments=("output root",),
)
ZERO_POINT_MAG = 25.0


def main(argv: Sequence[str]) -> int:
    return run(SYNOPSIS, _work, argv)


def _work(given: Given, outputs: Outputs) -> None:
    entries, header = _read_inputs(given.one("-input"))
    report: dict[str, object] = {"DTIME_INITIAL": outputs.elapsed()}
    target = max(entry.sigma for entry in entries)
    convolved = [matched(entry, target) for entry in entries]
    report["DTIME_CONVOLVE"] = outputs.elapsed()
    rejected = outliers(convolved)
    report["DTIME_REJECT"] = outputs.elapsed()
    plain, smoothed = combined(entries, rejected), combined(convolved, rejected)
    if not (plain.mask == 0).any():
        raise BadInput(f"no good pixel in any of the {len(entries)} inputs of {given.one('-input')}")
    report["DTIME_FINAL"] = outputs.elapsed()
    filled = plain.mask == 0
    stars, sigma = sources.detect(np.nan_to_num(plain.image), np.nan_to_num(plain.variance), filled)
    outputs.note(f"{len(entries)} inputs, {len(stars)} stars, width {sigma:.2f} px, target {target:.2f} px")
    cards = _cards(header, given, entries, sigma)
    root = given.arguments[0]
    _write_pixels(f"{root}.unconv", plain, cards, outputs)
    _write_pixels(root, smoothed, cards | {"FWHM": target * sources.FWHM_OF_SIGMA}, outputs, image_only=True)
    _write_sources(root, stars, sigma, target, cards, outputs)
    report |= _report(plain, entries, rejected, stars) | {
        "DTIME_PHOT": outputs.elapsed(),
        "DTIME_STACK": outputs.elapsed(),
    }
    config = {
        "PROGRAM": "ppStack",
        "STACK.TYPE": given.maybe("-stack-type"),
        "INPUTS": len(entries),
        "TARGET.SIGMA": target,
    }
    outputs.text(given.one("-dumpconfig"), metadata.write(config))
    outputs.text(given.one("-stats"), metadata.write(report))


def _read_inputs(path: str) -> tuple[list[Input], Mapping[str, Any]]:
    blocks = [block for name, block in metadata.read(read_text(path), name=path).items() if name.startswith("INPUT")]
    if not blocks:
        raise BadInput(f"{path} names no inputs")
    entries: list[Input] = []
    header: Mapping[str, Any] = {}
    for number, block in enumerate(blocks):
        if not isinstance(block, dict):
            raise BadInput(f"{path}: input {number} is not a METADATA block")
        entry, header = _read_input(block, f"{path}, input {number}")
        entries.append(entry)
    if len({entry.image.shape for entry in entries}) > 1:
        raise BadInput(f"{path}: the inputs differ in shape")
    return entries, header


def _read_input(block: Mapping[str, object], name: str) -> tuple[Input, Mapping[str, Any]]:
    missing = [part for part in ("IMAGE", "MASK", "VARIANCE", "PSF", "SOURCES") if not block.get(part)]
    if missing:
        raise BadInput(f"{name} has no {' '.join(missing)}")
    image, header = images.read_image(str(block["IMAGE"]))
    mask, variance = (
        images.read_mask(str(block["MASK"]))[0],
        images.read_image(str(block["VARIANCE"]))[0],
    )
    psf = images.read_header(str(block["PSF"]))
    images.read_header(str(block["SOURCES"]))
    try:
        zero_point, exp_time_s, fwhm = float(header["ZPT_OBS"]), float(header["EXPTIME"]), float(psf["FWHM"])
    except KeyError as error:
        raise BadInput(f"{name}: {block['IMAGE']} has no {error.args[0]}") from None
    scale = 10 ** (0.4 * (ZERO_POINT_MAG - zero_point - 2.5 * np.log10(exp_time_s)))
    good = is_good(mask, image, variance)
    entry = Input(
        image=np.nan_to_num(image) * scale,
        variance=variance * scale**2,
        good=good,
        sigma=fwhm / sources.FWHM_OF_SIGMA,
        exp_time_s=exp_time_s,
        scale=float(scale),
        mjd=float(header.get("MJD-OBS", np.nan)),
    )
    return entry, header


def _cards(header: Mapping[str, Any], given: Given, entries: Sequence[Input], sigma: float) -> dict[str, Any]:
    cards: dict[str, Any] = {key: header[key] for key in ("FILTER", "SKYCELL", "TESS_ID") if key in header}
    cards |= TanWcs.from_header(header, name="the last input").cards()
    cards |= {"EXPTIME": sum(entry.exp_time_s for entry in entries), "FPA.ZP": ZERO_POINT_MAG, "NINPUTS": len(entries)}
    cards |= {"MJD-OBS": float(np.mean([entry.mjd for entry in entries])), "FWHM": sigma * sources.FWHM_OF_SIGMA}
    stack_id = given.maybe("-stack_id")
    return cards | ({"STACK_ID": stack_id} if stack_id else {})


def _write_pixels(
    root: str, stack: Combined, cards: Mapping[str, Any], outputs: Outputs, *, image_only: bool = False
) -> None:
    parts: dict[str, Table] = {"fits": stack.image, "mask.fits": stack.mask, "wt.fits": stack.variance}
    if not image_only:
        parts |= {
            "exp.fits": stack.exposure,
            "expwt.fits": stack.weighted_exposure,
            "num.fits": stack.number.astype(np.int16),
        }
    for end, values in parts.items():
        whole = values.dtype.kind == "i"
        images.write_image(outputs.product(f"{root}.{end}"), values if whole else values.astype(np.float32), cards)


def _write_sources(
    root: str, stars: Table, sigma: float, target: float, cards: Mapping[str, Any], outputs: Outputs
) -> None:
    """Stars with places on the sky and magnitudes, and the two PSF models."""
    wcs = TanWcs.from_header(cards, name="the stack")
    added = [("RA_PSF", "f8"), ("DEC_PSF", "f8"), ("CAL_PSF_MAG", "f8")]
    rows = np.zeros(len(stars), dtype=stars.dtype.descr + added)
    for name in stars.dtype.names or ():
        rows[name] = stars[name]
    rows["RA_PSF"], rows["DEC_PSF"] = wcs.to_sky(stars["X_PSF"], stars["Y_PSF"])
    rows["CAL_PSF_MAG"] = stars["PSF_INST_MAG"] + ZERO_POINT_MAG
    images.write_tables(
        outputs.product(f"{root}.cmf"), cards, [images.Extension(name="SKYCHIP.PSF", cards=cards, rows=rows)]
    )
    images.write_image(outputs.product(f"{root}.target.psf"), sources.psf_image(target).astype(np.float32), cards)
    images.write_image(outputs.product(f"{root}.stk.000.psf"), sources.psf_image(sigma).astype(np.float32), cards)


def _report(stack: Combined, entries: Sequence[Input], rejected: Sequence[Flags], stars: Table) -> dict[str, object]:
    filled = stack.mask == 0
    bg, bg_stdev = pixels.robust(stack.image[filled])
    thrown = np.array([float(bad.mean()) for bad in rejected])
    scales = np.array([entry.scale for entry in entries])
    report: dict[str, object] = {
        "BG": bg,
        "BG_STDEV": bg_stdev,
        "MATCH_MEAN": float(scales.mean()),
        "MATCH_STDEV": float(scales.std()),
        "MATCH_RMS": float(np.sqrt((scales**2).mean())),
        "STAMPS_MEAN": float(len(stars)),
        "STAMPS_STDEV": 0.0,
        "STAMPS_MIN": len(stars),
        "REJECT_IMAGES": 0,
        "REJECT_PIX_MEAN": float(thrown.mean()),
        "REJECT_PIX_STDEV": float(thrown.std()),
        "SOURCES": len(stars),
        "GOOD_FRAC": float(filled.mean()),
        "MJD_OBS": float(np.mean([entry.mjd for entry in entries])),
        "QUALITY": 0,
    }
    return report | reports.versions("ppstack")
