"""What feeds what and who still reads, on each database."""

from __future__ import annotations

import pytest
from tests.builders.gpc1 import Gpc1Rows

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.engine import Gpc1
from rpconsole.adapters.gpc1.lineage import SqlLineage
from rpconsole.domain.stage import Stage

SKYCELL = "skycell.1234.056"


@pytest.fixture
def lineage(gpc1: Gpc1) -> SqlLineage:
    return SqlLineage(gpc1)


def remote(rows: Gpc1Rows, stage: str, stage_ids: list[int], state: str = "pass") -> int:
    run = rows.add(t.remote_run, state="full", stage=stage, label="L", path_base="/d", job_id=-1, fault=0)
    for stage_id in stage_ids:
        rows.add_many(t.remote_component, [{"remote_id": run, "stage_id": stage_id, "jobs": 1, "state": state}])
    return run


def an_exposure(rows: Gpc1Rows, exp_id: int) -> tuple[int, int, int]:
    """chip, camera and warp of one exposure."""
    rows.exposure(exp_id, otas=1)
    chip = rows.chip_run(exp_id)
    cam = rows.cam_run(chip)
    return chip, cam, rows.warp_after(rows.fake_run(cam))


async def test_each_stage_is_fed_by_the_runs_that_made_what_it_reads(rows, lineage):
    one, other = an_exposure(rows, 1), an_exposure(rows, 2)
    chips = [remote(rows, "chip", [one[0]]), remote(rows, "chip", [other[0]])]
    failed = remote(rows, "chip", [other[0]], state="fail")
    camera = remote(rows, "camera", [one[1], other[1]])
    warps = [remote(rows, "warp", [one[2]]), remote(rows, "warp", [other[2]])]
    stack = rows.stack_run([one[2], other[2]], SKYCELL)
    stacking = remote(rows, "stack", [stack])
    feeding = await lineage.feeding([*chips, failed, camera, *warps, stacking])
    assert feeding == {
        camera: frozenset(chips),
        warps[0]: frozenset({camera, chips[0]}),
        warps[1]: frozenset({camera, chips[1]}),
        stacking: frozenset(warps),
    }
    assert await lineage.feeding([]) == {}


async def test_a_number_of_another_stage_is_not_taken_for_ours(rows, lineage):
    """A chip and a warp may have the same number."""
    chip, cam, _ = an_exposure(rows, 1)
    remote(rows, "warp", [chip])
    assert await lineage.feeding([remote(rows, "camera", [cam])]) == {}


async def test_chips_and_camera_are_needed_until_the_warp_is_full(rows, lineage):
    chip, cam, warp = an_exposure(rows, 1)
    for table, key in ((t.chip_run, {"chip_id": chip}), (t.cam_run, {"cam_id": cam}), (t.fake_run, {"cam_id": cam})):
        rows.change(table, key, state="full")
    assert await lineage.unspent(Stage.CHIP, [chip, 99]) == {chip}
    assert await lineage.unspent(Stage.CAMERA, [cam]) == {cam}
    rows.change(t.warp_run, {"warp_id": warp}, state="full")
    assert await lineage.unspent(Stage.CHIP, [chip]) == set()
    assert await lineage.unspent(Stage.CAMERA, [cam]) == set()


async def test_an_exposure_that_ends_with_its_chips_needs_them_no_more(rows, lineage):
    rows.exposure(1, otas=1)
    chip = rows.chip_run(1, end_stage="chip", state="full")
    waiting = rows.chip_run(1, end_stage="NULL")
    assert await lineage.unspent(Stage.CHIP, [chip, waiting]) == {waiting}


async def test_warps_are_needed_until_their_stacks_are_full(rows, lineage):
    for exp_id in (1, 2):
        rows.exposure(exp_id, otas=1)
    warps = [rows.warp_done(exp_id, [SKYCELL]) for exp_id in (1, 2)]
    assert await lineage.unspent(Stage.WARP, warps) == set(warps)
    stack = rows.stack_run(warps, SKYCELL)
    assert await lineage.unspent(Stage.WARP, warps) == set(warps)
    rows.change(t.stack_run, {"stack_id": stack}, state="full")
    assert await lineage.unspent(Stage.WARP, warps) == set()
    assert await lineage.unspent(Stage.STACK, [stack]) == set()


async def test_priorities_are_the_labels_own_and_a_label_without_a_number_has_none(rows, lineage):
    rows.label_row("HIGH", priority=20_000)
    rows.label_row("NONE", priority=None)
    assert await lineage.priorities() == {"HIGH": 20_000}


async def test_a_second_camera_run_whose_warp_is_not_registered_yet_keeps_the_chips(rows, lineage):
    chip, cam, warp = an_exposure(rows, 1)
    for table, key in ((t.chip_run, {"chip_id": chip}), (t.cam_run, {"cam_id": cam}), (t.warp_run, {"warp_id": warp})):
        rows.change(table, key, state="full")
    rows.change(t.fake_run, {"cam_id": cam}, state="full")
    assert await lineage.unspent(Stage.CHIP, [chip]) == set()
    second = rows.cam_run(chip, state="full")
    rows.fake_run(second)
    assert await lineage.unspent(Stage.CHIP, [chip]) == {chip}
    assert await lineage.unspent(Stage.CAMERA, [cam, second]) == {second}


async def test_what_is_made_again_is_needed_though_all_that_read_it_has_ended(rows, lineage):
    chip, cam, warp = an_exposure(rows, 1)
    for table, key in ((t.cam_run, {"cam_id": cam}), (t.fake_run, {"cam_id": cam}), (t.warp_run, {"warp_id": warp})):
        rows.change(table, key, state="full")
    assert await lineage.unspent(Stage.CHIP, [chip]) == {chip}
    rows.change(t.chip_run, {"chip_id": chip}, state="full")
    assert await lineage.unspent(Stage.CHIP, [chip]) == set()


async def test_an_exposure_that_camera_found_useless_needs_its_chips_no_more(rows, lineage):
    rows.exposure(1, otas=1)
    chip = rows.chip_done(1)
    cam = rows.cam_done(chip)
    assert await lineage.unspent(Stage.CHIP, [chip]) == {chip}
    rows.change(t.cam_processed_exp, {"cam_id": cam}, quality=4007)
    assert await lineage.unspent(Stage.CHIP, [chip]) == set()


async def test_a_dropped_stack_and_one_of_another_tessellation_have_read_no_warp(rows, lineage):
    for exp_id in (1, 2):
        rows.exposure(exp_id, otas=1)
    warps = [rows.warp_done(exp_id, [SKYCELL]) for exp_id in (1, 2)]
    rows.stack_run(warps, SKYCELL, state="drop")
    rows.stack_run(warps, SKYCELL, state="full", tess_id="LOCAL")
    assert await lineage.unspent(Stage.WARP, warps) == set(warps)
