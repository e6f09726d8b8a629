"""What commands cost, how many jobs they make, and how much fills a job."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rpconsole.domain.allocation import allocation_for, filling_of, series_for
from rpconsole.domain.cost import (
    COMMANDS_EACH,
    LEAST_TASKS,
    OTHER_STAGES,
    THREADING,
    TaskCost,
    best_learned,
    job_ratio,
    learned_from,
)
from rpconsole.domain.known_sites import KNOWN_SITES
from rpconsole.domain.stage import Stage

LANL, UHCRAY = KNOWN_SITES["lanl"], KNOWN_SITES["uhcray"]


def a_cost(remote_id: int = 1, **changes) -> TaskCost:
    plain = {"stage": Stage.CHIP, "label": "L", "filter": "g.00000", "tasks": 60, "wall_s": 6000.0, "longest_s": 300.0}
    return TaskCost(remote_id=remote_id, **{**plain, **changes})


@pytest.mark.parametrize(
    ("name", "commands", "site", "nodes", "hours"),
    [
        ("staticsky", 50, LANL, 33, 3),
        ("diff", 3_500, LANL, 31, 2),
        ("ff", 500, LANL, 5, 2),
        # the old scripts' 21 nodes for 2 h and 2 h are more than the site's 10: cut, for as many node hours
        ("staticsky", 50, UHCRAY, 10, 7),
    ],
)
def test_stages_that_are_only_reckoned_with_come_out_as_the_survey_s(name, commands, site, nodes, hours):
    asked = allocation_for(Stage.STACK, commands, site.for_other(OTHER_STAGES[name]))
    assert (asked.nodes, asked.hours, asked.fits) == (nodes, hours, True)
    assert f"{commands} {name} commands" in asked.reasons[0]


@pytest.mark.parametrize(("stage", "exposures"), [(Stage.CHIP, 525), (Stage.CAMERA, 2750), (Stage.WARP, 1000)])
def test_the_survey_s_estimate_for_eight_hours_on_five_nodes_comes_out(stage, exposures):
    filling = filling_of(stage, 5, 8, LANL)
    assert filling.exposures == exposures
    assert filling.commands == exposures * COMMANDS_EACH[stage]
    assert filling.node_hours == 40


@given(st.sampled_from(Stage), st.integers(3, 100), st.integers(3, 8))
def test_what_is_planned_cautiously_really_fits_into_the_job(stage, nodes, hours):
    cautious = filling_of(stage, nodes, hours, LANL).cautious
    if cautious:
        asked = allocation_for(stage, cautious * COMMANDS_EACH[stage], LANL.for_hours(stage, hours))
        assert (asked.nodes <= nodes + LANL.multiplier[stage], asked.hours <= hours) == (True, True)


def test_a_job_too_short_for_its_safety_hours_is_planned_with_nothing():
    assert filling_of(Stage.STACK, 5, 2, LANL).cautious == 0


def test_beyond_the_limits_several_jobs_are_asked_for_and_each_fits_with_its_safety():
    series = series_for(Stage.CHIP, 37_200, UHCRAY)
    assert (series.jobs, series.commands_each) == (3, 12_400)
    assert (series.each.nodes, series.each.hours, series.each.fits, series.node_hours) == (10, 8, True, 240)


@given(st.sampled_from(Stage), st.integers(0, 10**6))
@example(Stage.CHIP, 362_854)
def test_a_series_reaches_every_command_and_each_job_fits(stage, commands):
    series = series_for(stage, commands, UHCRAY)
    assert series.jobs * series.commands_each >= commands
    assert series.each.fits
    assert not any("cut to the site's 8" in reason for reason in series.each.reasons)


def test_a_wish_for_long_jobs_takes_fewer_nodes():
    asked = allocation_for(Stage.CHIP, 37_200, LANL.for_hours(Stage.CHIP, 8))
    assert (asked.nodes, asked.hours) == (24, 8)


def test_what_is_burnt_is_said_with_the_share_that_is_work():
    assert allocation_for(Stage.CHIP, 37_200, LANL).reasons[-1] == (
        "burns 324 node hours if it uses its whole time: 162 nodes × 2 h, 40% of them work"
    )


def test_the_cost_is_learned_from_the_narrowest_group_that_says_enough():
    costs = [
        a_cost(1, filter="g.00000", wall_s=6000.0),
        a_cost(2, filter="r.00000", wall_s=12000.0),
        a_cost(3, filter="z.00000", tasks=LEAST_TASKS - 1, wall_s=1.0),
        a_cost(4, label="OTHER", wall_s=60_000.0),
    ]
    assert best_learned(costs, label="L", filter="g").mean_s == 100.0
    assert best_learned(costs, label="L", filter="r.00000").mean_s == 200.0
    few = best_learned(costs, label="L", filter="z")
    assert (few.of, few.runs, few.tasks) == ("label L", 3, 149)
    assert best_learned(costs, label="NEW", filter="g") is None
    assert best_learned([], label=None, filter=None) is None


def test_few_tasks_say_nothing_and_none_at_all_is_no_crash():
    assert learned_from([a_cost(tasks=LEAST_TASKS - 1)], "x") is None
    assert learned_from([a_cost(tasks=0)], "x") is None


def test_tasks_that_took_no_time_say_nothing():
    still = TaskCost(remote_id=1, stage=Stage.CHIP, label="L", filter="g", tasks=400, wall_s=0.0, longest_s=0.0)
    assert learned_from([still], "label L") is None


def test_a_learned_cost_is_used_and_named():
    learned = learned_from([a_cost(1), a_cost(2, longest_s=400.0)], "label L, filter g")
    assert learned is not None
    asked = allocation_for(Stage.CHIP, 37_200, LANL.with_cost(Stage.CHIP, learned))
    assert "100 s a command, learned from 120 finished tasks of label L, filter g in 2 runs" in asked.reasons[0]
    assert (asked.nodes, asked.hours) == (108, 2)
    assert filling_of(Stage.CHIP, 5, 8, LANL.with_cost(Stage.CHIP, learned)).exposures == 288


def test_more_threads_gain_less_for_the_whole_than_for_the_command():
    for stage, lines in THREADING.items():
        assert [line.threads for line in lines] == [2, 3, 4]
        assert 0.6 < job_ratio(stage, 4) < 1
    assert job_ratio(Stage.CHIP, 4) == pytest.approx(492 / 560)
    assert job_ratio(Stage.CHIP, 8) is None
    assert job_ratio(Stage.CAMERA, 4) is None
