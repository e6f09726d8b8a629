"""What a full run left and another run of its stage works on again, or reads, is not for removal."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.test_scratch import leave_intermediates, only, until_full, with_scratch

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.stage import Stage


def end_what_follows(rows) -> None:
    """Camera and warp of every chip run, as if they had been done elsewhere."""
    for cam in rows.all(t.cam_run):
        rows.change(t.cam_run, {"cam_id": cam["cam_id"]}, state="full")
        rows.warp_after(rows.fake_run(cam["cam_id"], state="full"), state="full")


def reopen(rows, chip_id: int) -> None:
    """A person wants it processed again: the results go, and its component may be bundled anew."""
    with rows._engine.begin() as connection:
        connection.execute(t.chip_processed_imfile.delete().where(t.chip_processed_imfile.c.chip_id == chip_id))
    rows.change(t.chip_run, {"chip_id": chip_id}, state="new")
    rows.change(t.remote_component, {"remote_id": 1, "stage_id": chip_id}, state="retry")


async def test_what_a_second_run_makes_again_under_the_same_names_stays(bench):
    with_scratch(bench)
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await until_full(bench, Stage.CHIP)
        end_what_follows(bench.rows)
        first, second = (row["chip_id"] for row in bench.rows.all(t.chip_run))
        before = {file.remote for file in (await engine.safe_files([1]))[0].files}
        reopen(bench.rows, first)
        await bench.until(lambda: bench.states() == ["full", "run"])
        # somebody else's bookkeeping calls the exposure done while its job still runs
        bench.rows.change(t.chip_run, {"chip_id": first}, state="full")
        (safe,) = await engine.safe_files([1])
        left = {file.remote for file in safe.files}
    tags = {
        chip: bench.rows.one(t.raw_exp, exp_id=bench.rows.one(t.chip_run, chip_id=chip)["exp_id"])["exp_name"]
        for chip in (first, second)
    }
    assert any(tags[first] in path for path in before)
    assert not [path for path in left if tags[first] in path and "/tmp/" not in path]
    # its raw images are read by that job
    assert not [path for path in left if tags[first] in path and path.endswith((".fits", ".tbl"))]
    assert [path for path in left if tags[second] in path]
    assert any("making 10 of its products again" in sentence for sentence in safe.kept)


async def test_inputs_stay_while_it_cannot_be_told_what_another_run_reads_and_the_rest_may_go(bench):
    with_scratch(bench)
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await until_full(bench, Stage.CHIP)
        end_what_follows(bench.rows)
        bench.rows.add(t.remote_run, state="run", stage="chip", label="X", path_base="(null)", job_id=7, fault=0)
        await bench.until(lambda: len(engine._core.book.runs) == 2)
        (safe,) = await engine.safe_files([1])
    assert {file.kind for file in safe.files} == {"product", "intermediate"}
    assert any("what run 2 reads cannot be told" in sentence for sentence in safe.kept)


async def test_inputs_of_a_run_that_is_being_sent_stay(bench):
    """They were looked at when it was shipped, and its job may begin at any moment."""
    with_scratch(bench)
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await until_full(bench, Stage.CHIP)
        end_what_follows(bench.rows)
        inputs = {file.remote for file in (await engine.safe_files([1]))[0].files if file.kind == "input"}
        await engine.set_gates(["exec"], open=False, who="op")
        exp_id = bench.rows.all(t.chip_run)[0]["exp_id"]
        bench.rows.chip_run(exp_id, label=bench.world.settings.labels[0].label)
        await bench.until(lambda: bench.states() == ["full", "pending"])
        left = {file.remote for file in (await engine.safe_files([1]))[0].files if file.kind == "input"}
    assert len(left) == len(inputs) // 2


async def test_each_run_is_proven_again_right_before_its_files_are_removed(bench, monkeypatch):
    """To remove what one run left may take minutes, in which the next one's files are wanted again."""
    with_scratch(bench)
    only(bench, Stage.CHIP)
    (label,) = bench.world.settings.labels
    bench.world = replace(bench.world, settings=replace(bench.world.settings, labels=(replace(label, limit=1),)))
    async with bench.running() as engine:
        await bench.login()

        def played() -> bool:
            bench.player.play()
            leave_intermediates(bench)
            return bool(bench.states() == ["full", "full"])

        await bench.until(played)
        end_what_follows(bench.rows)
        second = bench.rows.one(t.remote_component, remote_id=2)["stage_id"]
        plain = bench.world.site.remove

        async def slowly(root, paths):
            bench.rows.change(t.chip_run, {"chip_id": second}, state="update")
            return await plain(root, paths)

        monkeypatch.setattr(bench.world.site, "remove", slowly)
        await engine.clean_scratch([1, 2], "op")
    pixels = [path for path in bench.site.files if path.endswith((".ch.fits", ".cmf"))]
    assert len(pixels) == 4
    assert all(f".ch.{second}." in path for path in pixels)
