"""The memory of costs, and which filter stage runs are of."""

from __future__ import annotations

import pytest
from tests.builders.gpc1 import Gpc1Rows

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.survey import SqlSurvey
from rpconsole.adapters.journal.opening import open_journal, reading_costs
from rpconsole.domain.cost import TaskCost
from rpconsole.domain.stage import Stage


def a_cost(remote_id: int, **changes) -> TaskCost:
    plain = {"stage": Stage.CHIP, "label": "L", "filter": "g.00000", "tasks": 60, "wall_s": 6000.0, "longest_s": 300.0}
    return TaskCost(remote_id=remote_id, **{**plain, **changes})


@pytest.fixture
async def costs(journal_url):
    journal = await open_journal(journal_url, database="gpc1", site="lanl")
    yield journal.costs
    await journal.close()


async def test_costs_come_back_newest_run_first_of_the_stage_and_label_that_was_asked(costs):
    mine = [a_cost(1), a_cost(2), a_cost(2, filter="r.00000", max_rss_kb=3 << 40)]
    others = [a_cost(3, stage=Stage.WARP), a_cost(4, label="OTHER"), a_cost(5, label="l")]
    await costs.record([*mine, *others])
    assert await costs.recent(Stage.CHIP, label="L") == [mine[1], mine[2], mine[0]]
    assert {cost.remote_id for cost in await costs.recent(Stage.CHIP)} == {1, 2, 4, 5}
    assert len(await costs.recent(Stage.CHIP, label="L", limit=2)) == 2


async def test_a_run_that_is_looked_at_again_is_not_counted_twice(costs):
    await costs.record([a_cost(1)])
    await costs.record([a_cost(1, tasks=59)])
    await costs.record([])
    assert [cost.tasks for cost in await costs.recent(Stage.CHIP)] == [59]


async def test_two_sites_and_two_databases_learn_apart(costs, journal_url):
    await costs.record([a_cost(1)])
    for database, site in (("gpc1", "uhcray"), ("other", "lanl")):
        other = await open_journal(journal_url, database=database, site=site)
        assert await other.costs.recent(Stage.CHIP) == []
        await other.close()


async def test_reading_makes_no_journal_where_there_is_none(tmp_path):
    async with reading_costs(f"sqlite:///{tmp_path}/none/journal.db", database="gpc1", site="lanl") as none:
        assert none is None
    assert not (tmp_path / "none").exists()


async def test_a_stage_run_is_of_its_exposure_s_filter(rows: Gpc1Rows, survey: SqlSurvey):
    exp_id = rows.exposure(1, otas=1)
    nameless = rows.exposure(2, otas=1)
    rows.change(t.raw_exp, {"exp_id": exp_id}, filter="r.00000")
    rows.change(t.raw_exp, {"exp_id": nameless}, filter="NULL")
    chip_id, nobody = rows.chip_run(exp_id), rows.chip_run(nameless)
    assert await survey.filters(Stage.CHIP, [chip_id, nobody, 99]) == {chip_id: "r.00000"}
    cam_id = rows.cam_run(chip_id)
    assert await survey.filters(Stage.CAMERA, [cam_id]) == {cam_id: "r.00000"}
    warp_id = rows.warp_after(rows.fake_run(cam_id))
    assert await survey.filters(Stage.WARP, [warp_id]) == {warp_id: "r.00000"}
    assert await survey.filters(Stage.WARP, []) == {}
