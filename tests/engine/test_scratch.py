"""Scratch as the engine sees it: who waits, what is at risk, what may go, and what may not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.conftest import LABEL, ROOT, Bench

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.action import Level
from rpconsole.domain.fault import BadData, SiteRefused
from rpconsole.domain.filerules import Rule
from rpconsole.domain.scratch import DAY_S, HoldingState, ScratchPolicy, ScratchSettings
from rpconsole.domain.stage import Stage
from rpconsole.ports.site import Answer
from rpconsole.stages.leftovers import READ_BY_NOBODY, READ_LATER

QUICK = ScratchSettings(rules=ScratchPolicy(purge_days=14), look_s=1.0, relook_s=1.0)


def with_scratch(bench: Bench, settings: ScratchSettings = QUICK) -> None:
    bench.world = replace(bench.world, settings=replace(bench.world.settings, scratch=settings))


def leave_intermediates(bench: Bench) -> None:
    """What the real programs write beside their products."""
    pieces = {".ch.": Stage.CHIP, ".cm.": Stage.CAMERA, ".wrp.": Stage.WARP, ".stk.": Stage.STACK}
    for path in [path for path in bench.site.files if path.endswith(".dbinfo")]:
        stem = path.removesuffix(".dbinfo")
        stage = next(stage for piece, stage in pieces.items() if piece in path.rpartition("/")[2])
        for ending in (
            *(rule.value.replace(".{C}", "") for rule in READ_LATER[stage] if rule is not Rule.CAMERA_MASK),
            *READ_BY_NOBODY[stage],
        ):
            if stem + ending not in bench.site.files:
                bench.site.put(stem + ending, b"pixels")


async def until_full(bench: Bench, stage: Stage) -> None:
    def played() -> bool:
        bench.player.play()
        leave_intermediates(bench)
        return bench.states(stage) == ["full"]

    await bench.login()
    await bench.until(played)


def only(bench: Bench, *stages: Stage) -> None:
    (label,) = bench.world.settings.labels
    settings = replace(bench.world.settings, labels=(replace(label, stages=stages),))
    bench.world = replace(bench.world, settings=settings)


async def test_what_later_stages_need_is_known_with_its_purge(bench):
    with_scratch(bench)
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await until_full(bench, Stage.CHIP)
        await bench.until(lambda: any(one.seen for one in engine._core.scratch.holdings.values()))
        view = await engine.scratch()
    (held,) = view.holdings
    # four OTAs, of each image, mask, variance and sources
    assert (held.holding.files, held.holding.seen, held.holding.missing) == (16, 8, 0)
    assert held.holding.bytes == 16 * len(b"pixels")
    assert held.purge_at == pytest.approx(held.holding.oldest + 14 * DAY_S)
    assert view.room.source == "file system"


async def test_a_run_that_reads_it_is_as_urgent_as_its_purge(bench):
    with_scratch(bench)
    only(bench, Stage.CHIP, Stage.CAMERA)
    async with bench.running() as engine:
        await engine.set_gates(["exec"], open=True, who="op")
        await until_full(bench, Stage.CHIP)
        await engine.set_gates(["exec"], open=False, who="op")
        await bench.until(lambda: bench.states(Stage.CAMERA) == ["pending"] and bool(engine._core.situation().urgency))
        situation = engine._core.situation()
        view = await engine.scratch()
    (camera,) = [row["remote_id"] for row in bench.rows.all(t.remote_run, stage="camera")]
    assert view.holdings[0].readers == (camera,)
    assert situation.urgency == {camera: view.holdings[0].purge_at}


async def test_operators_are_told_before_files_are_purged_and_when_some_are_gone(bench):
    with_scratch(bench, replace(QUICK, rules=ScratchPolicy(purge_days=2)))
    only(bench, Stage.CHIP)

    def said(words: str) -> bool:
        return any(words in alert.sentence for alert in bench.engine.snapshot().alerts)

    async with bench.running():
        await until_full(bench, Stage.CHIP)
        await bench.until(lambda: said("chip files of run 1 that later stages need will be purged in 1 day"))
        gone = next(path for path in bench.site.files if path.endswith(".ch.fits"))
        del bench.site.files[gone]
        await bench.until(lambda: said("are gone from scratch: 1 of 8 that were looked at"))
        levels = {alert.level for alert in bench.engine.snapshot().alerts if "are gone" in alert.sentence}
    assert levels == {Level.ALERT}


async def test_new_exposures_wait_for_room_and_go_on_when_there_is_some(bench):
    with_scratch(bench, replace(QUICK, quota_command=("lfs", "quota", ROOT)))
    used = 800.0
    bench.site.programs["lfs"] = lambda argv: Answer(
        rc=0, out=f"Filesystem kbytes quota limit grace\n{ROOT} {int(used * 10**7)} {10**10} 0 - 1 0 0 -\n", err=""
    )
    (label,) = bench.world.settings.labels
    quiet = replace(bench.world.settings, labels=())
    bench.world = replace(bench.world, settings=quiet)
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: engine._core.scratch.room is not None)
        assert engine._core.scratch.room.source == "quota"
        used = 849.9
        await bench.until(lambda: engine._core.scratch.room.used == 8499 * 10**6 * 1024)
        order = {"stage": Stage.CHIP, "label": LABEL, "path_base": label.path_base}
        await _define(engine, **order)
        await bench.until(lambda: "scratch would overflow" in str([run.why for run in engine.snapshot().runs]))
        assert bench.states(Stage.CHIP) == ["new"]
        assert (await engine.scratch()).waiting[0].remote_id == 1
        used = 100
        await bench.until(lambda: bench.states(Stage.CHIP) != ["new"])


async def _define(engine, **words) -> None:
    from rpconsole.ports.run_store import DefineOrder

    await engine.define(DefineOrder(**words), "op")


async def test_a_quota_program_that_does_not_help_is_told_once_and_the_file_system_asked(bench):
    with_scratch(bench, replace(QUICK, quota_command=("lfs", "quota", ROOT), limit_bytes=10**9))
    bench.site.programs["lfs"] = lambda argv: Answer(rc=1, out="", err="lfs: no such file system\n")
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: engine._core.scratch.room is not None)
        for _ in range(5):
            await bench.clock.advance(2.0)
        room = engine._core.scratch.room
        sentences = [alert.sentence for alert in engine.snapshot().alerts if "lfs" in alert.sentence]
    assert (room.source, room.total) == ("file system", 10**9)
    assert sentences == [f"'lfs quota {ROOT}' does not help: lfs: no such file system"]


async def test_a_quota_program_that_is_not_there_leaves_the_file_system_to_be_asked(bench):
    with_scratch(bench, replace(QUICK, quota_command=("/no/such/lfs", "quota")))

    def refused(argv):
        raise SiteRefused("there is no program /no/such/lfs")

    bench.site.programs["/no/such/lfs"] = refused
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: engine._core.scratch.room is not None)
        assert engine._core.scratch.room.source == "file system"
        said = [alert.sentence for alert in engine.snapshot().alerts]
    assert "'/no/such/lfs quota' does not help: there is no program /no/such/lfs" in said


async def test_when_the_last_reader_ends_what_it_read_is_looked_at_at_once(bench):
    with_scratch(bench, replace(QUICK, relook_s=1e9))
    async with bench.running() as engine:
        await until_full(bench, Stage.STACK)
        states = lambda: {one.state for one in engine._core.scratch.holdings.values()}  # noqa: E731
        await bench.until(lambda: len(engine._core.scratch.holdings) == 4 and states() == {HoldingState.SPENT})


# -- what may go ---------------------------------------------------------------------------------------------------------


async def test_when_all_is_full_nobody_needs_what_lies_there_but_what_several_share(bench):
    with_scratch(bench)
    async with bench.running() as engine:
        await until_full(bench, Stage.STACK)
        runs = [row["remote_id"] for row in bench.rows.all(t.remote_run)]
        safe = await engine.safe_files(runs)
        assert [one.kept for one in safe] == [()] * 4
        assert len(await engine.safe_files([1, 1])) == 1, "a run that is named twice is looked at once"
        kinds = {file.kind for file in safe[0].files}
        assert kinds == {"input", "product", "intermediate"}
        paths = {file.remote for one in safe for file in one.files}
        assert not any("detrend" in path or "flat" in path.lower() for path in paths)
        before = set(bench.site.files)
        done = await engine.clean_scratch(runs, "op")
        assert sum(one.removed for one in done) == len(paths & before)
    left = set(bench.site.files)
    assert not paths & left
    assert not [path for path in left if path.endswith((".fits", ".cmf", ".trace")) and "/tmp/" not in path]
    assert await bench.journal.holdings.holdings() == []
    assert any(act.what.startswith("remove ") for act in await bench.journal.operations.acts())


async def test_a_look_that_is_under_way_does_not_bring_back_what_is_removed_meanwhile(bench, monkeypatch):
    with_scratch(bench)
    async with bench.running() as engine:
        await until_full(bench, Stage.STACK)
        runs = [row["remote_id"] for row in bench.rows.all(t.remote_run)]
        reached, go_on, plain = asyncio.Event(), asyncio.Event(), bench.world.runs.components

        async def slow(*asked):
            reached.set()
            await go_on.wait()
            return await plain(*asked)

        monkeypatch.setattr(bench.world.runs, "components", slow)
        watch = engine._core.scratch
        for number in runs:
            watch.look_again(number)
        look = asyncio.create_task(watch.look([], session=True))
        await reached.wait()
        # the last one first: the look comes to what is gone already
        cleaning = asyncio.create_task(engine.clean_scratch(runs[::-1], "op"))
        await asyncio.wait({cleaning}, timeout=1.0)
        go_on.set()
        await asyncio.gather(look, cleaning)
        assert await bench.journal.holdings.holdings() == []


async def test_what_a_later_stage_has_not_read_stays(bench):
    with_scratch(bench)
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await until_full(bench, Stage.CHIP)
        (safe,) = await engine.safe_files([1])
        await engine.clean_scratch([1], "op")
    needed = [path for path in bench.site.files if path.endswith((".ch.fits", ".ch.mk.fits", ".ch.wt.fits", ".cmf"))]
    assert len(needed) == 16
    assert not {file.remote for file in safe.files} & set(needed)
    assert "later stages have not yet read 2 of its 2 components" in safe.kept[0]
    (held,) = await bench.journal.holdings.holdings()
    assert held.state is HoldingState.NEEDED


async def test_a_product_that_is_not_home_as_it_left_and_a_changed_input_stay(bench):
    with_scratch(bench)
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await until_full(bench, Stage.CHIP)
        before = {file.remote: file for file in (await engine.safe_files([1]))[0].files}
        manifest = [
            json.loads(line) for line in next((bench.folder / "ipp").rglob("*.manifest.jsonl")).read_text().splitlines()
        ]
        products = [record for record in manifest if record["role"] == "product" and record["remote"] in before]
        inputs = [record for record in manifest if record["role"] == "input" and record["remote"] in before]
        for record in (products[0], inputs[0]):
            path = Path(record["local"])
            path.write_bytes(path.read_bytes() + b"more")
        Path(products[1]["local"]).unlink()
        after = {file.remote for file in (await engine.safe_files([1]))[0].files}
    gone = {products[0]["remote"], products[1]["remote"], inputs[0]["remote"]}
    assert gone <= set(before)
    assert not gone & after


async def test_what_failed_stays_until_it_is_repeated(bench):
    with_scratch(bench)
    only(bench, Stage.CHIP)
    first: list[str] = []

    def one_fails(line: str) -> str:
        first.append(line)
        return "fail" if line == first[0] else "pass"

    bench.player.verdict = one_fails
    async with bench.running() as engine:
        await until_full(bench, Stage.CHIP)
        (safe,) = await engine.safe_files([1])
    assert any("1 of its components failed" in sentence for sentence in safe.kept)
    assert {file.kind for file in safe.files} == {"input", "product", "intermediate"}
    (failed,) = [row["stage_id"] for row in bench.rows.all(t.remote_component, state="fail")]
    name = bench.rows.one(t.chip_run, chip_id=failed)["exp_id"]
    tag = bench.rows.one(t.raw_exp, exp_id=name)["exp_name"]
    assert not [file for file in safe.files if file.kind == "input" and tag in file.remote]


async def test_a_run_that_is_not_full_has_nothing_to_give(bench):
    with_scratch(bench)
    async with bench.running() as engine:
        await bench.until(lambda: bench.states(Stage.CHIP) == ["pending"])
        with pytest.raises(BadData, match="run 1 is 'pending': only what a full run left"):
            await engine.safe_files([1])
        with pytest.raises(BadData, match="there is no run 99"):
            await engine.clean_scratch([99], "op")
        assert await engine.safe_files([]) == []


async def test_without_a_session_the_books_are_shown_and_nothing_is_asked_of_the_site(bench):
    with_scratch(bench)
    async with bench.running() as engine:
        await bench.until(lambda: bench.states(Stage.CHIP) == ["pending"])
        view = await engine.scratch()
    assert view.room is None
    assert "disk" not in bench.site.calls
