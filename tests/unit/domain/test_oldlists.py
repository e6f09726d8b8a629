"""Reading runs that the IPP's own scripts prepared."""

from __future__ import annotations

import pytest
from tests.fakes.stage_rows import ROOT, a_layout, camera_rows, chip_rows, detrends, stack_rows, stored, warp_rows

from rpconsole.domain.dbinfo import expected_of
from rpconsole.domain.listfiles import component_texts
from rpconsole.domain.listmerge import merged
from rpconsole.domain.manifest import Role
from rpconsole.domain.oldlists import BadLists, manifest_fits, read_component, read_lists
from rpconsole.domain.stage import Stage
from rpconsole.stages.base import NO_DETRENDS
from rpconsole.stages.registry import STAGES

ROWS = {
    Stage.CHIP: chip_rows(),
    Stage.CAMERA: camera_rows(),
    Stage.WARP: warp_rows(),
    Stage.STACK: stack_rows(),
}


def component(stage):
    given = detrends() if stage is Stage.CHIP else NO_DETRENDS
    rules, layout = STAGES[stage], a_layout(transfer_warp_images=True)
    wants = rules.wants(ROWS[stage], layout, given)
    return rules.prepare(ROWS[stage], stored(wants), layout, given).lists


def texts_of(stage):
    return dict(merged([component(stage)], ROOT).texts)


def doubled(text):
    """The old scripts leave '//' where the root ends in a slash."""
    return text.replace("/scratch9/ops/", "/scratch9/ops//")


@pytest.mark.parametrize("stage", Stage)
def test_five_lists_give_the_records_back_that_made_them(stage):
    made = merged([component(stage)], ROOT).records
    texts = {suffix: doubled(text) for suffix, text in texts_of(stage).items()}
    read = read_lists(texts, stage=stage, root=ROOT, source="R")
    assert [(r.role, r.local, r.remote, r.task) for r in read] == [(r.role, r.local, r.remote, r.task) for r in made]
    products = [(r.component, r.item) for r in made if r.role is Role.PRODUCT]
    assert [(r.component, r.item) for r in read if r.role is Role.PRODUCT] == products


def test_a_dbinfo_read_from_old_lists_has_an_expectation():
    read = read_lists(texts_of(Stage.CHIP), stage=Stage.CHIP, root=ROOT, source="R")
    dbinfo = next(record for record in read if record.local.endswith(".dbinfo"))
    assert expected_of(Stage.CHIP, dbinfo).ids == {"chip_id": 88, "class_id": "XY01"}


def test_a_lost_line_is_found_again_by_name():
    texts = texts_of(Stage.CAMERA)
    whole = read_lists(texts, stage=Stage.CAMERA, root=ROOT, source="R")
    texts[".return"] = "".join(texts[".return"].splitlines(keepends=True)[1:])
    assert read_lists(texts, stage=Stage.CAMERA, root=ROOT, source="R") == whole[1:]


def test_lists_that_cannot_be_paired_are_refused_naming_both():
    texts = texts_of(Stage.CAMERA) | {".return": "/d/1.other\n"}
    with pytest.raises(BadLists, match=r"R\.generate has 7 lines and R\.return has 1"):
        read_lists(texts, stage=Stage.CAMERA, root=ROOT, source="R")


def test_a_missing_list_is_named():
    texts = texts_of(Stage.CAMERA)
    del texts[".check"]
    with pytest.raises(BadLists, match=r"R\.check is missing"):
        read_lists(texts, stage=Stage.CAMERA, root=ROOT, source="R")


def test_a_product_that_follows_no_rule_is_kept_without_ids():
    texts = dict.fromkeys((".transfer", ".check", ".config"), "") | {".generate": "/s/x\n", ".return": "/d/1.x\n"}
    (record,) = read_lists(texts, stage=Stage.CHIP, root="/s", source="R")
    assert (record.component, record.item, record.task) == (None, None, None)


@pytest.mark.parametrize("stage", [Stage.CHIP, Stage.WARP])
def test_a_components_lists_can_be_merged_again_after_a_restart(stage):
    made = component(stage)
    texts = component_texts(made, ROOT)
    read = read_component(texts, stage=stage, stage_id=made.stage_id, root=ROOT, source="B")
    assert read.commands == made.commands
    again, whole = merged([read], ROOT).texts, merged([made], ROOT).texts
    for suffix in (".transfer", ".check", ".config", ".generate", ".return"):
        assert again[suffix] == whole[suffix]


@pytest.mark.parametrize("stage", Stage)
def test_our_own_manifest_fits_its_lists(stage):
    assert manifest_fits(texts_of(stage))
    assert manifest_fits(component_texts(component(stage), ROOT))


def test_a_manifest_that_promises_other_products_does_not_fit():
    texts = texts_of(Stage.CAMERA)
    lines = texts[".generate"].splitlines(keepends=True)
    for others in (lines[1:], [*lines[1:], lines[0]], [*lines[:-1], "/elsewhere\n"]):
        assert not manifest_fits(texts | {".generate": "".join(others)})


def test_a_products_key_is_told_by_where_it_lies_at_the_site_in_whatever_storage_it_comes_home():
    lists = {".transfer": "", ".check": "", ".config": ""}
    lists |= {".generate": "/s//gpc1/x/x.ch.9.XY11.dbinfo\n", ".return": "/home/plain/x.ch.9.XY11.dbinfo\n"}
    (record,) = read_lists(lists, stage=Stage.CHIP, root="/s/", source="R")
    assert record.key == "neb:///gpc1/x/x.ch.9.XY11.dbinfo"
    assert expected_of(Stage.CHIP, record).path_base == "neb:///gpc1/x/x.ch.9"


@pytest.mark.parametrize(
    ("name", "may"),
    [("o.ch.9.XY11.ptn", True), ("S.stk.4.ppStack.mdc", True), ("o.cm.5.XY11.mk.fits", True), ("o.cm.5.smf", False)],
)
def test_what_the_old_lines_leave_empty_may_be_empty(name, may):
    lists = {".transfer": "", ".check": "", ".config": "", ".generate": f"/s/{name}\n", ".return": f"/d/1.{name}\n"}
    (record,) = read_lists(lists, stage=Stage.CHIP, root="/s", source="R")
    assert record.may_be_empty is may
