"""psastro, the camera stage: find where each chip of an exposure really looked, and how bright its stars are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rpconsole.practice.programs import images, metadata, reports
from rpconsole.practice.programs.arrays import Bits, Column, Pixels, Table
from rpconsole.practice.programs.camera import Camera, read_camera, reference_masks
from rpconsole.practice.programs.exits import BadInput
from rpconsole.practice.programs.frame import Outputs, read_list, run
from rpconsole.practice.programs.matching import ChipField, Similarity, solve
from rpconsole.practice.programs.options import Given, Synopsis
from rpconsole.practice.programs.tan import TanWcs

SYNOPSIS = Synopsis(
    program="psastro",
    options={
        **dict.fromkeys(("-list", "-masklist", "-refmasklist", "-kh-correct", "-astrommodel"), 1),
        **dict.fromkeys(("-tracedest", "-log", "-dumpconfig", "-stats"), 1),
        "-recipe": 2,
    },
    required=("-list", "-masklist", "-refmasklist", "-kh-correct", "-astrommodel", "-dumpconfig", "-stats"),
    arguments=("output root",),
)
KEPT_CARDS = ("EXPNAME", "FILTER", "EXPTIME", "RA", "DEC", "MJD-OBS", "DATE-OBS", "FWHM")


@dataclass(frozen=True, kw_only=True, slots=True)
class Solved:
    """An exposure with its astrometry found."""

    header: images.Cards
    camera: Camera
    plane: Pixels
    fields: Sequence[ChipField]
    whole: Similarity


def main(argv: Sequence[str]) -> int:
    return run(SYNOPSIS, _work, argv)


def _work(given: Given, outputs: Outputs) -> None:
    header, chips = _read_chips(read_list(given.one("-list")))
    masks = _read_masks(read_list(given.one("-masklist")))
    lonely = sorted(set(chips) - set(masks))
    if lonely:
        raise BadInput(f"{given.one('-masklist')} names no mask for {' '.join(lonely)}")
    for class_id, bits in reference_masks(given.one("-refmasklist")).items():
        if class_id in masks:
            masks[class_id] |= bits
    camera = read_camera(given.one("-astrommodel"), given.one("-kh-correct"), header)
    plane = camera.in_plane()
    fields = [camera.field(class_id, stars, plane) for class_id, stars in chips.items()]
    solved = Solved(header=header, camera=camera, plane=plane, fields=fields, whole=solve(fields, plane))
    report = _solution_report(solved) | _zero_points(solved) | {"DTIME_ASTROM": outputs.elapsed()}
    outputs.note(f"{report['N_ASTROM']} stars, turn {report['AST_T0']} deg, zero point {report['ZPT_OBS']}")
    root = given.arguments[0]
    report |= _write_masks(root, solved, masks, outputs)
    _write_smf(f"{root}.smf", solved, report, outputs)
    config = {"PROGRAM": "psastro", "OPTIONS": {name[1:]: given.one(name) for name in given.options}}
    outputs.text(given.one("-dumpconfig"), metadata.write(config))
    outputs.text(given.one("-stats"), metadata.write(report | reports.versions("psastro") | {"QUALITY": 0}))


def _read_chips(paths: Sequence[str]) -> tuple[images.Cards, dict[str, Table]]:
    chips: dict[str, Table] = {}
    header: images.Cards = {}
    for path in paths:
        header, stars = images.read_table(path)
        missing = [key for key in ("FPPOS", "RA", "DEC", "EXPTIME") if key not in header]
        if missing:
            raise BadInput(f"{path} does not come from a chip: no {' '.join(missing)} in its header")
        chips[str(header["FPPOS"])] = stars
    return header, chips


def _read_masks(paths: Sequence[str]) -> dict[str, Bits]:
    masks = {}
    for path in paths:
        bits, header = images.read_mask(path)
        masks[str(header.get("FPPOS"))] = bits
    return masks


def _zero_points(solved: Solved) -> dict[str, object]:
    seen = np.concatenate([field.stars["PSF_INST_MAG"][field.matched[0]] for field in solved.fields])
    known = np.concatenate([solved.camera.catalogue["MAG"][field.matched[1]] for field in solved.fields])
    per_second = known - seen - 2.5 * np.log10(float(solved.header["EXPTIME"]))
    report = reports.quartiles("ZPT", per_second, ["ERR", "LQ", "UQ"])
    report["ZPT_OBS"] = report.pop("ZPT")
    return report


def _solution_report(solved: Solved) -> dict[str, object]:
    """How well the exposure is solved; `ASTROM_CHIPS` has one bit a chip, number 8 x column + row."""
    fields, whole, camera = solved.fields, solved.whole, solved.camera
    apart = np.concatenate([solved.plane[f.matched[1]] - f.solution.apply(f.points[f.matched[0]]) for f in fields])
    sigma_ra, sigma_dec = (float(np.std(axis)) * camera.scale_deg * 3600 for axis in apart.T)
    boresight = TanWcs(
        ra_deg=camera.ra_deg, dec_deg=camera.dec_deg, x_ref=0, y_ref=0, cd=(-camera.scale_deg, 0, 0, camera.scale_deg)
    )
    ra, dec = boresight.to_sky(*whole.apply(np.zeros((1, 2))).T)
    return {
        "SIGMA_RA": sigma_ra,
        "SIGMA_DEC": sigma_dec,
        "N_ASTROM": len(apart),
        "ASTROM_CHIPS": sum(1 << (8 * int(f.class_id[2]) + int(f.class_id[3])) for f in fields if len(f.matched[0])),
        "AST_R0": float(ra[0]),
        "AST_D0": float(dec[0]),
        "AST_T0": float(np.degrees(np.arctan2(whole.b, whole.a))),
        "AST_S0": float(np.hypot(whole.a, whole.b)),
        "AST_RS": sigma_ra / float(np.sqrt(len(apart))),
        "AST_DS": sigma_dec / float(np.sqrt(len(apart))),
    }


def _write_masks(root: str, solved: Solved, masks: Mapping[str, Bits], outputs: Outputs) -> dict[str, object]:
    """Each chip's mask, with the cores of very bright stars added; reported over all, and for the worst chip."""
    written = []
    for field in solved.fields:
        wcs = solved.camera.wcs(field)
        mask = masks[field.class_id]
        mask |= solved.camera.star_cores(wcs, mask.shape)
        cards = {"FPPOS": field.class_id, **wcs.cards()}
        images.write_image(outputs.product(f"{root}.{field.class_id}.mk.fits"), mask, cards)
        written.append(mask)
    worst = max(written, key=lambda mask: float(np.mean(mask != 0)))
    everything = np.concatenate([mask.ravel() for mask in written])
    return reports.mask_fractions(everything, "MASKFRAC_REF") | reports.mask_fractions(worst, "MASKFRAC_MAX")


