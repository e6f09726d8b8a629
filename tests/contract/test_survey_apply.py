"""The survey's contract, completion records, on each kind of server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.builders.gpc1 import ALL_OTAS, TESS, Gpc1Rows

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.engine import open_gpc1
from rpconsole.adapters.gpc1.survey import SqlSurvey
from rpconsole.domain.dbinfo import DbinfoStatement, read_dbinfo
from rpconsole.domain.stage import Stage
from rpconsole.ports.survey import Applied, Outcome, Survey


def a_statement(stage: Stage, ids: dict[str, int | str], **columns: Any) -> DbinfoStatement:
    given = {"path_base": "neb://any/p", "hostname": "LANL/Mustang", "dtime_script": 0.0, **columns}
    return DbinfoStatement(
        stage, tuple(ids), tuple(ids.values()), tuple(given), tuple(given.values()), "0" * 64, "x.dbinfo"
    )


def of_chip(chip_id: int, class_id: str = ALL_OTAS[0], exp_id: int = 1, **columns: Any) -> DbinfoStatement:
    return a_statement(Stage.CHIP, {"chip_id": chip_id, "exp_id": exp_id, "class_id": class_id}, **columns)


def of_camera(cam_id: int, **columns: Any) -> DbinfoStatement:
    return a_statement(Stage.CAMERA, {"cam_id": cam_id}, **{"uri": "UNKNOWN", **columns})


def of_warp(warp_id: int, skycell_id: str = "skycell.1.1", **columns: Any) -> DbinfoStatement:
    return a_statement(Stage.WARP, {"warp_id": warp_id, "skycell_id": skycell_id, "tess_id": TESS}, **columns)


def of_stack(stack_id: int, **columns: Any) -> DbinfoStatement:
    return a_statement(Stage.STACK, {"stack_id": stack_id}, **columns)


async def applied(survey: Survey, statement: DbinfoStatement) -> Applied:
    (done,) = await survey.apply([statement])
    assert done.statement is statement
    return done


@pytest.fixture
def chip_id(rows: Gpc1Rows) -> int:
    return rows.chip_run(rows.exposure())


@pytest.fixture
def cam_id(rows: Gpc1Rows) -> int:
    rows.exposure()
    return rows.cam_run(rows.chip_done(), reduction="NULL", dist_group="(null)", dvodb=None)


# --- the row


async def test_a_chip_result_is_one_row_and_the_run_stays_new(survey: Survey, rows: Gpc1Rows, chip_id: int):
    done = await applied(survey, of_chip(chip_id, bg=12.5, n_stars=77, software_ver="36001M", quality=None))
    assert done.outcome is Outcome.APPLIED
    row = rows.one(t.chip_processed_imfile)
    assert (row["data_state"], row["fault"], row["quality"], row["path_base"]) == ("full", 0, 0, "neb://any/p")
    assert (row["bg"], row["n_stars"], row["software_ver"], row["bias"]) == (12.5, 77, "36001M", None)
    assert rows.one(t.chip_run)["state"] == "new"


async def test_numbers_that_are_none_are_written_as_null_and_huge_ones_clamped(survey: Survey, rows, chip_id: int):
    line = (
        f"chiptool -addprocessedimfile -chip_id {chip_id} -exp_id 1 -class_id {ALL_OTAS[0]} -path_base neb://any/p "
        "-bg nan -bias inf -fringe_0 -inf -fringe_1 1e300 -fringe_2 -1e300 -hostname '' -uri NULL -quality nan"
    )
    assert (await applied(survey, read_dbinfo(line, source="x.dbinfo"))).outcome is Outcome.APPLIED
    row = rows.one(t.chip_processed_imfile)
    assert [row[name] for name in ("bg", "bias", "fringe_0", "hostname", "uri")] == [None] * 5
    assert [row["fringe_1"], row["fringe_2"]] == pytest.approx([3.4028e38, -3.4028e38], rel=1e-4)
    assert row["quality"] == 0


async def test_the_same_result_again_was_there_already(survey: Survey, rows: Gpc1Rows, chip_id: int):
    await survey.apply([of_chip(chip_id, bg=1.0)])
    again = await applied(survey, of_chip(chip_id, bg=2.0))
    assert again.outcome is Outcome.ALREADY
    assert rows.one(t.chip_processed_imfile)["bg"] == 1.0


async def test_another_result_for_the_same_ids_is_refused(survey: Survey, rows: Gpc1Rows, chip_id: int):
    await survey.apply([of_chip(chip_id)])
    other = await applied(survey, of_chip(chip_id, path_base="neb://any/q"))
    assert other.outcome is Outcome.REFUSED
    assert other.sentence.startswith("x.dbinfo: ")
    assert "neb://any/p already, this one is from neb://any/q" in other.sentence
    assert rows.count(t.chip_processed_imfile) == 1


async def test_a_faulted_row_in_the_way_must_be_reverted_first(survey: Survey, rows: Gpc1Rows, chip_id: int):
    rows.chip_result(chip_id, ALL_OTAS[0], fault=4, path_base="neb://any/p")
    done = await applied(survey, of_chip(chip_id))
    assert done.outcome is Outcome.REFUSED
    assert "fault 4: revert it first" in done.sentence


@pytest.mark.parametrize("wrong", [{"exp_id": 2}, {"class_id": "XY99"}])
async def test_a_result_of_a_component_that_is_not_in_the_database_is_refused(survey: Survey, rows, chip_id, wrong):
    rows.exposure(2)
    done = await applied(survey, of_chip(chip_id, **wrong))
    assert done.outcome is Outcome.REFUSED
    assert "has no row with" in done.sentence
    assert rows.count(t.chip_processed_imfile) == 0


async def test_a_column_that_is_not_there_is_refused_by_name(survey: Survey, rows: Gpc1Rows, chip_id: int):
    done = await applied(survey, of_chip(chip_id, colour="red", raw_id=3))
    assert done.outcome is Outcome.REFUSED
    assert "chipProcessedImfile has no column colour, raw_id to set" in done.sentence


async def test_wrong_ids_are_refused(survey: Survey, chip_id: int):
    done = await applied(survey, a_statement(Stage.CHIP, {"cam_id": chip_id}))
    assert done.outcome is Outcome.REFUSED
    assert "is named by chip_id, exp_id, class_id, not by cam_id" in done.sentence


async def test_one_refusal_does_not_stop_the_others(survey: Survey, rows: Gpc1Rows, chip_id: int):
    a, b = ALL_OTAS[:2]
    done = await survey.apply([of_chip(chip_id, a), of_chip(chip_id, "XY99"), of_chip(chip_id, b)])
    assert [one.outcome for one in done] == [Outcome.APPLIED, Outcome.REFUSED, Outcome.APPLIED]
    assert rows.count(t.chip_processed_imfile) == 2


async def test_a_value_that_does_not_fit_is_refused_and_the_others_go_on(survey: Survey, rows, gpc1, chip_id: int):
    if gpc1.engine.dialect.name == "sqlite":
        pytest.skip("SQLite holds text of any length")
    done = await survey.apply([of_chip(chip_id, software_ver="3" * 40), of_chip(chip_id, ALL_OTAS[1])])
    assert [one.outcome for one in done] == [Outcome.REFUSED, Outcome.APPLIED]
    assert "software_ver" in done[0].sentence


async def test_a_number_beyond_64_bits_is_refused(survey: Survey, rows: Gpc1Rows, chip_id: int):
    assert (await applied(survey, of_chip(chip_id, magicked=2**70))).outcome is Outcome.REFUSED
    assert rows.count(t.chip_processed_imfile) == 0


async def test_a_masked_label_does_not_stop_finished_work(survey: Survey, rows: Gpc1Rows, chip_id: int, cam_id_2):
    for mask in (t.chip_mask, t.cam_mask):
        rows.add(mask, label="DEMO")
    done = await survey.apply([of_chip(chip_id), of_camera(cam_id_2)])
    assert [one.outcome for one in done] == [Outcome.APPLIED] * 2


@pytest.fixture
def cam_id_2(rows: Gpc1Rows) -> int:
    return rows.cam_run(rows.chip_done(rows.exposure(2)))


async def test_appliers_at_the_same_time_write_each_result_once(gpc1_url: str, rows: Gpc1Rows, cam_id: int):
    chips = rows.chip_run()
    statements = [of_chip(chips, ALL_OTAS[0]), of_chip(chips, ALL_OTAS[1]), of_camera(cam_id)]
    databases = [open_gpc1(gpc1_url) for _ in range(3)]
    try:
        done = await asyncio.gather(*(SqlSurvey(database).apply(statements) for database in databases for _ in "ab"))
    finally:
        for database in databases:
            await database.close()
    for outcomes in zip(*([one.outcome for one in each] for each in done), strict=True):
        assert sorted(outcomes) == [Outcome.ALREADY] * 5 + [Outcome.APPLIED]
    assert rows.count(t.cam_processed_exp) == rows.count(t.fake_run) == 1


# --- camera


async def test_a_camera_result_completes_its_run_and_registers_the_fake_run(survey: Survey, rows, cam_id: int):
    rows.change(t.chip_run, {}, magicked=9)
    fractions = {"maskfrac_ref_npix": 1000, "maskfrac_ref_static": 0.25, "maskfrac_max_advisory": 0.5}
    done = await applied(survey, of_camera(cam_id, zpt_obs=25.0, deteff=21.5, software_ver="36002", **fractions))
    assert done.outcome is Outcome.APPLIED
    row = rows.one(t.cam_processed_exp)
    assert (row["uri"], row["zpt_obs"], row["deteff"], row["fault"], row["quality"]) == ("UNKNOWN", 25.0, 21.5, 0, 0)
    run = rows.one(t.cam_run, cam_id=cam_id)
    assert (run["state"], run["magicked"], run["software_ver"]) == ("full", 9, "36002")
    assert (run["maskfrac_ref_npix"], run["maskfrac_ref_static"], run["maskfrac_max_advisory"]) == (1000, 0.25, 0.5)
    fake = rows.one(t.fake_run)
    assert (fake["cam_id"], fake["state"], fake["label"], fake["tess_id"]) == (cam_id, "new", "DEMO", TESS)
    assert (fake["workdir"], fake["end_stage"]) == (run["workdir"], "warp")
    assert [fake[name] for name in ("reduction", "dist_group", "dvodb", "note")] == [None] * 4


async def test_without_counted_pixels_the_runs_mask_fractions_stay(survey: Survey, rows: Gpc1Rows, cam_id: int):
    rows.change(t.cam_run, {}, maskfrac_ref_static=0.125, software_ver="1")
    await survey.apply([of_camera(cam_id, maskfrac_ref_npix=0, maskfrac_ref_static=0.5)])
    run = rows.one(t.cam_run)
    assert (run["maskfrac_ref_static"], run["software_ver"], run["state"]) == (0.125, "1", "full")


async def test_a_camera_result_again_was_there_already_and_registers_nothing(survey: Survey, rows, cam_id: int):
    await survey.apply([of_camera(cam_id)])
    assert (await applied(survey, of_camera(cam_id))).outcome is Outcome.ALREADY
    assert (await applied(survey, of_camera(cam_id, path_base="neb://any/q"))).outcome is Outcome.REFUSED
    assert rows.count(t.fake_run) == 1


@pytest.mark.parametrize(("camera", "chips"), [("drop", "full"), ("new", "update"), ("full", "full")])
async def test_a_camera_result_of_a_run_that_is_not_pending_is_refused(survey, rows: Gpc1Rows, cam_id, camera, chips):
    rows.change(t.cam_run, {}, state=camera)
    rows.change(t.chip_run, {}, state=chips)
    done = await applied(survey, of_camera(cam_id))
    assert done.outcome is Outcome.REFUSED
    assert f"its state is {camera}, its chipRun's is {chips}" in done.sentence
    assert rows.count(t.cam_processed_exp) == 0


@pytest.mark.parametrize("end", [{"quality": 4242}, {"end_stage": "CAMERA"}])
async def test_the_chain_ends_at_camera_on_bad_quality_or_when_asked_to(survey, rows: Gpc1Rows, cam_id, end):
    if "end_stage" in end:
        rows.change(t.cam_run, {}, end_stage=end["end_stage"])
    await survey.apply([of_camera(cam_id, quality=end.get("quality", 0))])
    assert rows.one(t.cam_run)["state"] == "full"
    assert rows.count(t.fake_run) == 0


async def test_a_camera_result_with_a_fault_is_kept_and_the_run_stays_new(survey, rows: Gpc1Rows, cam_id: int):
    await survey.apply([of_camera(cam_id, fault=5)])
    assert rows.one(t.cam_processed_exp)["fault"] == 5
    assert rows.one(t.cam_run)["state"] == "new"
    assert rows.count(t.fake_run) == 0


# --- warp and stack


async def test_a_warp_result_is_one_row(survey: Survey, rows: Gpc1Rows):
    rows.exposure()
    warp_id = rows.warp_run()
    rows.overlap(warp_id, {"skycell.1.1": ["XY01"]})
    done = await survey.apply([of_warp(warp_id, magicked=3, good_frac=0.5), of_warp(warp_id, "skycell.1.2")])
    assert [one.outcome for one in done] == [Outcome.APPLIED, Outcome.REFUSED]
    row = rows.one(t.warp_skyfile)
    assert (row["data_state"], row["magicked"], row["good_frac"], row["fault"]) == ("full", 3, 0.5, 0)
    assert rows.one(t.warp_run)["state"] == "new"


async def test_a_stack_result_completes_its_run(survey: Survey, rows: Gpc1Rows):
    stack_id = rows.stack_run([1, 2], "skycell.1.1")
    assert (await applied(survey, of_stack(stack_id, software_ver="36003"))).outcome is Outcome.APPLIED
    run = rows.one(t.stack_run)
    assert (run["state"], run["software_ver"]) == ("full", "36003")
    assert (await applied(survey, of_stack(stack_id))).outcome is Outcome.ALREADY


async def test_a_stack_result_with_a_fault_leaves_the_run_new(survey: Survey, rows: Gpc1Rows):
    stack_id = rows.stack_run([1, 2], "skycell.1.1")
    await survey.apply([of_stack(stack_id, fault=2)])
    assert rows.one(t.stack_run)["state"] == "new"


async def test_a_dropped_stack_is_not_brought_back(survey: Survey, rows: Gpc1Rows):
    stack_id = rows.stack_run([1, 2], "skycell.1.1", state="drop")
    done = await applied(survey, of_stack(stack_id))
    assert done.outcome is Outcome.REFUSED
    assert "its state is drop" in done.sentence
    assert rows.count(t.stack_sum_skyfile) == 0
