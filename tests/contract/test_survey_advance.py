"""The survey's contract, from one stage to the next, on each kind of server."""

from __future__ import annotations

import asyncio

import pytest
from tests.builders.gpc1 import ALL_OTAS, TESS, Gpc1Rows

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.engine import open_gpc1
from rpconsole.adapters.gpc1.survey import SqlSurvey
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import Advanced
from rpconsole.ports.survey import Overlap, Survey

A, B, C = ALL_OTAS[:3]


@pytest.fixture
def chip_id(rows: Gpc1Rows) -> int:
    """A new chipRun whose three OTAs are all done."""
    rows.exposure(otas=3)
    chip_id = rows.chip_run(reduction="NULL", dist_group="(null)", expgroup="EG", dvodb="DVO")
    for class_id in (A, B, C):
        rows.chip_result(chip_id, class_id)
    return chip_id


# --- chip


async def test_a_complete_chip_run_becomes_full_and_registers_its_camera_run(survey, rows: Gpc1Rows, chip_id: int):
    (done,) = await survey.advance(Stage.CHIP)
    camera = rows.one(t.cam_run)
    assert done == Advanced(stage=Stage.CHIP, stage_id=chip_id, next_id=camera["cam_id"])
    assert rows.one(t.chip_run)["state"] == "full"
    assert (camera["chip_id"], camera["state"], camera["workdir_state"]) == (chip_id, "new", "dirty")
    carried = ("workdir", "label", "data_group", "expgroup", "dvodb", "tess_id", "end_stage")
    assert {name: camera[name] for name in carried} == {name: rows.one(t.chip_run)[name] for name in carried}
    assert [camera[name] for name in ("reduction", "dist_group", "note", "software_ver")] == [None] * 4
    assert {camera[name] for name in camera if name.startswith("maskfrac_")} == {0.0}


async def test_runs_are_advanced_by_their_numbers_whatever_their_label(survey: Survey, rows: Gpc1Rows, chip_id: int):
    assert await survey.advance(Stage.CHIP, "of another campaign") == []
    assert await survey.advance(Stage.CHIP, stage_ids=[]) == []
    assert await survey.advance(Stage.CHIP, stage_ids=[chip_id + 1]) == []
    assert [done.stage_id for done in await survey.advance(Stage.CHIP, stage_ids=[chip_id, 404])] == [chip_id]


async def test_advancing_again_changes_nothing(survey: Survey, rows: Gpc1Rows, chip_id: int):
    await survey.advance(Stage.CHIP)
    assert await survey.advance(Stage.CHIP) == []
    assert rows.count(t.cam_run) == 1


async def test_advancing_at_the_same_time_registers_one_successor(gpc1_url: str, rows: Gpc1Rows, chip_id: int):
    databases = [open_gpc1(gpc1_url) for _ in range(4)]
    try:
        done = await asyncio.gather(*(SqlSurvey(database).advance(Stage.CHIP) for database in databases))
    finally:
        for database in databases:
            await database.close()
    assert sorted(len(one) for one in done) == [0, 0, 0, 1]
    assert rows.count(t.cam_run) == 1


async def test_an_ota_without_a_result_keeps_the_run(survey: Survey, rows: Gpc1Rows):
    rows.exposure(otas=3)
    chip_id = rows.chip_run()
    for class_id in (A, B):
        rows.chip_result(chip_id, class_id)
    assert await survey.advance(Stage.CHIP) == []
    rows.change(t.raw_imfile, {"class_id": C}, ignored=1)
    assert len(await survey.advance(Stage.CHIP)) == 1


async def test_a_result_of_an_ignored_ota_does_not_stand_for_a_missing_one(survey: Survey, rows: Gpc1Rows):
    rows.exposure(otas=3)
    chip_id = rows.chip_run()
    for class_id in (A, B):
        rows.chip_result(chip_id, class_id)
    rows.change(t.raw_imfile, {"class_id": A}, ignored=1)
    assert await survey.advance(Stage.CHIP) == []


async def test_a_fault_keeps_the_run(survey: Survey, rows: Gpc1Rows, chip_id: int):
    rows.change(t.chip_processed_imfile, {"class_id": B}, fault=4)
    assert await survey.advance(Stage.CHIP) == []


