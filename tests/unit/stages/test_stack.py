"""stack's command line, component map and lists."""

from __future__ import annotations

import pytest
from tests.fakes.stage_rows import a_layout, disk_path, stack_rows, stored

from rpconsole.domain.dbinfo import expected_of, read_dbinfo
from rpconsole.domain.run import ComponentState
from rpconsole.domain.stage import Stage
from rpconsole.stages.base import NO_DETRENDS, CannotPrepare
from rpconsole.stages.registry import STAGES

STACK = STAGES[Stage.STACK]
FOLDER = "/scratch9/ops/dr9/TESS.V9/skycell.1234.001"
OUT = f"{FOLDER}/TESS.V9.skycell.1234.001.stk.77"
KEY = "neb://@HOST@.0/dr9/TESS.V9/skycell.1234.001/TESS.V9.skycell.1234.001.stk.77"
WARPS = [f"dr9/o6001g0042o.311/o6001g0042o.311.wrp.{n}.skycell.1234.001" for n in (66, 67)]
HOME = a_layout(transfer_warp_images=True)
PRODUCTS = (
    *(".dbinfo", ".unconv.fits", ".unconv.mask.fits", ".unconv.wt.fits", ".unconv.exp.fits", ".unconv.expwt.fits"),
    *(".unconv.num.fits", ".cmf", ".log", ".stats", ".ppStack.mdc", ".target.psf", ".stk.000.psf"),
)


def prepared(rows, layout=None, without=()):
    layout = layout or a_layout()
    return STACK.prepare(rows, stored(STACK.wants(rows, layout, NO_DETRENDS), without=without), layout, NO_DETRENDS)


def links():
    for suffix in PRODUCTS:
        link = f"/scratch9/ops/tmp{disk_path(KEY + suffix)}"
        yield from (f"mkdir -p {link.rpartition('/')[0]}", f"ln -sf {OUT}{suffix} {link}", f"touch {OUT}{suffix}")


def test_the_whole_line_of_a_stack():
    (line,) = prepared(stack_rows()).commands
    assert line.text.split(" && ") == [
        f"mkdir -p {FOLDER}",
        f"sc_mk_stack_mdc.pl --remote_root /scratch9/ops/ --compmap /scratch9/ops/tmp{disk_path(KEY + '.compmap')} "
        f"/scratch9/ops/{WARPS[0]} /scratch9/ops/{WARPS[1]} > {OUT}.in.mdc",
        f"ppStack -input {OUT}.in.mdc {OUT} -stats {OUT}.stats -recipe PPSTACK STACK -recipe PPSUB STACK_1DG "
        "-recipe PSPHOT STACK -recipe PPSTATS STACKSTATS -stack-type DEEP_STACK "
        "-F PSPHOT.PSF.SAVE PSPHOT.PSF.SKY.SAVE -F PSPHOT.OUTPUT PSPHOT.OUT.CMF.MEF "
        "-F PSPHOT.BACKMDL PSPHOT.BACKMDL.MEF -F SOURCE.PLOT.MOMENTS SOURCE.PLOT.SKY.MOMENTS "
        "-F SOURCE.PLOT.PSFMODEL SOURCE.PLOT.SKY.PSFMODEL -F SOURCE.PLOT.APRESID SOURCE.PLOT.SKY.APRESID "
        "-R PPSTACK.OUTPUT FITS.TYPE COMP_STACK -R PPSTACK.OUTPUT.VARIANCE FITS.TYPE COMP_STACK "
        "-R PPSTACK.UNCONV FITS.TYPE COMP_STACK -R PPSTACK.UNCONV.VARIANCE FITS.TYPE COMP_STACK "
        f"-tracedest {OUT}.trace -log {OUT}.log -threads 4 -dumpconfig {OUT}.ppStack.mdc "
        f"-stack_id 77 -skycell_id skycell.1234.001 -tess_id TESS.V9 > {OUT}.log2 2>&1",
        f"echo -n 'stacktool -addsumskyfile -stack_id 77 -path_base {KEY} -uri UNKNOWN -dbname gpc1 "
        f"-hostname North/Cluster -dtime_script 0 ' > {OUT}.dbinfo",
        f"ppStatsFromMetadata {OUT}.stats - STACK_SKYCELL >> {OUT}.dbinfo",
        *links(),
    ]


