"""Allocations learn from tasks that have ended."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.conftest import LABEL, Bench

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.allocation import SitePlan, series_for
from rpconsole.domain.cost import TaskCost, learned_from
from rpconsole.domain.stage import Stage
from rpconsole.engine.costs import weighed


def script_of(bench: Bench) -> str:
    """The first job's script, as it was shipped."""
    (job, *_) = bench.site.moab.jobs.values()
    return bench.site.files[job.argv[-1]].data.decode()


async def until_submitted(bench: Bench) -> None:
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bool(bench.site.moab.jobs))


async def test_a_finished_run_leaves_what_its_tasks_cost_by_filter(bench):
    async with bench.running():
        await bench.login()
        await bench.until(lambda: (bench.player.play() or bench.states(Stage.CHIP)) == ["full"])
    (cost,) = await bench.journal.costs.recent(Stage.CHIP, label=LABEL)
    assert (cost.tasks, cost.wall_s, cost.longest_s) == (4, 4.0, 1.0)
    assert cost.filter


async def test_a_task_that_outlasts_every_job_is_a_clock_that_was_set_and_teaches_nothing(bench):
    plain = bench.player._note

    def leap(stem: str, record: dict) -> None:
        plain(stem, {**record, "wall_s": 1e12} if record.get("task") == 1 and "wall_s" in record else record)

    bench.player._note = leap
    async with bench.running():
        await bench.login()
        await bench.until(lambda: (bench.player.play() or bench.states(Stage.CHIP)) == ["full"])
    (cost,) = await bench.journal.costs.recent(Stage.CHIP, label=LABEL)
    assert (cost.tasks, cost.longest_s) == (3, 1.0)


async def test_the_next_job_is_asked_for_by_what_was_learned(bench):
    long = TaskCost(
        remote_id=99, stage=Stage.CHIP, label=LABEL, filter="", tasks=400, wall_s=400 * 36_000.0, longest_s=40_000.0
    )
    await bench.journal.costs.record([long])
    await until_submitted(bench)
    # 4 commands × 2 threads / 24 cores × 10 h = 3.3 node hours
    assert "nodes=5:" in script_of(bench)
    assert [asked.nodes for asked in bench.world.asked.values()] == [5]


async def test_learning_can_be_turned_off(bench):
    long = TaskCost(remote_id=99, stage=Stage.CHIP, label=LABEL, filter="", tasks=400, wall_s=4e7, longest_s=1e5)
    await bench.journal.costs.record([long])
    bench.world = replace(bench.world, settings=replace(bench.world.settings, learn_costs=False))
    await until_submitted(bench)
    assert "nodes=1:" in script_of(bench)


async def test_a_label_is_cut_into_runs_of_what_one_job_of_the_site_takes(bench):
    small = SitePlan(proc_per_node=1, max_nodes=1, max_hours=2, cost_h=dict.fromkeys(Stage, 0.004))
    bench.world = replace(bench.world, settings=replace(bench.world.settings, plan=small))
    assert small.most_components(Stage.CHIP) == 1
    async with bench.running():
        await bench.until(lambda: bench.states(Stage.CHIP) == ["pending", "pending"])


async def test_a_run_beyond_one_job_has_tries_beside_the_jobs_that_it_needs_anyway(bench):
    """Two commands a run and room for one in a job: two jobs, though one is all that the policy gives."""
    small = SitePlan(proc_per_node=1, max_nodes=1, max_hours=1, cost_h=dict.fromkeys(Stage, 0.3))
    assert series_for(Stage.CHIP, 2, small).jobs == 2
    settings = bench.world.settings
    (label,) = settings.labels
    changes = {"plan": small, "retry": replace(settings.retry, job_attempts=1)}
    changes["labels"] = (replace(label, stages=(Stage.CHIP,)),)
    bench.world = replace(bench.world, settings=replace(settings, **changes))
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bench.player.play(cut_after=1) or bench.states() == ["full", "full"])
    assert len(bench.site.moab.jobs) == 4
    assert {row["state"] for row in bench.rows.all(t.remote_component)} == {"pass"}


def test_commands_of_several_filters_are_weighed_by_their_number():
    def learned(mean_s: float, of: str):
        cost = TaskCost(
            remote_id=1, stage=Stage.CHIP, label="L", filter="", tasks=100, wall_s=100 * mean_s, longest_s=mean_s
        )
        return learned_from([cost], of)

    both = weighed([(learned(100.0, "g"), 30), (learned(200.0, "r"), 10)])
    assert (both.mean_s, both.longest_s, both.of) == (125.0, 200.0, "g and r")
    assert weighed([(learned(100.0, "g"), 30), (None, 1)]) is None
    assert weighed([(learned(100.0, "g"), 30), (None, 0)]).mean_s == 100.0
    assert weighed([]) is None