async def test_a_run_advances_unless_all_its_chips_are_useless(survey: Survey, rows: Gpc1Rows, chip_id: int):
    rows.change(t.chip_processed_imfile, {}, quality=4242)
    assert await survey.advance(Stage.CHIP) == []
    rows.change(t.chip_processed_imfile, {"class_id": B}, quality=0)
    assert len(await survey.advance(Stage.CHIP)) == 1


async def test_an_exposure_without_otas_never_advances(survey: Survey, rows: Gpc1Rows):
    rows.exposure(otas=1)
    rows.change(t.raw_imfile, {}, ignored=1)
    rows.chip_run()
    assert await survey.advance(Stage.CHIP) == []


async def test_mask_fractions_are_weighted_by_pixels_and_versions_merged(survey, rows: Gpc1Rows, chip_id: int):
    change = {"class_id": A}
    rows.change(t.chip_processed_imfile, change, maskfrac_npix=300, maskfrac_static=0.5, software_ver="36002M")
    rows.change(t.chip_processed_imfile, {"class_id": B}, maskfrac_npix=None, software_ver="99999")
    rows.change(t.chip_processed_imfile, {}, magicked=7)
    await survey.advance(Stage.CHIP)
    run = rows.one(t.chip_run)
    assert run["maskfrac_npix"] == 400
    assert run["maskfrac_static"] == pytest.approx((300 * 0.5 + 100 * 0.1) / 400)
    assert (run["software_ver"], run["magicked"]) == ("36002M", 7)
    assert rows.one(t.cam_run)["magicked"] == 7


async def test_a_fraction_that_is_no_number_leaves_its_ota_out(survey: Survey, rows: Gpc1Rows, chip_id: int):
    rows.change(t.chip_processed_imfile, {}, maskfrac_magic=None)
    rows.change(t.chip_run, {}, maskfrac_npix=0.0)
    await survey.advance(Stage.CHIP)
    run = rows.one(t.chip_run)
    assert (run["state"], run["maskfrac_npix"], run["maskfrac_static"], run["software_ver"]) == ("full", 0, None, None)


@pytest.mark.parametrize(("end_stage", "goes_on"), [("Chip", False), ("camera", True), ("NULL", True), (None, True)])
async def test_the_chain_ends_at_chip_when_asked_to(survey: Survey, rows: Gpc1Rows, chip_id, end_stage, goes_on):
    rows.change(t.chip_run, {}, end_stage=end_stage)
    (done,) = await survey.advance(Stage.CHIP)
    assert (done.next_id is not None) is goes_on
    assert rows.count(t.cam_run) == int(goes_on)


async def test_only_the_label_asked_for_advances(survey: Survey, rows: Gpc1Rows, chip_id: int):
    assert await survey.advance(Stage.CHIP, "OTHER") == []
    assert len(await survey.advance(Stage.CHIP, "DEMO")) == 1


async def test_camera_and_stack_have_no_separate_advance(survey: Survey):
    assert await survey.advance(Stage.CAMERA) == await survey.advance(Stage.STACK) == []


# --- fake


@pytest.fixture
def fake_id(rows: Gpc1Rows) -> int:
    rows.exposure(otas=2)
    return rows.fake_run(rows.cam_done(rows.chip_done()), reduction="NULL")


async def test_the_step_between_camera_and_warp_fills_its_rows_and_registers_the_warp(survey, rows: Gpc1Rows, fake_id):
    (done,) = await survey.advance_fake()
    run = rows.one(t.warp_run)
    assert done.next_id == run["warp_id"]
    made = rows.all(t.fake_processed_imfile, fake_id=fake_id)
    assert sorted(row["class_id"] for row in made) == [A, B]
    assert {(row["data_state"], row["fault"], row["exp_id"]) for row in made} == {("full", 0, 1)}
    assert rows.one(t.fake_run)["state"] == "full"
    assert (run["fake_id"], run["mode"], run["state"], run["workdir_state"]) == (fake_id, "warp", "new", "dirty")
    assert (run["label"], run["tess_id"], run["end_stage"]) == ("DEMO", TESS, "warp")
    assert (run["magicked"], run["maskfrac_npix"], run["maskfrac_static"], run["reduction"]) == (0, 0, None, None)
    assert await survey.advance_fake() == []
    assert rows.count(t.warp_run) == 1


