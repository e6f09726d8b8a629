"""The chip program against the light that really fell on the chip: each detrend is needed, and all together suffice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from rpconsole.practice.detector import DetrendType
from rpconsole.practice.programs import ppimage
from rpconsole.practice.sky import Survey

KINDS = ["mask", "flat", "dark", "linearity", "noisemap", "fringe"]
SURVEY = Survey(seed=21, exposures=4, otas=1, filter="y")


@pytest.fixture
def chip(tmp_path):
    """A folder with a chip and its detrends; the exposure is one that has charge trails."""
    exposure = next(each for each in SURVEY.pointings if SURVEY.trails(each, "XY33"))
    SURVEY.write_raw(exposure, "XY33", tmp_path / "raw.fits")
    SURVEY.write_burntool(exposure, "XY33", tmp_path / "raw.burn.tbl")
    for kind in KINDS:
        SURVEY.write_detrend(DetrendType(kind.upper()), "XY33", tmp_path / f"{kind}.fits")
    return tmp_path


def misfit(folder: Path, *, above: float = -1.0) -> float:
    """Mean squared difference from the stars' light, in units of the claimed variance, where that light is `above`."""
    line = ["-file", f"{folder}/raw.fits", "-burntool", f"{folder}/raw.burn.tbl", f"{folder}/o"]
    for kind in KINDS:
        line += [f"-{kind}", f"{folder}/{kind}.fits"]
    assert ppimage.main([*line, "-stats", f"{folder}/o.stats"]) == 0
    image, variance, mask = (fits.getdata(folder / f"o.XY33.ch{part}.fits") for part in ("", ".wt", ".mk"))
    index = fits.getheader(folder / "raw.fits")["EXPNAME"]
    exposure = next(each for each in SURVEY.pointings if each.exp_name == index)
    light = SURVEY.star_light(exposure, "XY33")
    off = image - light - np.median((image - light)[mask == 0])
    counted = (mask == 0) & (light > above)
    return float(np.mean(off[counted] ** 2 / variance[counted]))


def test_the_detrended_chip_differs_from_the_truth_by_its_noise_only(chip):
    assert misfit(chip) == pytest.approx(1.0, abs=0.06)


def neutral(folder: Path, kind: str, value: float) -> None:
    with fits.open(folder / f"{kind}.fits", mode="update") as hdus:
        hdus[0].data[...] = value


@pytest.mark.parametrize(
    ("kind", "value"), [("flat", 1.0), ("dark", 300.0), ("fringe", 0.0), ("mask", 0), ("noisemap", 0.0)]
)
def test_without_one_of_the_images_the_chip_is_visibly_worse(chip, kind, value):
    neutral(chip, kind, value)
    if kind == "dark":
        with fits.open(chip / "dark.fits", mode="update") as hdus:
            hdus[0].data[1] = 0.0
    assert misfit(chip) > 1.06


def test_without_the_linearity_bright_stars_are_wrong(chip):
    right = misfit(chip, above=2000)
    with fits.open(chip / "linearity.fits", mode="update") as hdus:
        hdus[1].data["FACTOR"] = 1.0
    assert right < 2 < misfit(chip, above=2000)


def test_trails_in_the_burntool_table_are_taken_out_and_flagged(chip):
    misfit(chip)
    flagged = fits.getdata(chip / "o.XY33.ch.mk.fits") & 0x80
    with_table = fits.getdata(chip / "o.XY33.ch.fits")[flagged != 0]
    (chip / "raw.burn.tbl").write_text("# none\n")
    misfit(chip)
    without = fits.getdata(chip / "o.XY33.ch.fits")[flagged != 0]
    assert flagged.any()
    assert np.median(without) > np.median(with_table) + 5
    assert abs(np.median(with_table)) < 6
