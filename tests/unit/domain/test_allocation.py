"""Nodes and hours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.domain.allocation import SitePlan, allocation_for
from rpconsole.domain.stage import Stage

LANL = SitePlan(proc_per_node=24, max_nodes=1000, max_hours=8)
UHCRAY = SitePlan(proc_per_node=20, max_nodes=10, max_hours=8)


@pytest.mark.parametrize(
    ("stage", "commands", "nodes", "hours"),
    [
        (Stage.CHIP, 60, 1, 2),
        (Stage.CHIP, 240, 2, 2),
        (Stage.CHIP, 37_200, 162, 2),
        (Stage.CAMERA, 500, 25, 2),
        (Stage.WARP, 3_500, 12, 2),
        (Stage.STACK, 50, 9, 3),
    ],
)
def test_the_surveys_own_figures_come_out(stage, commands, nodes, hours):
    allocation = allocation_for(stage, commands, LANL)
    assert (allocation.nodes, allocation.hours, allocation.fits) == (nodes, hours, True)


def test_the_worked_example_without_safety_is_162_nodes_for_one_hour():
    plan = SitePlan(proc_per_node=24, max_nodes=1000, max_hours=8, safety_h=dict.fromkeys(Stage, 0))
    allocation = allocation_for(Stage.CHIP, 37_200, plan)
    assert (allocation.nodes, allocation.hours, allocation.node_hours, allocation.threads) == (162, 1, 162, 2)


@pytest.mark.parametrize(("plan", "commands", "nodes"), [(LANL, 2_000_000, 1000), (UHCRAY, 37_200, 10)])
def test_safety_hours_do_not_exceed_the_sites_limit(plan, commands, nodes):
    allocation = allocation_for(Stage.CHIP, commands, plan)
    assert (allocation.nodes, allocation.hours) == (nodes, 8)
    assert any("9 h cut to the site's 8" in reason for reason in allocation.reasons)


def test_work_beyond_the_largest_job_says_how_far_it_gets():
    allocation = allocation_for(Stage.CHIP, 2_000_000, LANL)
    assert not allocation.fits
    assert any("1843200 of the 2000000" in reason for reason in allocation.reasons)


def test_the_multiplier_does_not_exceed_the_sites_nodes_and_costs_hours_instead():
    # 400 nodes for an hour, three times: 1200 node hours on 1000 nodes are two hours, and two for safety
    allocation = allocation_for(Stage.STACK, 9_200, LANL)
    assert (allocation.nodes, allocation.hours, allocation.fits) == (1000, 4, True)
    assert any("1200 nodes cut to the site's 1000, and 2 h instead of 1" in reason for reason in allocation.reasons)


def test_a_multiplier_that_fits_neither_nodes_nor_hours_is_told():
    allocation = allocation_for(Stage.STACK, 1_500, UHCRAY)
    assert (allocation.nodes, allocation.hours, allocation.fits) == (10, 8, False)
    assert any("no more hours" in reason and "smaller runs" in reason for reason in allocation.reasons)


def test_what_will_be_reached_counts_the_nodes_that_one_command_takes():
    # 0.8 × 1000 nodes × 8 h / 3 nodes / (2 threads / 24 cores × 1500 s)
    allocation = allocation_for(Stage.STACK, 200_000, LANL)
    assert any("about 61440 of the 200000 commands" in reason for reason in allocation.reasons)


def test_a_small_run_gets_the_smallest_job():
    plan = SitePlan(proc_per_node=24, min_nodes=3, max_nodes=10, min_hours=2, max_hours=8)
    allocation = allocation_for(Stage.CHIP, 1, plan)
    assert (allocation.nodes, allocation.hours) == (3, 3)
    assert any("smallest job" in reason for reason in allocation.reasons)


def test_the_minimum_holds_beyond_the_smallest_job_too():
    # 5.2 node hours: more than 0.8 × 3 × 2, and the formula alone would ask for one hour
    plan = SitePlan(proc_per_node=24, min_nodes=3, max_nodes=10, min_hours=2, max_hours=8)
    allocation = allocation_for(Stage.CHIP, 1_500, plan)
    assert (allocation.nodes, allocation.hours) == (4, 3)


def test_a_negative_number_of_commands_is_refused():
    with pytest.raises(ValueError, match="-1 commands"):
        allocation_for(Stage.CHIP, -1, LANL)


@given(
    st.sampled_from(Stage),
    st.integers(0, 10**8),
    st.integers(1, 128),
    st.integers(1, 5),
    st.integers(5, 2000),
    st.integers(1, 3),
    st.integers(3, 48),
    st.floats(0.05, 1.0),
)
def test_no_number_of_commands_asks_for_more_than_the_site_gives(
    stage, commands, cores, min_nodes, max_nodes, min_hours, max_hours, fill
):
    plan = SitePlan(
        proc_per_node=cores,
        min_nodes=min_nodes,
        max_nodes=max_nodes,
        min_hours=min_hours,
        max_hours=max_hours,
        fill=fill,
    )
    allocation = allocation_for(stage, commands, plan)
    assert min_nodes <= allocation.nodes <= max_nodes
    assert min_hours <= allocation.hours <= max_hours
    assert allocation.reasons


@given(st.sampled_from(Stage), st.integers(0, 10**6))
def test_what_is_said_to_fit_has_node_hours_enough(stage, commands):
    allocation = allocation_for(stage, commands, LANL)
    work = commands * 2 / 24 * LANL.cost_h[stage] * LANL.multiplier[stage]
    if allocation.fits:
        assert allocation.nodes * allocation.hours * LANL.fill >= work * (1 - 1e-9)