async def test_rows_of_the_ipps_own_fake_tasks_are_used(survey: Survey, rows: Gpc1Rows, fake_id: int):
    rows.add(t.fake_processed_imfile, fake_id=fake_id, exp_id=1, class_id=A, path_base="theirs", fault=0)
    assert len(await survey.advance_fake()) == 1
    assert rows.count(t.fake_processed_imfile) == 2


async def test_a_faulted_fake_row_keeps_the_run(survey: Survey, rows: Gpc1Rows, fake_id: int):
    rows.add(t.fake_processed_imfile, fake_id=fake_id, exp_id=1, class_id=A, path_base="theirs", fault=2)
    assert await survey.advance_fake() == []
    assert rows.one(t.fake_run)["state"] == "new"


@pytest.mark.parametrize("end", [{"end_stage": "fake"}, {"tess_id": "NULL"}, {"tess_id": None}])
async def test_the_chain_ends_before_warp_when_asked_to_or_without_a_tessellation(survey, rows, fake_id, end):
    rows.change(t.fake_run, {}, **end)
    (done,) = await survey.advance_fake()
    assert done.next_id is None
    assert rows.one(t.fake_run)["state"] == "full"
    assert rows.count(t.warp_run) == 0


async def test_a_masked_or_other_label_keeps_the_fake_run(survey: Survey, rows: Gpc1Rows, fake_id: int):
    assert await survey.advance_fake("OTHER") == []
    rows.add(t.fake_mask, label="DEMO")
    assert await survey.advance_fake("DEMO") == []


# --- overlap


async def test_a_new_warp_without_a_map_is_listed_with_its_exposure(survey: Survey, rows: Gpc1Rows):
    rows.exposure(5)
    warp_id = rows.warp_run(5)
    assert await survey.warps_without_overlap() == {warp_id: (5, "o6839g0005o")}
    assert await survey.warps_without_overlap("OTHER") == {}
    rows.change(t.cam_run, {}, state="update")
    assert await survey.warps_without_overlap() == {}


async def test_a_map_is_written_once_with_one_imfile_a_skycell(survey: Survey, rows: Gpc1Rows):
    rows.exposure()
    warp_id = rows.warp_run()
    pairs = [("skycell.1.1", A), ("skycell.1.1", B), ("skycell.1.2", B), ("skycell.1.2", B)]
    overlaps = [Overlap(skycell_id=cell, tess_id=TESS, class_id=ota) for cell, ota in pairs]
    await survey.add_overlap(warp_id, overlaps)
    await survey.add_overlap(warp_id, [Overlap(skycell_id="skycell.9.9", tess_id=TESS, class_id=A)])
    written = [(row["skycell_id"], row["class_id"], row["fault"]) for row in rows.all(t.warp_sky_cell_map)]
    assert sorted(written) == [("skycell.1.1", A, 0), ("skycell.1.1", B, 0), ("skycell.1.2", B, 0)]
    assert sorted(row["skycell_id"] for row in rows.all(t.warp_imfile)) == ["skycell.1.1", "skycell.1.2"]
    assert await survey.warps_without_overlap() == {}


async def test_nothing_overlapping_is_written_as_the_ipps_faulted_map(survey: Survey, rows: Gpc1Rows):
    rows.exposure()
    warp_id = rows.warp_run()
    await survey.add_overlap(warp_id, [])
    row = rows.one(t.warp_sky_cell_map)
    assert (row["skycell_id"], row["tess_id"], row["class_id"], row["fault"]) == ("faulted", "faulted", "faulted", 5)
    assert await survey.warps_without_overlap() == {}
    assert await survey.advance(Stage.WARP) == []


# --- warp


