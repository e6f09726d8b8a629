"""Reading runs that the IPP's own scripts prepared."""

from __future__ import annotations

import pytest
from tests.fakes.stage_rows import ROOT, a_layout, camera_rows, chip_rows, detrends, stack_rows, stored, warp_rows

from rpconsole.domain.dbinfo import expected_of
from rpconsole.domain.listfiles import component_texts
from rpconsole.domain.listmerge import merged
from rpconsole.domain.manifest import Role
from rpconsole.domain.oldlists import BadLists, read_component, read_lists
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
