"""remotetool beside a running engine: what it defines is executed, what it changes is followed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.remote_rows import SqlRemoteRows
from rpconsole.domain.stage import Stage
from rpconsole.ports.remote_rows import Bundle, Which


@pytest.fixture
def tool(bench) -> SqlRemoteRows:
    """On an engine that defines nothing by itself."""
    bench.world = replace(bench.world, settings=replace(bench.world.settings, labels=()))
    return SqlRemoteRows(bench.gpc1)


BUNDLE = Bundle(stage="chip", labels=("DEMO",), set_label="BY.HAND", path_base="neb://any/remote/BY.HAND")


async def test_a_run_that_a_script_defines_is_executed_and_a_reverted_component_taken_up_again(bench, tool):
    bench.player.verdict = lambda line: "fail" if "-chip_id 1 -class_id XY01" in line else "pass"
    async with bench.running():
        await bench.login()
        first = (await tool.bundle(BUNDLE)).remote_id
        await bench.until(lambda: (bench.player.play() or bench.states()) == ["full"])
        assert bench.rows.count(t.chip_processed_imfile) == 3
        failed = Which(run={"remote_id": (first,)}, component={"state": ("prep_fail", "fail")})
        assert await tool.change_components(failed, {"state": "retry"}) == 1
        bench.player.verdict = lambda line: "pass"
        assert (await tool.bundle(BUNDLE)).stage_ids == (1,)
        await bench.until(lambda: (bench.player.play() or bench.states()) == ["full", "full"])
    assert bench.rows.count(t.chip_processed_imfile) == 4
    assert {row["label"] for row in bench.rows.all(t.remote_run)} == {"BY.HAND"}


async def test_a_run_that_a_script_stops_stays_stopped_and_one_that_it_sets_back_goes_on(bench, tool):
    async with bench.running():
        await bench.login()
        remote_id = (await tool.bundle(BUNDLE)).remote_id
        await bench.until(lambda: bench.states(Stage.CHIP) == ["run"])
        one = Which(run={"remote_id": (remote_id,)})
        await tool.change_runs(one, {"state": "error"})
        await bench.until(lambda: bench.engine.snapshot().runs[0].state == "error")
        bench.player.play()
        for _ in range(10):
            await bench.clock.advance(5.0)
        assert bench.states() == ["error"]
        await tool.change_runs(one, {"state": "run"})
        await bench.until(lambda: bench.states() == ["full"])
    assert len(bench.site.moab.jobs) == 1


async def test_a_run_that_was_ours_is_handed_over_by_setting_it_back_to_new(bench, tool):
    async with bench.running() as engine:
        await bench.login()
        remote_id = (await tool.bundle(BUNDLE)).remote_id
        await bench.until(lambda: bench.states(Stage.CHIP) == ["run"])
        script = bench.folder / "ipp" / "remote" / "BY.HAND" / f"remote_chip.{remote_id}.cmd"
        assert "/rpconsole/stask" in script.read_text()
        await engine.set_gates(["exec"], open=False, who="op")
        await tool.change_runs(Which(run={"remote_id": (remote_id,)}), {"state": "new"})
        await bench.until(lambda: bench.states() == ["pending"] and "/stask_chip.py " in script.read_text())
    assert {row["state"] for row in bench.rows.all(t.remote_component)} == {"prep_done"}