def _write_smf(path: str, solved: Solved, report: Mapping[str, object], outputs: Outputs) -> None:
    """One table a chip, its solved astrometry in the table's header."""
    cards = {key: solved.header[key] for key in KEPT_CARDS if key in solved.header} | {"ZPT_OBS": report["ZPT_OBS"]}
    extensions = []
    for field in solved.fields:
        wcs = solved.camera.wcs(field)
        own = wcs.cards() | {"FPPOS": field.class_id, "NASTRO": len(field.matched[0])}
        extensions.append(images.Extension(name=f"{field.class_id}.psf", cards=own, rows=_with_sky(field, wcs)))
    images.write_tables(outputs.product(path), cards, extensions)


def _with_sky(field: ChipField, wcs: TanWcs) -> Table:
    names = ("IPP_IDET", "X_PSF", "Y_PSF", "PSF_INST_FLUX", "PSF_INST_MAG")
    columns: dict[str, Column] = {name: field.stars[name] for name in names}
    columns["RA_PSF"], columns["DEC_PSF"] = wcs.to_sky(field.stars["X_PSF"], field.stars["Y_PSF"])
    rows = np.zeros(len(field.stars), dtype=[(name, values.dtype) for name, values in columns.items()])
    for name, values in columns.items():
        rows[name] = values
    return rows
