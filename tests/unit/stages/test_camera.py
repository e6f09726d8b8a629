"""camera's command line, lists and statistics."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.stage_rows import a_chip, a_layout, camera_rows, disk_path, stored

from rpconsole.domain.dbinfo import expected_of, read_dbinfo
from rpconsole.domain.stage import Stage
from rpconsole.stages.base import NO_DETRENDS, CannotPrepare, Wants
from rpconsole.stages.camera_stats import camera_flags
from rpconsole.stages.registry import STAGES

CAMERA = STAGES[Stage.CAMERA]
FOLDER = "/scratch9/ops/dr9/o6001g0042o.311"
OUT = f"{FOLDER}/o6001g0042o.311.cm.55"
CHIP = f"{FOLDER}/o6001g0042o.311.ch.88"
KEY = "neb://@HOST@.0/dr9/o6001g0042o.311/o6001g0042o.311.cm.55"
PRODUCTS = (".dbinfo", ".psastro.mdc", ".smf", ".log", ".stats", ".XY01.mk.fits", ".XY02.mk.fits")


def prepared(rows, layout=None):
    layout = layout or a_layout()
    return CAMERA.prepare(rows, stored(CAMERA.wants(rows, layout, NO_DETRENDS)), layout, NO_DETRENDS)


def links():
    for suffix in PRODUCTS:
        link = f"/scratch9/ops/tmp{disk_path(KEY + suffix)}"
        yield from (f"mkdir -p {link.rpartition('/')[0]}", f"ln -sf {OUT}{suffix} {link}", f"touch {OUT}{suffix}")


def test_the_whole_line_of_an_exposure():
    rows = camera_rows(a_chip("XY01", bg=10.0, n_stars=3), a_chip("XY02", bg=20.0, n_stars=4))
    (line,) = prepared(rows).commands
    assert line.text.split(" && ") == [
        f"mkdir -p {FOLDER}",
        f"ls -1 {CHIP}.XY01.cmf {CHIP}.XY02.cmf > {OUT}.cmflist",
        f"ls -1 {CHIP}.XY01.ch.mk.fits {CHIP}.XY02.ch.mk.fits > {OUT}.masklist",
        f"psastro -list {OUT}.cmflist -masklist {OUT}.masklist {OUT} -refmasklist /proj/ref/gpc1.refmask.list "
        "-kh-correct /proj/ref/khcorrect.20140606.v0.fits -astrommodel /proj/ref/gpc1.20140505.asm "
        f"-recipe PSASTRO DEFAULT_RECIPE -tracedest {OUT}.trace -log {OUT}.log -dumpconfig {OUT}.psastro.mdc "
        f"-stats {OUT}.stats -recipe PPSTATS CAMSTATS",
        "echo -n 'camtool -cam_id 55 -addprocessedexp -uri UNKNOWN -dbname gpc1 "
        f"-path_base {KEY} -hostname North/Cluster -dtime_script 0 "
        f"-bg 15.000000 -bg_mean_stdev 3.706449 -n_stars 7 ' > {OUT}.dbinfo",
        f"ppStatsFromMetadata {OUT}.stats - CAMERA_EXP_FPA >> {OUT}.dbinfo",
        *links(),
    ]


def test_nothing_is_shipped():
    wants = CAMERA.wants(camera_rows(), a_layout(), NO_DETRENDS)
    assert wants == Wants(create=tuple(KEY + suffix for suffix in PRODUCTS))
    assert prepared(camera_rows()).lists.inputs == ()
    assert CAMERA.detrends_for(camera_rows(), []) == ()


def test_chips_are_listed_by_their_exact_names_and_by_no_pattern():
    """A chip run 8 would else find the files of 88, and what failed chips left behind."""
    (line,) = prepared(camera_rows(a_chip("XY01"), a_chip("XY02", quality=42))).commands
    listed = [step.split()[2:-2] for step in line.text.split(" && ") if step.startswith("ls ")]
    assert listed == [[f"{CHIP}.XY01.cmf"], [f"{CHIP}.XY01.ch.mk.fits"]]
    assert "*" not in line.text


def test_the_references_are_those_of_the_configuration():
    layout = a_layout(references="/new/ref", mask_reference="m9.list", astrometry_model="a9.asm")
    (line,) = prepared(camera_rows(), layout).commands
    assert "-refmasklist /new/ref/m9.list " in line.text
    assert "-astrommodel /new/ref/a9.asm " in line.text


def test_the_tasks_item_is_the_exposures_tag():
    lists = prepared(camera_rows()).lists
    assert {record.item for record in lists.products} == {"o6001g0042o.311"} == {lists.commands[0].item}


def test_a_chip_without_quality_is_left_out_and_its_mask_may_be_empty():
    component = prepared(camera_rows(a_chip("XY01"), a_chip("XY02", quality=4)))
    assert f"{CHIP}.XY02" not in component.commands[0].text
    assert [record.key for record in component.lists.products if record.may_be_empty] == [f"{KEY}.XY02.mk.fits"]
    assert component.notes == ("camera 55: 1 of 2 chips left out for their quality",)


def test_an_exposure_without_a_good_chip_is_refused():
    with pytest.raises(CannotPrepare, match="no chip of good quality among its 1"):
        prepared(camera_rows(a_chip("XY01", quality=4)))


def flags(*chips, **changes):
    words = camera_flags(camera_rows(*chips, **changes))
    return dict(zip(words[::2], words[1::2], strict=True))


def with_values(column, *values):
    return flags(*(a_chip(f"XY{number:02d}", **{column: value}) for number, value in enumerate(values)))


def test_background_is_median_and_quartile_deviation_deaf_to_one_wild_chip():
    found = with_values("bg", 1.0, 2.0, 3.0, 4.0, 1e9)
    assert found == {"-bg": "3.000000", "-bg_mean_stdev": f"{2 / 1.349:f}"}


def test_deviations_and_errors_are_root_mean_squares():
    assert with_values("bg_stdev", 3.0, 4.0) == {"-bg_stdev": f"{math.sqrt(12.5):f}"}
    assert with_values("iq_m2_err", 3.0, 4.0) == {"-iq_m2_err": f"{math.sqrt(12.5):f}"}


def test_widths_have_median_and_quartiles():
    assert with_values("fwhm_major", 1.0, 2.0, 3.0, 4.0, 5.0) == {
        "-fwhm_major": "3.000000",
        "-fwhm_major_lq": "2.000000",
        "-fwhm_major_uq": "4.000000",
    }


def test_fringes_have_median_error_and_deviation_each_of_its_own_column():
    found = flags(
        a_chip("XY01", fringe_0=1.0, fringe_1=2.0, fringe_2=0.5),
        a_chip("XY02", fringe_0=3.0, fringe_1=2.0, fringe_2=0.9),
    )
    assert found == {"-fringe_0": "2.000000", "-fringe_1": "2.000000", "-fringe_2": f"{0.2 / 1.349:f}"}


def test_the_flags_come_in_the_order_of_the_recipe():
    columns = ("bg", "fwhm_major", "n_stars", "iq_m2", "iq_m2_err", "iq_m2c", "iq_m4", "deteff_magref")
    words = camera_flags(camera_rows(a_chip("XY01", **dict.fromkeys(columns, 2))))
    assert [word[1:] for word in words[::2]] == [
        *("bg", "bg_mean_stdev", "fwhm_major", "fwhm_major_uq", "fwhm_major_lq", "n_stars"),
        *("iq_m2", "iq_m2_err", "iq_m2_uq", "iq_m2_lq", "iq_m4", "iq_m4_uq", "iq_m4_lq"),
        *("iq_m2c", "iq_m2c_uq", "iq_m2c_lq"),
        *("deteff_inst", "deteff_inst_err", "deteff_inst_uq", "deteff_inst_lq"),
    ]


def test_counts_are_sums_without_a_point():
    assert with_values("n_psfstars", 10, 20, None) == {"-n_psfstars": "30"}


def test_detection_efficiency_is_shifted_by_the_exposure_time():
    assert with_values("deteff_magref", -5.0, -5.0)["-deteff_inst"] == f"{-5 + 2.5 * math.log10(40):f}"
    assert flags(a_chip("XY01", deteff_magref=-5.0), exp_time=None) == {}
    assert flags(a_chip("XY01", deteff_magref=-5.0), exp_time=0.0) == {}


def test_what_no_chip_knows_is_left_out():
    assert flags(a_chip("XY01", bg=None, bg_stdev=math.nan, n_stars=None, bias=math.inf, fwhm_minor="NULL")) == {}


COLUMNS = st.sampled_from(["bg", "bg_stdev", "fringe_0", "iq_m2", "iq_m4_err", "deteff_magref", "n_stars", "ap_resid"])
VALUES = st.none() | st.floats() | st.integers(-(2**31), 2**31)


@given(st.lists(st.dictionaries(COLUMNS, VALUES), min_size=1, max_size=8), st.none() | st.floats())
def test_no_chip_rows_make_flags_that_the_dbinfo_does_not_take(columns, exp_time):
    chips = [a_chip(f"XY{number:02d}", **values) for number, values in enumerate(columns)]
    words = camera_flags(camera_rows(*chips, exp_time=exp_time))
    line = f"camtool -cam_id 55 -addprocessedexp -path_base {KEY} {' '.join(words)}"
    statement = read_dbinfo(line, source="f", stage=Stage.CAMERA)
    # the old reader breaks a number at the '-' of an exponent
    assert not any("e" in word for word in words[1::2])
    assert statement.ids == {"cam_id": 55}


def test_the_dbinfo_that_the_line_leaves_is_the_expected_one():
    component = prepared(camera_rows(a_chip("XY01", bg=-1.5)))
    echo = next(step for step in component.commands[0].text.split(" && ") if step.startswith("echo"))
    text = echo.removeprefix("echo -n '").rpartition("'")[0] + "-zpt_obs 25.0 -astrom_chips 3 \n"
    expected = expected_of(Stage.CAMERA, component.lists.products[0])
    statement = read_dbinfo(text, source="f", stage=Stage.CAMERA, expect=expected, dbname="gpc1")
    assert (statement.columns["bg"], statement.columns["zpt_obs"]) == (-1.5, 25.0)
