"""The four stages by their command lines: raw exposures in, stacks out, and in them the stars that were put into the sky."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from rpconsole.practice.detector import DetrendType
from rpconsole.practice.programs import metadata
from rpconsole.practice.programs.install import install_programs
from rpconsole.practice.sky import Survey

pytestmark = pytest.mark.slow

SEED = 3
EXPOSURES = 4
DETRENDS = ("mask", "flat", "dark", "linearity", "noisemap")
CHIP_ENDS = (".ch.fits", ".ch.mk.fits", ".ch.wt.fits", ".cmf", ".psf", ".trace", ".log", ".stats", ".mdl.fits", ".ptn")
CAMERA_ENDS = (".smf", ".psastro.mdc", ".stats", ".log", ".trace")
WARP_ENDS = (".fits", ".mask.fits", ".wt.fits", ".cmf", ".psf", ".log", ".stats", ".pswarp.mdc", ".trace", ".skyfile")
STACK_ENDS = (
    *(".fits", ".mask.fits", ".wt.fits", ".unconv.fits", ".unconv.mask.fits", ".unconv.wt.fits", ".unconv.exp.fits"),
    *(
        ".unconv.expwt.fits",
        ".unconv.num.fits",
        ".cmf",
        ".log",
        ".stats",
        ".mdc",
        ".target.psf",
        ".stk.000.psf",
        ".trace",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A site's disk with programs, references, and a survey whose raw files have arrived."""

    root: Path
    survey: Survey

    def shell(self, line: str) -> None:
        path = f"{self.root}/bin:{os.environ['PATH']}"
        ended = subprocess.run(
            line, shell=True, cwd="/", env={"PATH": path}, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 0, f"{line}\n{ended.stderr}"
        assert ended.stderr == ""

    def shells(self, lines: list[str]) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self.shell, lines))

    def chip(self, exp_name: str, chip_id: int) -> str:
        return f"{self.root}//work/{exp_name}/{exp_name}.ch.{chip_id}"

    def camera(self, exp_name: str, cam_id: int) -> str:
        return f"{self.root}//work/{exp_name}/{exp_name}.cm.{cam_id}"

    def warp(self, exp_name: str, warp_id: int, skycell_id: str) -> str:
        return f"{self.root}//work/{exp_name}/{exp_name}.wrp.{warp_id}.{skycell_id}"

    def stack(self, skycell_id: str, stack_id: int) -> str:
        return f"{self.root}//work/RINGS.V3/{skycell_id}/RINGS.V3.{skycell_id}.stk.{stack_id}"


def with_dbinfo(first_half: str, dbinfo: str, stats: str, recipe: str) -> str:
    return f'echo -n "{first_half} " > {dbinfo} && ppStatsFromMetadata {stats} - {recipe} >> {dbinfo}'


def chip_line(site: Site, exp_name: str, class_id: str) -> str:
    out, raw = site.chip(exp_name, 11), f"{site.root}/tmp/raw/{exp_name}.{class_id}"
    detrends = " ".join(f"-{kind} {site.root}/tmp/det/{kind}.{class_id}.fits" for kind in DETRENDS)
    return (
        f"mkdir -p {Path(out).parent} && "
        f"ppImage -file {raw}.fits -burntool {raw}.burn.tbl {detrends} {out} -recipe PPIMAGE CHIP -recipe PSPHOT CHIP "
        f"-recipe PPSTATS CHIPSTATS -stats {out}.{class_id}.stats -threads 4 -image_id 7 "
        f"-tracedest {out}.{class_id}.trace -log {out}.{class_id}.log && "
        + with_dbinfo(
            f"chiptool -addprocessedimfile -chip_id 11 -class_id {class_id}",
            f"{out}.{class_id}.dbinfo",
            f"{out}.{class_id}.stats",
            "CHIP_IMFILE",
        )
    )


def camera_line(site: Site, exp_name: str) -> str:
    out, chip, refs = site.camera(exp_name, 21), site.chip(exp_name, 11), f"{site.root}/references"
    return (
        f"ls -1 {chip}*.cmf > {out}.cmflist && ls -1 {chip}*.mk.fits > {out}.masklist && "
        f"psastro -list {out}.cmflist -masklist {out}.masklist {out} -refmasklist {refs}/gpc1.refmask.list "
        f"-kh-correct {refs}/khcorrect.20140606.v0.fits -astrommodel {refs}/gpc1.20140505.asm "
        f"-recipe PSASTRO DEFAULT_RECIPE -tracedest {out}.trace -log {out}.log -dumpconfig {out}.psastro.mdc "
        f"-stats {out}.stats -recipe PPSTATS CAMSTATS && "
        + with_dbinfo("camtool -cam_id 21 -addprocessedexp", f"{out}.dbinfo", f"{out}.stats", "CAMERA_EXP_FPA")
    )