def test_every_promised_product_is_one_that_the_line_makes():
    component = prepared(stack_rows())
    assert [record.key.removeprefix(KEY) for record in component.lists.products] == list(PRODUCTS)
    assert f"-dumpconfig {OUT}.ppStack.mdc " in component.commands[0].text
    # ppStack saves the PSF by the rule for skycells
    assert [record.key for record in component.lists.products if record.may_be_empty] == [f"{KEY}.stk.000.psf"]


def test_the_map_maker_finds_each_warp_in_the_map_by_the_very_words_of_the_line():
    component = prepared(stack_rows(), HOME)
    (text,) = component.texts.values()
    step = next(step for step in component.commands[0].text.split(" && ") if step.startswith("sc_mk_stack_mdc.pl "))
    warps = step.partition(" > ")[0].split()[5:]
    ends = (".fits", ".wt.fits", ".mask.fits", ".cmf", ".psf")
    assert [line.split()[0] for line in text.splitlines()] == [warp + end for warp in warps for end in ends]


def test_without_warps_at_home_only_the_map_is_shipped_and_says_each_path_twice():
    component = prepared(stack_rows())
    (compmap,) = component.lists.inputs
    assert compmap.remote == f"/scratch9/ops/tmp{disk_path(KEY + '.compmap')}"
    lines = component.texts[compmap.local].splitlines()
    assert len(lines) == 10
    assert lines[0] == f"/scratch9/ops/{WARPS[0]}.fits /scratch9/ops/{WARPS[0]}.fits"


def test_warps_that_came_home_are_shipped_and_mapped_to_their_mirrors():
    component = prepared(stack_rows(), HOME)
    suffixes = [record.key.removeprefix(f"neb://@HOST@.0/{WARPS[0]}") for record in component.lists.inputs[1:6]]
    assert suffixes == [".fits", ".wt.fits", ".mask.fits", ".cmf", ".psf"]
    (text,) = component.texts.values()
    key = f"neb://@HOST@.0/{WARPS[1]}.psf"
    assert text.splitlines()[-1] == f"/scratch9/ops/{WARPS[1]}.psf /scratch9/ops/tmp{disk_path(key)}"


def test_a_missing_warp_file_is_named_and_may_come_back():
    key = f"neb://@HOST@.0/{WARPS[1]}.psf"
    with pytest.raises(CannotPrepare, match=r"no warp file .*wrp\.67.*\.psf") as caught:
        prepared(stack_rows(), HOME, without=[key])
    assert (caught.value.state, caught.value.missing) == (ComponentState.PREP_FAIL, (key,))


def test_a_stack_of_nothing_is_refused():
    with pytest.raises(CannotPrepare, match="stack 77 has no warps"):
        prepared(stack_rows(warps=()))


def test_warps_outside_nebulous_are_named_by_their_remote_paths():
    text = prepared(stack_rows(warps=("/home/w/a", "file:///home/w/b"))).commands[0].text
    assert " /scratch9/ops/home/w/a /scratch9/ops/home/w/b > " in text


def test_a_blank_in_a_path_cannot_stand_in_the_map():
    with pytest.raises(CannotPrepare, match="blank"):
        prepared(stack_rows(warps=("/home/my w/a",)))


def test_the_dbinfo_that_the_line_leaves_is_the_expected_one():
    component = prepared(stack_rows())
    echo = next(step for step in component.commands[0].text.split(" && ") if step.startswith("echo -n"))
    text = echo.removeprefix("echo -n '").rpartition("'")[0] + "-sources 12 -ver_pslib '41' \n"
    expected = expected_of(Stage.STACK, component.lists.products[0])
    statement = read_dbinfo(text, source="f", stage=Stage.STACK, expect=expected, dbname="gpc1")
    assert statement.columns["sources"] == 12
