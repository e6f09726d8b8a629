"""Input that is not what the pixel programs need: one sentence, the right code, no product."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from rpconsole.practice.detector import DetrendType
from rpconsole.practice.programs import ppimage, ppstack, psastro, pswarp
from rpconsole.practice.sky import Survey

KINDS = ["mask", "flat", "dark", "linearity", "noisemap"]


@pytest.fixture
def chip(tmp_path):
    """A folder with all that one chip needs, and its command line."""
    survey = Survey(seed=6, exposures=1, otas=1)
    survey.write_raw(survey.pointings[0], "XY33", tmp_path / "raw.fits")
    survey.write_burntool(survey.pointings[0], "XY33", tmp_path / "raw.burn.tbl")
    line = ["-file", str(tmp_path / "raw.fits"), "-burntool", str(tmp_path / "raw.burn.tbl")]
    for kind in KINDS:
        survey.write_detrend(DetrendType(kind.upper()), "XY33", tmp_path / f"{kind}.fits")
        line += [f"-{kind}", str(tmp_path / f"{kind}.fits")]
    root = tmp_path / "o.ch.1"
    return tmp_path, [*line, str(root), "-stats", f"{root}.XY33.stats"]


def test_a_whole_chip_leaves_every_product_of_the_file_rules(chip):
    folder, line = chip
    root = folder / "o.ch.1.XY33"
    assert ppimage.main([*line, "-log", f"{root}.log", "-tracedest", f"{root}.trace", "-threads", "4"]) == 0
    ends = [".ch.fits", ".ch.mk.fits", ".ch.wt.fits", ".cmf", ".psf", ".trace", ".log", ".stats", ".mdl.fits", ".ptn"]
    assert all(Path(f"{root}{end}").stat().st_size > 0 for end in ends)


@pytest.mark.parametrize("name", ["raw.fits", "raw.burn.tbl", *[f"{kind}.fits" for kind in KINDS]])
def test_a_missing_input_ends_with_2_and_its_name(chip, capsys, name):
    folder, line = chip
    (folder / name).unlink()
    assert ppimage.main(line) == 2
    assert f"no such file: {folder / name}" in capsys.readouterr().err
    assert not list(folder.glob("o.ch*"))


@pytest.mark.parametrize("name", ["raw.fits", *[f"{kind}.fits" for kind in KINDS]])
@pytest.mark.parametrize("content", [b"", b"not a FITS file at all", b"SIMPLE  =                    T" + b" " * 50])
def test_an_empty_or_foreign_input_ends_with_5_and_its_name(chip, capsys, name, content):
    folder, line = chip
    (folder / name).write_bytes(content)
    assert ppimage.main(line) == 5
    assert str(folder / name) in capsys.readouterr().err


def test_an_image_cut_short_ends_with_5(chip, capsys):
    folder, line = chip
    whole = (folder / "raw.fits").read_bytes()
    (folder / "raw.fits").write_bytes(whole[: len(whole) // 2])
    assert ppimage.main(line) == 5
    assert "raw.fits" in capsys.readouterr().err


def test_a_detrend_of_another_size_ends_with_5_and_both_sizes(chip, capsys):
    folder, line = chip
    fits.writeto(folder / "flat.fits", np.ones((10, 10), np.float32), overwrite=True)
    assert ppimage.main(line) == 5
    assert "(10, 10)" in capsys.readouterr().err


def test_a_raw_image_without_its_place_in_the_camera_ends_with_5(chip, capsys):
    folder, line = chip
    fits.delval(folder / "raw.fits", "FPPOS")
    assert ppimage.main(line) == 5
    assert "FPPOS" in capsys.readouterr().err


def camera_line(folder, root):
    options = {"-list": "o.cmflist", "-masklist": "o.masklist", "-refmasklist": "r/gpc1.refmask.list"}
    options |= {"-kh-correct": "r/khcorrect.20140606.v0.fits", "-astrommodel": "r/gpc1.20140505.asm"}
    options |= {"-dumpconfig": "o.mdc", "-stats": "o.stats"}
    return [word for option, name in options.items() for word in (option, str(folder / name))] + [str(folder / root)]


@pytest.fixture
def exposure(chip):
    folder, line = chip
    assert ppimage.main(line) == 0
    Survey(seed=6, exposures=1, otas=1).write_references(folder / "r")
    (folder / "o.cmflist").write_text(f"{folder}/o.ch.1.XY33.cmf\n")
    (folder / "o.masklist").write_text(f"{folder}/o.ch.1.XY33.ch.mk.fits\n")
    return folder


def test_an_exposure_is_solved_from_one_chip(exposure):
    assert psastro.main(camera_line(exposure, "o.cm.1")) == 0
    assert (exposure / "o.cm.1.smf").stat().st_size > 0
    assert (exposure / "o.cm.1.XY33.mk.fits").stat().st_size > 0


def test_an_empty_list_of_chips_ends_with_5(exposure, capsys):
    (exposure / "o.cmflist").write_text("")
    assert psastro.main(camera_line(exposure, "o.cm.1")) == 5
    assert "lists no files" in capsys.readouterr().err


def test_a_chip_without_a_mask_is_named(exposure, capsys):
    fits.setval(exposure / "o.ch.1.XY33.ch.mk.fits", "FPPOS", value="XY34")
    assert psastro.main(camera_line(exposure, "o.cm.1")) == 5
    assert "names no mask for XY33" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["gpc1.refcat.fits", "gpc1.20140505.asm", "gpc1.refmask.list"])
def test_a_missing_reference_ends_with_2_and_its_name(exposure, capsys, name):
    (exposure / "r" / name).unlink()
    assert psastro.main(camera_line(exposure, "o.cm.1")) == 2
    assert name in capsys.readouterr().err


def test_an_exposure_of_another_part_of_the_sky_ends_with_5(exposure, capsys):
    fits.setval(exposure / "o.ch.1.XY33.cmf", "RA", value=200.0)
    assert psastro.main(camera_line(exposure, "o.cm.1")) == 5
    assert "match" in capsys.readouterr().err


def test_lists_of_different_length_end_with_5(tmp_path, capsys):
    Survey(seed=6, otas=1).write_tessellation(tmp_path)
    sky = tmp_path / "s.fits"
    fits.PrimaryHDU(header=fits.Header.fromtextfile(tmp_path / "skycell.1234.054.hdr")).writeto(sky)
    fits.PrimaryHDU().writeto(tmp_path / "a.smf")
    lists = {"-list": "a\nb\n", "-masklist": "a\n", "-variancelist": "a\n", "-astromlist": f"{tmp_path}/a.smf\n"}
    line = ["-dumpconfig", str(tmp_path / "m"), "-stats", str(tmp_path / "t"), str(tmp_path / "o"), str(sky)]
    for option, text in lists.items():
        (tmp_path / option).write_text(text)
        line += [option, str(tmp_path / option)]
    assert pswarp.main(line) == 5
    assert "the lists differ in length" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", 5, "names no inputs"),
        ("INPUT0 STR x\n", 5, "not a METADATA block"),
        ("INPUT0 METADATA\n IMAGE STR /no/where.fits\nEND\n", 5, "has no MASK VARIANCE PSF SOURCES"),
        ("INPUT0 METADATA\n", 5, "without END"),
    ],
)
def test_broken_stack_input_ends_with_a_sentence(tmp_path, capsys, text, code, said):
    (tmp_path / "in.mdc").write_text(text)
    line = ["-input", str(tmp_path / "in.mdc"), str(tmp_path / "o"), "-stats", str(tmp_path / "s"), "-dumpconfig", "x"]
    assert ppstack.main(line) == code
    assert said in capsys.readouterr().err