def warp_line(site: Site, exp_name: str, skycell_id: str, class_ids: list[str]) -> str:
    out, chip, camera = site.warp(exp_name, 31, skycell_id), site.chip(exp_name, 11), site.camera(exp_name, 21)
    lists = {
        "imlist": " ".join(f"{chip}.{class_id}.ch.fits" for class_id in class_ids),
        "masklist": " ".join(f"{camera}.{class_id}.mk.fits" for class_id in class_ids),
        "varlist": " ".join(f"{chip}.{class_id}.ch.wt.fits" for class_id in class_ids),
    }
    rules = ("PSPHOT.PSF.SAVE", "PSPHOT.OUTPUT", "PSPHOT.BACKMDL", "SOURCE.PLOT.MOMENTS", "SOURCE.PLOT.PSFMODEL")
    return (
        " && ".join(f"ls -1 {names} > {out}.{name}" for name, names in lists.items())
        + f" && echo {camera}.smf > {out}.astrom && "
        f"dvoImageExtract -D CATDIR {site.root}/tess/RINGS.V3 {skycell_id} -o {out}.skyfile && "
        f"pswarp -list {out}.imlist -masklist {out}.masklist -variancelist {out}.varlist -astromlist {out}.astrom "
        f"{out} {out}.skyfile {' '.join(f'-F {rule} {rule}.SKY' for rule in rules)} -recipe PSWARP WARP "
        f"-tracedest {out}.trace -log {out}.log -threads 4 -recipe PPSTATS WARPSTATS -dumpconfig {out}.pswarp.mdc "
        f"-stats {out}.stats && "
        + with_dbinfo("warptool -addwarped -warp_id 31", f"{out}.dbinfo", f"{out}.stats", "WARP_SKYCELL")
    )