async def test_a_warp_run_is_full_once_every_mapped_skycell_has_a_result(survey: Survey, rows: Gpc1Rows):
    rows.exposure()
    warp_id = rows.warp_run()
    assert await survey.advance(Stage.WARP) == []
    rows.overlap(warp_id, {"skycell.1.1": [A, B], "skycell.1.2": [B]})
    rows.warp_result(warp_id, "skycell.1.1")
    assert await survey.advance(Stage.WARP) == []
    rows.warp_result(warp_id, "skycell.1.2", fault=3)
    assert await survey.advance(Stage.WARP) == []
    rows.change(t.warp_skyfile, {}, fault=0, maskfrac_static=0.25)
    assert await survey.advance(Stage.WARP) == [Advanced(stage=Stage.WARP, stage_id=warp_id, next_id=None)]
    run = rows.one(t.warp_run)
    assert (run["state"], run["maskfrac_npix"], run["maskfrac_static"]) == ("full", 20, 0.25)
    assert await survey.advance(Stage.WARP) == []


# --- stack definition

CELL = "skycell.1234.056"


async def test_a_skycell_with_enough_good_warps_gets_a_stack(survey: Survey, rows: Gpc1Rows):
    warps = [rows.warp_done(rows.exposure(exp_id), [CELL]) for exp_id in (1, 2, 3)]
    rows.change(t.warp_skyfile, {"warp_id": warps[2]}, quality=1)
    (stack_id,) = await survey.define_stacks("DEMO")
    run = rows.one(t.stack_run)
    assert (run["stack_id"], run["state"], run["label"], run["data_group"]) == (stack_id, "new", "DEMO", "DEMO")
    assert (run["tess_id"], run["skycell_id"], run["filter"]) == (TESS, CELL, "r.00000")
    assert (run["workdir"], run["reduction"]) == ("neb://@HOST@.0/gpc1/demo", None)
    assert run["registered"] is not None
    assert sorted(row["warp_id"] for row in rows.all(t.stack_input_skyfile)) == warps[:2]
    assert rows.one(t.stack_association)["projection_cell"] == "skycell.1234"
    assert rows.one(t.stack_association_map)["stack_id"] == stack_id


async def test_a_stack_of_this_label_is_not_defined_again(survey: Survey, rows: Gpc1Rows):
    for exp_id in (1, 2):
        rows.warp_done(rows.exposure(exp_id), [CELL])
    assert len(await survey.define_stacks("DEMO")) == 1
    assert await survey.define_stacks("DEMO") == []


async def test_stacks_of_one_projection_cell_share_an_association(survey: Survey, rows: Gpc1Rows):
    for exp_id in (1, 2):
        rows.warp_done(rows.exposure(exp_id), [CELL, "skycell.1234.057", "skycell.0001.001"])
    assert len(await survey.define_stacks("DEMO")) == 3
    assert rows.count(t.stack_association) == 2
    assert rows.count(t.stack_association_map) == 3


@pytest.mark.parametrize("min_warps", [0, 1, 2])
async def test_a_single_warp_is_never_a_stack(survey: Survey, rows: Gpc1Rows, min_warps: int):
    rows.warp_done(rows.exposure(), [CELL])
    assert await survey.define_stacks("DEMO", min_warps) == []


async def test_warps_of_another_filter_or_label_or_not_yet_full_do_not_count(survey: Survey, rows: Gpc1Rows):
    rows.warp_done(rows.exposure(1), [CELL])
    rows.warp_done(rows.exposure(2, filter="g.00000"), [CELL])
    rows.warp_done(rows.exposure(3), [CELL], label="OTHER")
    late = rows.warp_done(rows.exposure(4), [CELL])
    rows.change(t.warp_run, {"warp_id": late}, state="new")
    assert await survey.define_stacks("DEMO") == []


async def test_stack_definers_at_the_same_time_define_each_stack_once(gpc1_url: str, rows: Gpc1Rows):
    for exp_id in (1, 2):
        rows.warp_done(rows.exposure(exp_id), [CELL, "skycell.1234.057"])
    databases = [open_gpc1(gpc1_url) for _ in range(4)]
    try:
        made = await asyncio.gather(*(SqlSurvey(database).define_stacks("DEMO") for database in databases))
    finally:
        for database in databases:
            await database.close()
    assert sorted(len(one) for one in made) == [0, 0, 0, 2]
    assert rows.count(t.stack_run) == 2
