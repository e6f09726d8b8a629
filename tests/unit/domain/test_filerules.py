"""Names of the IPP's files."""

from __future__ import annotations

import pytest

from rpconsole.domain.filerules import Rule, exposure_root, file_of, ids_in_name, stack_root
from rpconsole.domain.stage import Stage


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (Rule.DBINFO_IMFILE, "o.XY33.dbinfo"),
        (Rule.DBINFO_EXP, "o.dbinfo"),
        (Rule.LOG_IMFILE, "o.XY33.log"),
        (Rule.CHIP_IMAGE, "o.XY33.ch.fits"),
        (Rule.CHIP_MASK, "o.XY33.ch.mk.fits"),
        (Rule.CHIP_VARIANCE, "o.XY33.ch.wt.fits"),
        (Rule.CHIP_BACKGROUND, "o.XY33.mdl.fits"),
        (Rule.CHIP_PATTERN, "o.XY33.ptn"),
        (Rule.CHIP_SOURCES, "o.XY33.cmf"),
        (Rule.CAMERA_SOURCES, "o.smf"),
        (Rule.CAMERA_MASK, "o.XY33.mk.fits"),
        (Rule.CAMERA_CONFIG, "o.psastro.mdc"),
        (Rule.WARP_CONFIG, "o.pswarp.mdc"),
        (Rule.SKYCELL_PSF, "o.psf"),
        (Rule.STACK_NUMBER, "o.unconv.num.fits"),
        (Rule.STACK_CONFIG, "o.ppStack.mdc"),
        (Rule.STACK_TARGET_PSF, "o.target.psf"),
        (Rule.STACK_PSF, "o.stk.000.psf"),
    ],
)
def test_a_rule_gives_the_cameras_name(rule, name):
    assert file_of(rule, "o", chip="XY33") == name


def test_an_absent_chip_is_called_fpa_and_ids_have_three_digits():
    assert file_of(Rule.CHIP_SOURCES, "o") == "o.fpa.cmf"
    assert file_of(Rule.STACK_PSF, "o", file_id=7) == "o.stk.007.psf"
    assert file_of(Rule.STACK_PSF, "o", file_id=1234) == "o.stk.1234.psf"


@pytest.mark.parametrize(
    ("stage", "name", "stage_id", "item"),
    [
        (Stage.CHIP, "w/e/e.ch.9876.XY01.dbinfo", 9876, "XY01"),
        (Stage.CAMERA, "w/e.cm.1/e.cm.12.XY01.mk.fits", 12, "e"),
        (Stage.CAMERA, "w/e/e.cm.12.smf", 12, "e"),
        (Stage.WARP, "w/e/e.wrp.5.skycell.1234.056.cmf", 5, "skycell.1234.056"),
        (Stage.WARP, "w/e/e.wrp.5.skycell.056.cmf", 5, "skycell.056"),
        (Stage.STACK, "w/T/s/RINGS.V3.skycell.1234.056.stk.77.stk.000.psf", 77, "skycell.1234.056"),
    ],
)
def test_a_products_name_gives_its_ids_back(stage, name, stage_id, item):
    ids = ids_in_name(stage, name)
    assert ids is not None
    assert (ids.stage_id, ids.item) == (stage_id, item)


@pytest.mark.parametrize("name", ["", "o.log", "o.ch.x.XY01.log", "o.ch.5.ZZ01.log", "a/e.ch.1.XY01.d/b.log"])
def test_a_name_that_follows_no_rule_gives_nothing(name):
    assert ids_in_name(Stage.CHIP, name) is None


def test_output_roots_follow_the_ipps_patterns():
    assert exposure_root("neb://any/w/", "e1o.7", Stage.CAMERA, 12) == "neb://any/w/e1o.7/e1o.7.cm.12"
    assert stack_root("neb://any/w", "T.V3", "skycell.1.2", 9) == "neb://any/w/T.V3/skycell.1.2/T.V3.skycell.1.2.stk.9"