def stack_line(site: Site, skycell_id: str, warps: list[str]) -> str:
    out = site.stack(skycell_id, 41)
    products = ("PPSTACK.UNCONV", "PPSTACK.UNCONV.EXP", "PPSTACK.OUTPUT", "PPSTACK.UNCONV.VARIANCE")
    return (
        f"mkdir -p {Path(out).parent} && touch {site.root}/tmp/x.compmap && "
        f"sc_mk_stack_mdc.pl --remote_root {site.root}/ --compmap {site.root}/tmp/x.compmap {' '.join(warps)} "
        f"> {out}.in.mdc && ppStack -input {out}.in.mdc {out} -stats {out}.stats -recipe PPSTACK STACK "
        f"-recipe PPSUB STACK_1DG -recipe PSPHOT STACK -recipe PPSTATS STACKSTATS -stack-type DEEP_STACK "
        f"-F PSPHOT.PSF.SAVE PSPHOT.STACK.PSF.SAVE {' '.join(f'-R {name} FITS.TYPE COMP_STACK' for name in products)} "
        f"-tracedest {out}.trace -log {out}.log -threads 4 -dumpconfig {out}.mdc -stack_id 41 -skycell_id {skycell_id} "
        f"-tess_id RINGS.V3 > {out}.log2 2>&1 && "
        + with_dbinfo("stacktool -addsumskyfile -stack_id 41", f"{out}.dbinfo", f"{out}.stats", "STACK_SKYCELL")
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("site")
    survey = Survey(seed=SEED, exposures=EXPOSURES, otas=4)
    install_programs(root / "bin", sys.executable)
    survey.write_references(root / "references")
    survey.write_tessellation(root / "tess" / "RINGS.V3")
    (root / "tmp" / "raw").mkdir(parents=True)
    (root / "tmp" / "det").mkdir()
    for class_id in survey.class_ids:
        for kind in DETRENDS:
            survey.write_detrend(DetrendType(kind.upper()), class_id, root / f"tmp/det/{kind}.{class_id}.fits")
        for exposure in survey.pointings:
            raw = root / "tmp" / "raw" / f"{exposure.exp_name}.{class_id}.fits"
            survey.write_raw(exposure, class_id, raw)
            survey.write_burntool(exposure, class_id, raw.with_suffix(".burn.tbl"))
    return Site(root=root, survey=survey)


@pytest.fixture(scope="module")
def stacks(site):
    """Run the whole chain; the result is each skycell with the warps that went into its stack."""
    survey, names = site.survey, [exposure.exp_name for exposure in site.survey.pointings]
    site.shells([chip_line(site, name, class_id) for name in names for class_id in survey.class_ids])
    site.shells([camera_line(site, name) for name in names])
    warps: dict[str, list[str]] = {}
    lines = []
    for exposure in survey.pointings:
        chips: dict[str, list[str]] = {}
        for skycell_id, class_id in survey.overlap(exposure):
            chips.setdefault(skycell_id, []).append(class_id)
        for skycell_id, class_ids in chips.items():
            lines.append(warp_line(site, exposure.exp_name, skycell_id, class_ids))
            warps.setdefault(skycell_id, []).append(site.warp(exposure.exp_name, 31, skycell_id))
    site.shells(lines)
    site.shells([stack_line(site, skycell_id, inputs) for skycell_id, inputs in warps.items()])
    return warps


def roots(site: Site, stacks: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Every output root of the four stages, with the products each must have."""
    found: dict[str, tuple[str, ...]] = {}
    for exposure in site.survey.pointings:
        masks = tuple(f".{class_id}.mk.fits" for class_id in site.survey.class_ids)
        found[site.camera(exposure.exp_name, 21)] = (*CAMERA_ENDS, ".dbinfo", *masks)
        for class_id in site.survey.class_ids:
            found[f"{site.chip(exposure.exp_name, 11)}.{class_id}"] = (*CHIP_ENDS, ".dbinfo")
    for skycell_id, warps in stacks.items():
        found[site.stack(skycell_id, 41)] = (*STACK_ENDS, ".dbinfo")
        found |= dict.fromkeys(warps, (*WARP_ENDS, ".dbinfo"))
    return found


def test_every_product_of_the_file_rules_is_there_and_not_empty(site, stacks):
    missing = [
        root + end
        for root, ends in roots(site, stacks).items()
        for end in ends
        if not os.path.exists(root + end) or os.path.getsize(root + end) == 0
    ]
    assert missing == []


def test_every_dbinfo_is_one_line_that_says_quality_0(site, stacks):
    for root in roots(site, stacks):
        lines = Path(f"{root}.dbinfo").read_text().splitlines()
        assert len(lines) == 1
        assert "-quality 0 " in lines[0]
        assert "nan" not in lines[0]


def test_four_chips_make_stacks_of_four_warps_on_a_few_skycells(stacks):
    assert 1 < len(stacks) <= 4
    assert all(len(warps) == EXPOSURES for warps in stacks.values())


def test_the_camera_stage_finds_where_each_chip_really_looked(site, stacks):
    corner = np.array([0.0, 159.0])
    for exposure in site.survey.pointings:
        with fits.open(f"{site.camera(exposure.exp_name, 21)}.smf") as hdus:
            for class_id in site.survey.class_ids:
                solved = WCS(header=hdus[f"{class_id}.psf"].header)
                truth = site.survey.true_wcs(exposure, class_id).to_sky(corner, corner)
                x, y = solved.wcs_world2pix(*truth, 0)
                assert np.abs(x - corner).max() < 0.3
                assert np.abs(y - corner).max() < 0.3


def injected(site: Site, root: str, brightest: float, faintest: float, *, warps: int) -> np.ndarray:
    """Stars of the simulated sky (ra, dec, mag) of which no pixel was seen by fewer than so many warps."""
    stars, number = site.survey.stars, fits.getdata(f"{root}.unconv.num.fits")
    x, y = WCS(header=fits.getheader(f"{root}.unconv.fits"), fix=False).wcs_world2pix(stars.ra, stars.dec, 0)
    height, width = number.shape
    inside = (x > 5) & (x < width - 6) & (y > 5) & (y < height - 6) & (stars.mag > brightest) & (stars.mag < faintest)
    rows, columns = np.rint(y[inside]).astype(int), np.rint(x[inside]).astype(int)
    whole = np.array([number[r - 3 : r + 4, c - 3 : c + 4].min() >= warps for r, c in zip(rows, columns, strict=True)])
    return np.asarray(np.stack([stars.ra[inside], stars.dec[inside], stars.mag[inside]], axis=1)[whole])


def apart_arcsec(stars: np.ndarray, found: Mapping[str, np.ndarray]) -> np.ndarray:
    east = (stars[:, None, 0] - found["RA_PSF"][None, :]) * np.cos(np.radians(stars[:, None, 1]))
    return np.asarray(np.hypot(east, stars[:, None, 1] - found["DEC_PSF"][None, :]) * 3600)


def test_the_injected_stars_stand_in_the_stack_where_they_belong_and_as_bright(site, stacks):
    seen = 0
    for skycell_id in stacks:
        root = site.stack(skycell_id, 41)
        stars, found = injected(site, root, 15.5, 20.0, warps=2), fits.getdata(f"{root}.cmf", 1)
        apart = apart_arcsec(stars, found)
        assert apart.min(axis=1).max() < 0.3  # of a pixel, which is 1 arcsec
        assert np.abs(found["CAL_PSF_MAG"][apart.argmin(axis=1)] - stars[:, 2]).max() < 0.15
        seen += len(stars)
    assert seen >= 20


def test_the_stack_shows_stars_that_no_single_warp_could(site, stacks):
    """Between 21.8 and 22.3 mag a star is near 5 sigma in one exposure and well above it in four."""
    stars, found_in_stack, found_on_chip = 0, 0, 0
    for skycell_id in stacks:
        root = site.stack(skycell_id, 41)
        faint = injected(site, root, 21.8, 22.3, warps=3)
        stars += len(faint)
        found_in_stack += int((apart_arcsec(faint, fits.getdata(f"{root}.cmf", 1)).min(axis=1) < 1).sum())
        first = site.survey.pointings[0]
        for class_id in site.survey.class_ids:
            found = fits.getdata(f"{site.chip(first.exp_name, 11)}.{class_id}.cmf", 1)
            ra, dec = site.survey.true_wcs(first, class_id).to_sky(found["X_PSF"], found["Y_PSF"])
            found_on_chip += int((apart_arcsec(faint, {"RA_PSF": ra, "DEC_PSF": dec}).min(axis=1) < 1).sum())
    assert stars >= 10
    assert found_in_stack > 0.85 * stars
    assert found_in_stack > found_on_chip


def spread(values: np.ndarray) -> float:
    low, high = np.percentile(values, [25, 75])
    return float(0.7413 * (high - low))


def test_the_noise_of_the_stack_is_lower_than_a_warps_by_the_root_of_their_number(site, stacks):
    for skycell_id, warps in stacks.items():
        root = site.stack(skycell_id, 41)
        deep = fits.getdata(f"{root}.unconv.num.fits") == EXPOSURES
        stack_noise = spread(fits.getdata(f"{root}.unconv.fits")[deep])
        noises = []
        for warp in warps:
            header = fits.getheader(f"{warp}.fits")
            scale = 10 ** (0.4 * (25.0 - header["ZPT_OBS"] - 2.5 * np.log10(header["EXPTIME"])))
            noises.append(spread(fits.getdata(f"{warp}.fits")[deep]) * scale)
        assert np.mean(noises) / stack_noise == pytest.approx(np.sqrt(EXPOSURES), rel=0.08)


def test_no_cosmic_ray_and_no_dead_column_is_left_in_the_stack(site, stacks):
    """What stands out of the stack by 8 sigma is within 5 pixels of a star of the simulated sky."""
    for skycell_id in stacks:
        root = site.stack(skycell_id, 41)
        image, variance = fits.getdata(f"{root}.unconv.fits"), fits.getdata(f"{root}.unconv.wt.fits")
        deep = fits.getdata(f"{root}.unconv.num.fits") >= 3
        bright = np.argwhere(deep & (np.abs(np.nan_to_num(image)) > 8 * np.sqrt(np.nan_to_num(variance, nan=1.0))))
        stars = site.survey.stars
        x, y = WCS(header=fits.getheader(f"{root}.unconv.fits"), fix=False).wcs_world2pix(stars.ra, stars.dec, 0)
        apart = np.hypot(bright[:, 1][:, None] - x[None, :], bright[:, 0][:, None] - y[None, :])
        assert apart.min(axis=1).max() < 6


def test_what_stood_there_in_one_exposure_only_is_not_in_the_stack(site, stacks):
    looked_at = 0
    for skycell_id in stacks:
        root = site.stack(skycell_id, 41)
        image, number = fits.getdata(f"{root}.unconv.fits"), fits.getdata(f"{root}.unconv.num.fits")
        noise = spread(image[number == EXPOSURES])
        wcs = WCS(header=fits.getheader(f"{root}.unconv.fits"), fix=False)
        field = np.stack([site.survey.stars.ra, site.survey.stars.dec], axis=1)
        for exposure in site.survey.pointings:
            for class_id in site.survey.class_ids:
                x, y = (np.array([place]) for place in site.survey.passer_by(exposure, class_id))
                ra, dec = site.survey.true_wcs(exposure, class_id).to_sky(x, y)
                crowd = apart_arcsec(field, {"RA_PSF": ra, "DEC_PSF": dec}).min()
                column, row = (round(float(place[0])) for place in wcs.wcs_world2pix(ra, dec, 0))
                inside = 3 < row < image.shape[0] - 4 and 3 < column < image.shape[1] - 4
                if not inside or crowd < 8 or number[row - 3 : row + 4, column - 3 : column + 4].min() < 2:
                    continue
                looked_at += 1
                # left alone it would stand 20 sigma high
                assert np.abs(image[row - 3 : row + 4, column - 3 : column + 4]).max() < 6 * noise
    assert looked_at >= 5


def test_a_configuration_dump_and_statistics_are_metadata(site, stacks):
    for skycell_id in stacks:
        root = site.stack(skycell_id, 41)
        assert metadata.read(Path(f"{root}.mdc").read_text())["INPUTS"] == EXPOSURES
        assert metadata.read(Path(f"{root}.stats").read_text())["SOURCES"] == len(fits.getdata(f"{root}.cmf", 1))
