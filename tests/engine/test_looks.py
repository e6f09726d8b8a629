"""What a person looks at: the commands of a component with what became of them, and what an order would do."""

from __future__ import annotations

import pytest
from tests.engine.test_survival import only

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.fault import BadData
from rpconsole.domain.stage import Stage


def stand(bench):
    """Everything that an order could change."""
    return bench.rows.all(t.remote_run), bench.rows.all(t.remote_component)


async def test_each_command_says_for_which_item_it_is_and_how_it_ended(bench):
    only(bench, Stage.CHIP)
    bench.player.verdict = lambda line: "fail" if "ch.1.XY01" in line else "pass"
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
        component = (await engine.run_detail(1)).components[0].stage_id
        page = await engine.commands(1, component)
        failed = await engine.commands(1, failed=True)
        rest = await engine.commands(1, offset=1, limit=1)
        whole = await engine.commands(1)
    assert page.unread == ""
    assert page.count == len(page.commands) < whole.count
    assert {one.stage_id for one in page.commands} == {component}
    assert {one.state for one in whole.commands} == {"pass", "fail"}
    assert all(one.item in one.command for one in whole.commands)
    assert {one.item for one in failed.commands} == {"XY01"}
    assert {(one.attempts, one.code, one.node) for one in failed.commands} == {(3, 1, "mu001")}
    assert rest.commands == whole.commands[1:2]
    assert rest.count == whole.count


async def test_before_the_job_every_command_waits_and_it_is_said_why(bench):
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await bench.until(lambda: any(run.step == "ship" for run in engine.snapshot().runs))
        page = await engine.commands(1)
    assert page.unread == "its job was not submitted yet"
    assert {one.state for one in page.commands} == {"waiting"}


async def test_a_component_that_there_is_not_is_a_sentence(bench):
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await bench.until(lambda: any(run.step == "ship" for run in engine.snapshot().runs))
        with pytest.raises(BadData, match="run 1 has no component 99"):
            await engine.commands(1, 99)


async def test_a_preview_of_cancel_names_the_command_and_changes_nothing(bench):
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bench.states() == ["run"])
        before = stand(bench)
        (found,) = await engine.preview("cancel", [1], "op")
        assert stand(bench) == before
    assert found.site == ("canceljob Moab.1",)
    assert found.refused == ""
    assert "cancelled" in found.then


async def test_a_preview_of_what_does_not_fit_says_so(bench):
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
        (cancel,) = await engine.preview("cancel", [1], "op")
        (revert,) = await engine.preview("revert", [1], "op")
    assert cancel.refused
    assert (cancel.site, cancel.rows) == ((), ())
    assert revert.refused == "it has no failed component"


async def test_rebundle_makes_a_new_run_of_what_failed(bench):
    only(bench, Stage.CHIP)
    bench.player.verdict = lambda line: "fail" if "ch.1.XY01" in line else "pass"
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
        (told,) = await engine.preview("rebundle", [1], "op")
        said = await engine.rebundle(1, "op")
    assert "state = 'retry' WHERE remote_id = 1" in told.rows[0]
    assert "INSERT remoteRun" in told.rows[1]
    assert said.startswith(("run 2 was made of", "2 components", "1 components"))
    assert {row["state"] for row in bench.rows.all(t.remote_component) if row["remote_id"] == 1} >= {"retry"}
