"""The survey's contract, what prepare reads, on each kind of server."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from tests.builders.gpc1 import ALL_OTAS, NIGHT, TESS, Gpc1Rows

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import CameraRows, ChipRows, StackRows, Unreadable, WarpChip, WarpRows
from rpconsole.ports.survey import Survey


async def chip(survey: Survey, chip_id: int) -> ChipRows | None:
    found = (await survey.stage_rows(Stage.CHIP, [chip_id])).get(chip_id)
    assert found is None or isinstance(found, ChipRows)
    return found


async def camera(survey: Survey, cam_id: int) -> CameraRows | None:
    found = (await survey.stage_rows(Stage.CAMERA, [cam_id])).get(cam_id)
    assert found is None or isinstance(found, CameraRows)
    return found


async def warp(survey: Survey, warp_id: int) -> WarpRows | None:
    found = (await survey.stage_rows(Stage.WARP, [warp_id])).get(warp_id)
    assert found is None or isinstance(found, WarpRows)
    return found


async def stack(survey: Survey, stack_id: int) -> StackRows | None:
    found = (await survey.stage_rows(Stage.STACK, [stack_id])).get(stack_id)
    assert found is None or isinstance(found, StackRows)
    return found


# --- chip


async def test_a_chip_run_comes_with_its_pending_otas_in_order(survey: Survey, rows: Gpc1Rows):
    rows.exposure(7, otas=3)
    chip_id = rows.chip_run(7, reduction="DEMO_REDUCTION")
    rows.chip_result(chip_id, ALL_OTAS[1])
    found = await chip(survey, chip_id)
    assert found is not None
    assert (found.exp_id, found.exp_name, found.exp_tag) == (7, "o6839g0007o", "o6839g0007o.7")
    assert (found.filter, found.dateobs) == ("r.00000", NIGHT + timedelta(seconds=420))
    assert (found.workdir, found.reduction) == ("neb://@HOST@.0/gpc1/demo", "DEMO_REDUCTION")
    assert [imfile.class_id for imfile in found.imfiles] == [ALL_OTAS[0], ALL_OTAS[2]]
    first = found.imfiles[0]
    assert first.uri == "neb://ipp001.0/gpc1/20140701/o6839g0007o/o6839g0007o.ota01.fits"
    assert (first.bytes, first.md5sum, first.burntool_state, first.video_cells) == (23_000_000, "0" * 32, 14, False)


async def test_every_imfile_has_a_number_of_its_own(survey: Survey, rows: Gpc1Rows):
    rows.exposure(otas=3)
    one, two = await chip(survey, rows.chip_run()), await chip(survey, rows.chip_run())
    assert one is not None
    assert two is not None
    assert len({imfile.chip_imfile_id for imfile in one.imfiles + two.imfiles}) == 6


async def test_an_ignored_ota_is_left_out(survey: Survey, rows: Gpc1Rows):
    rows.exposure(otas=2)
    rows.change(t.raw_imfile, {"class_id": ALL_OTAS[0]}, ignored=1)
    found = await chip(survey, rows.chip_run())
    assert found is not None
    assert [imfile.class_id for imfile in found.imfiles] == [ALL_OTAS[1]]


async def test_a_chip_run_with_nothing_left_to_do_is_not_pending(survey: Survey, rows: Gpc1Rows):
    rows.exposure(otas=1)
    chip_id = rows.chip_run()
    rows.chip_result(chip_id, ALL_OTAS[0], fault=4)
    assert await chip(survey, chip_id) is None


@pytest.mark.parametrize("state", ["full", "update", "drop", "goto_cleaned"])
async def test_a_chip_run_in_another_state_is_not_pending(survey: Survey, rows: Gpc1Rows, state):
    rows.exposure()
    assert await chip(survey, rows.chip_run(state=state)) is None


async def test_an_unknown_id_and_no_ids_at_all_are_an_empty_answer(survey: Survey):
    for stage in Stage:
        assert await survey.stage_rows(stage, [404]) == {}
        assert await survey.stage_rows(stage, []) == {}


@pytest.mark.parametrize("word", ["NULL", "(null)", None])
async def test_the_texts_that_the_ipp_writes_for_nothing_read_as_none(survey: Survey, rows: Gpc1Rows, word):
    rows.exposure()
    found = await chip(survey, rows.chip_run(reduction=word))
    assert found is not None
    assert found.reduction is None


async def test_a_row_without_a_name_says_why_and_the_others_go_on(survey: Survey, rows: Gpc1Rows):
    bad = rows.chip_run(rows.exposure(1), workdir="NULL")
    nameless = rows.chip_run(rows.exposure(2, dateobs=None))
    good = rows.chip_run(rows.exposure(3))
    found = await survey.stage_rows(Stage.CHIP, [bad, nameless, good])
    assert isinstance(found[good], ChipRows)
    said = {stage_id: row.sentence for stage_id, row in found.items() if isinstance(row, Unreadable)}
    assert said.keys() == {bad, nameless}
    assert f"chipRun {bad}: workdir is 'NULL'" in said[bad]
    assert f"chipRun {nameless}: dateobs is None" in said[nameless]


async def test_hundreds_of_runs_are_read_with_the_same_few_queries(survey: Survey, rows: Gpc1Rows, statements):
    rows.exposure(otas=1)
    few = [rows.chip_run() for _ in range(2)]
    many = [*few, *(rows.chip_run() for _ in range(100))]
    counts = []
    for chosen in (few, many):
        statements.clear()
        assert len(await survey.stage_rows(Stage.CHIP, chosen)) == len(chosen)
        counts.append(len([one for one in statements if one.startswith("SELECT")]))
    assert counts[0] == counts[1]


# --- gates, the same for every stage


async def pending_run(rows: Gpc1Rows, stage: Stage) -> int:
    rows.exposure()
    if stage is Stage.CHIP:
        return rows.chip_run()
    if stage is Stage.CAMERA:
        return rows.cam_run(rows.chip_done())
    if stage is Stage.WARP:
        warp_id = rows.warp_run()
        rows.overlap(warp_id, {"skycell.1.1": ["XY01"]})
        return warp_id
    return rows.stack_run([rows.warp_done(2, ["skycell.1.1"])], "skycell.1.1")


@pytest.mark.parametrize("stage", list(Stage))
async def test_an_inactive_label_holds_every_stage_and_an_unknown_one_none(survey: Survey, rows: Gpc1Rows, stage):
    rows.exposure(2)
    run_id = await pending_run(rows, stage)
    assert list(await survey.stage_rows(stage, [run_id])) == [run_id]
    rows.label_row("DEMO", active=0)
    assert await survey.stage_rows(stage, [run_id]) == {}
    rows.change(t.label, {"label": "DEMO"}, active=1)
    assert list(await survey.stage_rows(stage, [run_id])) == [run_id]


@pytest.mark.parametrize(
    ("stage", "mask"), [(Stage.CHIP, t.chip_mask), (Stage.CAMERA, t.cam_mask), (Stage.WARP, t.warp_mask)]
)
async def test_a_mask_holds_its_own_stage(survey: Survey, rows: Gpc1Rows, stage, mask):
    run_id = await pending_run(rows, stage)
    for other in (t.chip_mask, t.cam_mask, t.warp_mask, t.fake_mask):
        if other is not mask:
            rows.add(other, label="DEMO")
    rows.add(mask, label="SOMETHING.ELSE")
    assert list(await survey.stage_rows(stage, [run_id])) == [run_id]
    rows.add(mask, label="DEMO")
    assert await survey.stage_rows(stage, [run_id]) == {}


# --- camera


async def test_a_camera_run_comes_with_all_its_chips_bad_ones_too(survey: Survey, rows: Gpc1Rows):
    rows.exposure(otas=2)
    chip_id = rows.chip_done()
    rows.change(t.chip_processed_imfile, {"class_id": ALL_OTAS[1]}, quality=4242, bg=None, fwhm_major=3.25)
    cam_id = rows.cam_run(chip_id)
    found = await camera(survey, cam_id)
    assert found is not None
    assert (found.cam_id, found.chip_id, found.exp_id, found.exp_time) == (cam_id, chip_id, 1, 40.0)
    assert [(one.class_id, one.quality) for one in found.chips] == [(ALL_OTAS[0], 0), (ALL_OTAS[1], 4242)]
    assert found.chips[0].path_base == rows.chip_path_base(chip_id)
    columns = found.chips[1].columns
    assert set(columns) >= {column.name for column in t.chip_processed_imfile.columns}
    assert (columns["bg"], columns["fwhm_major"], columns["chip_id"]) == (None, 3.25, chip_id)


async def test_the_detection_limit_is_brought_to_one_second(survey: Survey, rows: Gpc1Rows):
    rows.exposure(otas=1)
    cam_id = rows.cam_run(rows.chip_done())
    found = await camera(survey, cam_id)
    assert found is not None
    assert found.chips[0].columns["deteff_inst"] == pytest.approx(2.5 * math.log10(40.0) - 12.5)
    rows.change(t.raw_exp, {"exp_id": 1}, exp_time=None)
    found = await camera(survey, cam_id)
    assert found is not None
    assert found.chips[0].columns["deteff_inst"] is None


async def test_a_camera_run_waits_for_its_chips_and_ends_with_its_result(survey: Survey, rows: Gpc1Rows):
    rows.exposure()
    assert await camera(survey, rows.cam_run(rows.chip_run())) is None
    assert await camera(survey, rows.cam_done(rows.chip_done(), state="new")) is None


async def test_an_ignored_ota_is_no_input_of_the_camera_stage(survey: Survey, rows: Gpc1Rows):
    rows.exposure(otas=2)
    cam_id = rows.cam_run(rows.chip_done())
    rows.change(t.raw_imfile, {"class_id": ALL_OTAS[0]}, ignored=1)
    found = await camera(survey, cam_id)
    assert found is not None
    assert [one.class_id for one in found.chips] == [ALL_OTAS[1]]


# --- warp


async def test_a_warp_run_comes_with_its_pending_skycells_and_their_good_chips(survey: Survey, rows: Gpc1Rows):
    rows.exposure(otas=3)
    warp_id = rows.warp_run()
    a, b, c = ALL_OTAS[:3]
    rows.overlap(warp_id, {"skycell.1.2": [b, a], "skycell.1.1": [c], "skycell.1.3": [a]})
    rows.warp_result(warp_id, "skycell.1.3")
    rows.change(t.chip_processed_imfile, {"class_id": c}, quality=4242)
    found = await warp(survey, warp_id)
    assert found is not None
    assert found.exp_tag == "o6839g0001o.1"
    assert [(cell.skycell_id, cell.tess_id) for cell in found.skycells] == [
        ("skycell.1.1", TESS),
        ("skycell.1.2", TESS),
    ]
    assert found.skycells[0].chips == ()
    chip_path_base = rows.one(t.chip_processed_imfile, class_id=a)["path_base"]
    cam_path_base = rows.one(t.cam_processed_exp)["path_base"]
    first = WarpChip(class_id=a, chip_path_base=chip_path_base, cam_path_base=cam_path_base)
    assert found.skycells[1].chips == (first, first._replace(class_id=b))
    numbers = {row["skycell_id"]: row["warp_skyfile_id"] for row in rows.all(t.warp_imfile)}
    assert len(set(numbers.values())) == 3
    assert [cell.warp_skyfile_id for cell in found.skycells] == [numbers["skycell.1.1"], numbers["skycell.1.2"]]


async def test_a_warp_run_waits_for_the_runs_in_front_of_it(survey: Survey, rows: Gpc1Rows):
    run_id = await pending_run(rows, Stage.WARP)
    for table in (t.fake_run, t.cam_run, t.chip_run):
        rows.change(table, {}, state="update")
        assert await warp(survey, run_id) is None
        rows.change(table, {}, state="full")
    assert await warp(survey, run_id) is not None


async def test_skycells_that_the_map_names_and_nobody_may_process_are_named(survey: Survey, rows: Gpc1Rows):
    """Without a warpImfile, or with nothing but faults, a cell never gets a result, and its warpRun never becomes full."""
    warp_id = rows.warp_run(rows.exposure(1))
    rows.overlap(warp_id, {"skycell.1.1": ALL_OTAS[:1], "skycell.1.2": ALL_OTAS[:1]})
    shared = {"warp_id": warp_id, "tess_id": TESS, "class_id": ALL_OTAS[1]}
    rows.add_many(t.warp_sky_cell_map, [{**shared, "skycell_id": "skycell.1.3", "fault": 0}])
    rows.add_many(t.warp_sky_cell_map, [{**shared, "skycell_id": "skycell.1.1", "fault": 4}])
    rows.change(t.warp_sky_cell_map, {"warp_id": warp_id, "skycell_id": "skycell.1.2"}, fault=None)
    found = (await survey.stage_rows(Stage.WARP, [warp_id]))[warp_id]
    assert isinstance(found, WarpRows)
    assert [cell.skycell_id for cell in found.skycells] == ["skycell.1.1"]
    assert found.barred == ("skycell.1.2", "skycell.1.3")


async def test_a_faulted_overlap_is_no_work(survey: Survey, rows: Gpc1Rows):
    rows.exposure()
    warp_id = rows.warp_run()
    rows.overlap(warp_id, {"faulted": ["faulted"]}, tess_id="faulted", fault=5)
    assert await warp(survey, warp_id) is None


# --- stack


async def test_a_stack_run_comes_with_its_good_warps(survey: Survey, rows: Gpc1Rows):
    cell = "skycell.1.1"
    warps = [rows.warp_done(rows.exposure(exp_id), [cell, "skycell.1.2"]) for exp_id in (1, 2, 3, 4)]
    rows.change(t.warp_skyfile, {"warp_id": warps[1]}, quality=1)
    rows.change(t.warp_skyfile, {"warp_id": warps[2]}, fault=3)
    stack_id = rows.stack_run(warps, cell)
    found = await stack(survey, stack_id)
    assert found is not None
    assert (found.skycell_id, found.tess_id, found.workdir) == (cell, TESS, "neb://any/gpc1/demo")
    assert found.warps == tuple(f"neb://any/gpc1/demo/w.wrp.{warp_id}.{cell}" for warp_id in (warps[0], warps[3]))


async def test_a_stack_waits_for_all_its_warps_and_ends_with_its_result(survey: Survey, rows: Gpc1Rows):
    warps = [rows.warp_done(rows.exposure(exp_id), ["skycell.1.1"]) for exp_id in (1, 2)]
    stack_id = rows.stack_run(warps, "skycell.1.1")
    rows.change(t.warp_run, {"warp_id": warps[1]}, state="update")
    assert await stack(survey, stack_id) is None
    rows.change(t.warp_run, {"warp_id": warps[1]}, state="full")
    assert await stack(survey, stack_id) is not None
    rows.add(t.stack_sum_skyfile, stack_id=stack_id, fault=0, quality=0)
    assert await stack(survey, stack_id) is None


# --- detrends


async def test_detrends_come_best_first_and_unregistered_last(survey: Survey, rows: Gpc1Rows):
    older = rows.detrend("FLAT", filter="r", registered=NIGHT - timedelta(days=9))
    newer = rows.detrend("FLAT", filter="r", registered=NIGHT)
    never = rows.detrend("FLAT", filter="r", registered=None)
    twin = rows.detrend("FLAT", filter="NULL", registered=NIGHT, time_begin=NIGHT)
    found = await survey.detrend_runs()
    assert [run.det_id for run in found] == [twin, newer, older, never]
    assert (found[0].filter, found[1].filter, found[0].time_begin, found[0].time_end) == (None, "r", NIGHT, None)


async def test_only_accepted_and_registered_detrends_that_are_finished_are_candidates(survey: Survey, rows: Gpc1Rows):
    good = {rows.detrend("MASK"), rows.detrend("DARK", mode="register"), rows.detrend("DARK", mode="correction")}
    rows.detrend("MASK", accept=0)
    rows.detrend("MASK", state="run")
    rows.detrend("MASK", mode="verify")
    assert {run.det_id for run in await survey.detrend_runs()} == good


async def test_the_iteration_of_a_built_detrend_is_the_one_that_was_accepted(survey: Survey, rows: Gpc1Rows):
    det_id = rows.detrend("MASK", iteration=5)
    rows.add(t.det_run_summary, det_id=det_id, iteration=3, accept=1, fault=0)
    assert [(run.det_id, run.iteration) for run in await survey.detrend_runs()] == [(det_id, 3), (det_id, 0)]


async def test_files_of_a_detrend_by_ota(survey: Survey, rows: Gpc1Rows):
    built = rows.detrend("MASK", otas=2)
    given = rows.detrend("DARK", otas=1, mode="register")
    files = await survey.detrend_files(built, 0)
    assert files == {ota: f"neb://any/detrends/mask.any.{built}/mask.any.{built}.{ota}.fits" for ota in ALL_OTAS[:2]}
    assert list(await survey.detrend_files(given, 0)) == [ALL_OTAS[0]]
    assert await survey.detrend_files(built, 1) == {}
    assert await survey.detrend_files(404, 0) == {}


async def test_files_of_a_detrend_that_was_not_accepted_or_is_gone_are_left_out(survey: Survey, rows: Gpc1Rows):
    assert await survey.detrend_files(rows.detrend("MASK", accept=0), 0) == {}
    assert await survey.detrend_files(rows.detrend("MASK", state="drop"), 0) == {}
    nowhere = rows.detrend("MASK", otas=2)
    rows.change(t.det_normalized_imfile, {"det_id": nowhere, "class_id": ALL_OTAS[0]}, uri="NULL")
    assert list(await survey.detrend_files(nowhere, 0)) == [ALL_OTAS[1]]
