"""warp's command lines and lists."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.stage_rows import a_layout, a_skycell, disk_path, stored, warp_rows

from rpconsole.domain.dbinfo import expected_of, read_dbinfo
from rpconsole.domain.stage import Stage
from rpconsole.stages.base import NO_DETRENDS, CannotPrepare
from rpconsole.stages.registry import STAGES

WARP = STAGES[Stage.WARP]
FOLDER = "/scratch9/ops/dr9/o6001g0042o.311"
TAG = f"{FOLDER}/o6001g0042o.311"
OUT = f"{TAG}.wrp.66.skycell.1234.001"
KEY = "neb://@HOST@.0/dr9/o6001g0042o.311/o6001g0042o.311.wrp.66.skycell.1234.001"


def prepared(rows, layout=None):
    layout = layout or a_layout()
    return WARP.prepare(rows, stored(WARP.wants(rows, layout, NO_DETRENDS)), layout, NO_DETRENDS)


def links(*suffixes):
    for suffix in suffixes:
        link = f"/scratch9/ops/tmp{disk_path(KEY + suffix)}"
        yield from (f"mkdir -p {link.rpartition('/')[0]}", f"ln -sf {OUT}{suffix} {link}", f"touch {OUT}{suffix}")


def test_the_whole_line_of_a_skycell():
    line = prepared(warp_rows(a_skycell(1))).commands[0]
    assert line.item == "skycell.1234.001"
    assert line.text.split(" && ") == [
        f"mkdir -p {FOLDER}",
        f"ls -1 {TAG}.ch.88.XY01.ch.fits {TAG}.ch.88.XY02.ch.fits > {OUT}.imlist",
        f"ls -1 {TAG}.cm.55.XY01.mk.fits {TAG}.cm.55.XY02.mk.fits > {OUT}.masklist",
        f"ls -1 {TAG}.ch.88.XY01.ch.wt.fits {TAG}.ch.88.XY02.ch.wt.fits > {OUT}.varlist",
        f"echo {TAG}.cm.55.smf > {OUT}.astrom",
        f"dvoImageExtract -D CATDIR /proj/tess/TESS.V9 skycell.1234.001 -o {OUT}.skyfile",
        f"pswarp -list {OUT}.imlist -masklist {OUT}.masklist -variancelist {OUT}.varlist -astromlist {OUT}.astrom "
        f"{OUT} {OUT}.skyfile -F PSPHOT.PSF.SAVE PSPHOT.PSF.SKY.SAVE -F PSPHOT.OUTPUT PSPHOT.OUT.CMF.MEF "
        "-F PSPHOT.BACKMDL PSPHOT.BACKMDL.MEF -F SOURCE.PLOT.MOMENTS SOURCE.PLOT.SKY.MOMENTS "
        "-F SOURCE.PLOT.PSFMODEL SOURCE.PLOT.SKY.PSFMODEL -F SOURCE.PLOT.APRESID SOURCE.PLOT.SKY.APRESID "
        f"-recipe PSWARP WARP -tracedest {OUT}.trace -log {OUT}.log -threads 4 -recipe PPSTATS WARPSTATS "
        f"-dumpconfig {OUT}.pswarp.mdc -stats {OUT}.stats",
        "echo -n 'warptool -addwarped -warp_id 66 -skycell_id skycell.1234.001 -tess_id TESS.V9 -dbname gpc1 "
        f"-uri {KEY}.fits -path_base {KEY} -hostname North/Cluster -dtime_script 0 ' > {OUT}.dbinfo",
        f"ppStatsFromMetadata {OUT}.stats - WARP_SKYCELL >> {OUT}.dbinfo",
        *links(".dbinfo", ".pswarp.mdc", ".cmf", ".psf", ".log"),
    ]


def test_every_skycell_is_a_line():
    lists = prepared(warp_rows()).lists
    assert [line.item for line in lists.commands] == ["skycell.1234.001", "skycell.1234.002"]
    assert [record.task for record in lists.products] == [1] * 5 + [2] * 5
    assert lists.inputs == ()


def test_images_come_home_where_the_site_says_so():
    rows = warp_rows(a_skycell(1))
    suffixes = [
        record.key.removeprefix(KEY) for record in prepared(rows, a_layout(transfer_warp_images=True)).lists.products
    ]
    assert suffixes == [".dbinfo", ".pswarp.mdc", ".cmf", ".psf", ".log", ".fits", ".mask.fits", ".wt.fits"]


def test_a_skycell_that_no_good_chip_touches_is_left_out_and_told():
    component = prepared(warp_rows(a_skycell(1, classes=()), a_skycell(2)))
    assert [line.item for line in component.commands] == ["skycell.1234.002"]
    assert component.notes == (
        "warp 66: no good chip touches skycell.1234.001; left out, so warpRun 66 will not advance",
    )
    assert {record.task for record in component.lists.products} == {1}


def test_a_skycell_that_nobody_may_process_is_told():
    component = prepared(replace(warp_rows(a_skycell(1)), barred=("skycell.1234.002",)))
    assert component.notes == (
        "warp 66: skycell.1234.002 of the overlap map has no warpImfile or a fault; left out, so warpRun 66 will not advance",
    )


def test_a_warp_without_any_usable_skycell_is_refused():
    with pytest.raises(CannotPrepare, match="warp 66 has no skycell"):
        WARP.wants(warp_rows(a_skycell(1, classes=())), a_layout(), NO_DETRENDS)


def test_the_component_stands_for_the_run_not_for_one_skycell():
    assert prepared(warp_rows()).path_base == "neb://@HOST@.0/dr9/o6001g0042o.311/o6001g0042o.311.wrp.66"


def test_the_dbinfo_that_the_line_leaves_is_the_expected_one():
    component = prepared(warp_rows(a_skycell(1)))
    echo = next(step for step in component.commands[0].text.split(" && ") if step.startswith("echo -n"))
    text = echo.removeprefix("echo -n '").rpartition("'")[0] + "-good_frac 0.500000 -accept \n"
    expected = expected_of(Stage.WARP, component.lists.products[0])
    assert expected.ids == {"warp_id": 66, "skycell_id": "skycell.1234.001", "tess_id": "TESS.V9"}
    assert read_dbinfo(text, source="f", stage=Stage.WARP, expect=expected).columns["good_frac"] == 0.5


def test_a_skycell_of_two_tessellations_is_refused_since_their_files_have_the_same_names():
    other = a_skycell(1)._replace(tess_id="OTHER.V1")
    with pytest.raises(CannotPrepare, match=r"more than one tessellation has skycell\.1234\.001 in its overlap map"):
        prepared(warp_rows(a_skycell(1), other))
    # one that no good chip touches makes no file
    assert prepared(warp_rows(a_skycell(1), other._replace(chips=()))).lists.jobs == 1
