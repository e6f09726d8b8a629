"""chip's command lines and lists."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.fakes.stage_rows import a_detrend, a_layout, an_imfile, chip_rows, detrends, disk_path, stored

from rpconsole.domain.manifest import Role
from rpconsole.domain.run import ComponentState
from rpconsole.domain.stage import Stage
from rpconsole.stages.base import CannotPrepare, Detrends, recipe_for
from rpconsole.stages.registry import STAGES

CHIP = STAGES[Stage.CHIP]
OUT = "/scratch9/ops/dr9/o6001g0042o.311/o6001g0042o.311.ch.88"
KEY = "neb://@HOST@.0/dr9/o6001g0042o.311/o6001g0042o.311.ch.88"
RAW = "neb://ipp001.0/gpc1/20120604/o6001g0042o/o6001g0042o.ota01.fits"
BURN = "neb://ipp001.0/gpc1/20120604/o6001g0042o/o6001g0042o.ota01.burn.tbl"


def prepared(rows, layout=None, given=None, without=()):
    layout, given = layout or a_layout(), given or detrends()
    return CHIP.prepare(rows, stored(CHIP.wants(rows, layout, given), without=without), layout, given)


def tmp(key):
    return f"/scratch9/ops/tmp{disk_path(key)}"


def links(*suffixes):
    for suffix in suffixes:
        link = tmp(f"{KEY}.XY01{suffix}")
        yield f"mkdir -p {link.rpartition('/')[0]}"
        yield f"ln -sf {OUT}.XY01{suffix} {link}"
        yield f"touch {OUT}.XY01{suffix}"


def detrend(number, name):
    return tmp(f"neb://any/detrends/{name}.{500 + number}.XY01.fits")


def test_the_whole_line_of_an_ota():
    line = prepared(chip_rows(an_imfile("XY01"))).commands[0]
    assert line.item == "XY01"
    assert line.text.split(" && ") == [
        "mkdir -p /scratch9/ops/dr9/o6001g0042o.311",
        f"ppImage -file {tmp(RAW)} -burntool {tmp(BURN)} -mask {detrend(0, 'MASK')} -flat {detrend(1, 'FLAT')} "
        f"-dark {detrend(2, 'DARK')} -linearity {detrend(4, 'LINEARITY')} -noisemap {detrend(6, 'NOISEMAP')} {OUT} "
        "-recipe PPIMAGE CHIP -recipe PSPHOT CHIP -recipe PPSTATS CHIPSTATS "
        f"-stats {OUT}.XY01.stats -threads 4 -image_id 4001 -tracedest {OUT}.XY01.trace -log {OUT}.XY01.log",
        f"echo -n 'chiptool -addprocessedimfile -exp_id 311 -chip_id 88 -class_id XY01 -uri {KEY}.XY01.ch.fits "
        f"-path_base {KEY} -magicked 0 -hostname North/Cluster -dtime_script 0 -dbname gpc1 ' > {OUT}.XY01.dbinfo",
        f"ppStatsFromMetadata {OUT}.XY01.stats - CHIP_IMFILE >> {OUT}.XY01.dbinfo",
        *links(".dbinfo", ".stats", ".log", ".mdl.fits", ".ptn"),
    ]


def test_inputs_land_at_their_mirrors_and_know_size_and_checksum():
    inputs = prepared(chip_rows(an_imfile("XY01"))).lists.inputs
    assert [record.key for record in inputs[:2]] == [RAW, BURN]
    assert all(record.remote == tmp(record.key) and record.local == disk_path(record.key) for record in inputs)
    assert (inputs[0].bytes, inputs[0].checksum) == (20_000_000, "md5:0123456789abcdef0123456789abcdef")
    assert (inputs[1].bytes, inputs[1].checksum, inputs[1].task) == (None, None, None)


def test_products_come_home_by_their_lines():
    products = prepared(chip_rows()).lists.products
    assert [(record.task, record.item) for record in products] == [(1, "XY01")] * 5 + [(2, "XY02")] * 5
    assert {record.role for record in products} == {Role.PRODUCT}
    assert {record.component for record in products} == {88}
    assert products[0].remote == f"{OUT}.XY01.dbinfo"
    assert products[0].ids == (("exp_id", 311),)


def test_only_the_pattern_may_come_back_empty():
    products = prepared(chip_rows(an_imfile("XY01"))).lists.products
    assert [record.key for record in products if record.may_be_empty] == [f"{KEY}.XY01.ptn"]


def test_the_same_rows_give_the_same_lines():
    assert prepared(chip_rows()) == prepared(chip_rows())


def test_the_component_stands_for_its_output_root():
    component = prepared(chip_rows())
    assert (component.path_base, component.stage_id, component.lists.jobs) == (KEY, 88, 2)


def test_an_ota_with_video_cells_takes_its_own_dark_and_others_do_not():
    lines = prepared(chip_rows(an_imfile("XY01", video_cells=True), an_imfile("XY02"))).commands
    assert f"-dark {detrend(3, 'VIDEODARK')}" in lines[0].text
    assert f" -dark {tmp('neb://any/detrends/DARK.502.XY02.fits')} " in lines[1].text


def test_an_exposure_without_video_cells_needs_no_videodark():
    given = detrends()
    runs = [run for run in given.runs if run.det_type != "VIDEODARK"]
    assert prepared(chip_rows(), given=Detrends(runs=runs, files=given.files)).lists.jobs == 2


def test_fringes_are_corrected_in_y_only():
    component = prepared(chip_rows(an_imfile("XY01"), filter="y.00000"), given=detrends(filter="y"))
    assert f" -fringe {detrend(5, 'FRINGE')} " in component.commands[0].text
    assert "-fringe" not in prepared(chip_rows()).commands[0].text


def test_burntool_tables_of_state_15_have_their_own_name():
    layout = a_layout(burntool_good_state=15)
    wants = CHIP.wants(chip_rows(an_imfile("XY01")), layout, detrends())
    assert wants.resolve[1].endswith("o6001g0042o.ota01.burn.v15.tbl")


def test_words_that_a_shell_would_read_are_quoted():
    text = prepared(chip_rows(an_imfile("XY01")), a_layout(hostname="North's $(Cluster)")).commands[0].text
    step = next(step for step in text.split(" && ") if step.startswith("echo"))
    # once for the dbinfo's reader, once for the shell that echoes it
    assert "North" in step
    assert "-hostname North/Cluster" not in step
    assert '"\'"' in step


def test_a_missing_raw_image_needs_a_person():
    with pytest.raises(CannotPrepare, match="raw image") as caught:
        prepared(chip_rows(), without=[RAW])
    assert (caught.value.state, caught.value.missing) == (ComponentState.FAIL, (RAW,))


def test_a_missing_burntool_table_needs_a_person():
    with pytest.raises(CannotPrepare, match=r"no burntool table .*ota01\.burn\.tbl") as caught:
        prepared(chip_rows(), without=[BURN])
    assert caught.value.state is ComponentState.FAIL


def test_a_missing_detrend_file_may_come_back():
    key = "neb://any/detrends/FLAT.501.XY02.fits"
    with pytest.raises(CannotPrepare, match=r"no detrend file .*FLAT\.501\.XY02") as caught:
        prepared(chip_rows(), without=[key])
    assert (caught.value.state, caught.value.missing) == (ComponentState.PREP_FAIL, (key,))


def test_many_missing_files_are_counted():
    rows = chip_rows(*(an_imfile(f"XY{number:02d}") for number in range(1, 7)))
    given = detrends(classes=[imfile.class_id for imfile in rows.imfiles])
    with pytest.raises(CannotPrepare, match="and 3 more"):
        prepared(rows, given=given, without=[imfile.uri for imfile in rows.imfiles])


def test_a_missing_detrend_is_named_by_type_filter_and_date():
    given = Detrends(runs=[run for run in detrends().runs if run.det_type not in ("FLAT", "MASK")])
    with pytest.raises(CannotPrepare) as caught:
        CHIP.wants(chip_rows(), a_layout(), given)
    assert str(caught.value) == (
        "no detrend of type MASK, FLAT (filter g) for o6001g0042o, filter g.00000, observed 2012-06-04 08:30:00"
    )
    assert caught.value.state is ComponentState.PREP_FAIL


def test_a_detrend_without_a_file_for_the_ota_is_named():
    with pytest.raises(
        CannotPrepare,
        match=r"MASK detrend 500, iteration 0, has no file for XY03 .*filter g\.00000, observed 2012-06-04 08:30",
    ):
        CHIP.wants(chip_rows(an_imfile("XY03")), a_layout(), detrends())


def test_a_product_that_the_storage_did_not_make_is_named():
    with pytest.raises(CannotPrepare, match=r"no file for .*XY01\.log"):
        prepared(chip_rows(), without=[f"{KEY}.XY01.log"])


def test_a_disk_path_that_breaks_a_list_is_refused():
    rows, layout, given = chip_rows(), a_layout(), detrends()
    files = stored(CHIP.wants(rows, layout, given)) | {f"{KEY}.XY01.log": "/data/a\nb"}
    with pytest.raises(CannotPrepare, match="line of a list file"):
        CHIP.prepare(rows, files, layout, given)


def test_a_chip_with_nothing_pending_is_refused():
    with pytest.raises(CannotPrepare, match="no OTA left"):
        CHIP.wants(chip_rows(imfiles=()), a_layout(), detrends())


def test_a_workdir_that_is_no_key_is_refused_as_a_component():
    with pytest.raises(CannotPrepare, match="blank"):
        CHIP.wants(chip_rows(workdir="neb://any/a b"), a_layout(), detrends())


def test_a_raw_uri_that_is_no_key_is_refused_as_a_component():
    with pytest.raises(CannotPrepare, match="unknown scheme 'http:'"):
        CHIP.wants(chip_rows(an_imfile("XY01", uri="http://x/a.fits")), a_layout(), detrends())


@pytest.mark.parametrize("reduction", ["PV9", "DEFALT"])
def test_an_unknown_reduction_class_is_named_with_the_known(reduction):
    with pytest.raises(CannotPrepare, match=f"'{reduction}' is unknown; known are DEFAULT"):
        prepared(chip_rows(reduction=reduction))


def test_a_reduction_class_replaces_what_it_names():
    layout = a_layout(reductions={"PV9": {"CHIP_PPIMAGE": "CHIP_PV9"}})
    text = prepared(chip_rows(reduction="PV9"), layout).commands[0].text
    assert "-recipe PPIMAGE CHIP_PV9 -recipe PSPHOT CHIP " in text


def test_a_reduction_class_of_another_camera_may_lack_a_recipe():
    layout = a_layout(reductions={"DEFAULT": {}})
    assert "-recipe PPIMAGE CHIP " in prepared(chip_rows(), layout).commands[0].text
    with pytest.raises(CannotPrepare, match="'DEFAULT' has no recipe for NOTHING"):
        recipe_for(layout, None, "NOTHING")


def test_detrends_for_gives_only_what_the_exposure_needs():
    runs = [*detrends().runs, a_detrend("MASK", 9, registered=datetime.fromisoformat("2009-01-01"))]
    found = CHIP.detrends_for(chip_rows(), runs)
    assert [run.det_type for run in found] == ["MASK", "FLAT", "DARK", "LINEARITY", "NOISEMAP"]
    assert found[0].det_id == 500
