"""How long the engine waits between two polls of a site."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.domain.schedule import AFTER_WALL_S, Expectation, PollPace, expectation

PACE = PollPace(shortest_s=120.0, longest_s=3600.0)
HOUR = 3600.0


def looked_for(**changes) -> Expectation:
    plain = {
        "tasks": 1000,
        "ended": 0,
        "elapsed_s": 0.0,
        "wall_left_s": 8 * HOUR,
        "is_running": True,
        "unknown_s": HOUR,
    }
    return expectation(**(plain | changes))


def test_a_poll_is_sparse_in_the_middle_and_dense_near_the_end():
    middle = PACE.interval_s([looked_for(ended=300, elapsed_s=3 * HOUR)])
    end = PACE.interval_s([looked_for(ended=990, elapsed_s=3 * HOUR)])
    assert middle == pytest.approx(0.1 * 7 * HOUR)
    assert end == PACE.shortest_s


def test_the_job_that_is_nearest_to_its_end_sets_the_pace():
    far, near = looked_for(wall_left_s=8 * HOUR), looked_for(wall_left_s=1 * HOUR)
    assert PACE.interval_s([far, near, far]) == pytest.approx(360)


def test_a_job_that_waits_has_all_its_wall_time_left_and_no_end_to_wait_for():
    waiting = looked_for(is_running=False, wall_left_s=2 * HOUR)
    assert (waiting.left_s, waiting.wall_left_s) == (2 * HOUR, None)
    assert PACE.interval_s([waiting]) == pytest.approx(720)


def test_the_end_of_a_wall_time_is_looked_at_as_it_comes():
    assert PACE.interval_s([looked_for(wall_left_s=40.0)]) == 40 + AFTER_WALL_S


def test_a_wall_time_that_is_over_does_not_make_polls_denser_than_their_bound():
    assert PACE.interval_s([looked_for(wall_left_s=0.0)]) == PACE.shortest_s


def test_nothing_that_runs_is_looked_at_least():
    assert PACE.interval_s([]) == PACE.longest_s


def test_where_nobody_says_how_long_the_shortest_allocation_stands_in():
    assert looked_for(wall_left_s=None).left_s == HOUR


def test_a_silent_scheduler_is_asked_ever_less_and_never_given_up():
    waits = [PACE.silent_s(polls) for polls in range(1, 100)]
    assert waits[:3] == [240, 480, 960]
    assert waits == sorted(waits)
    assert waits[-1] == PACE.longest_s


_SECONDS = st.floats(0, 1e6)


@given(
    st.lists(
        st.builds(
            looked_for,
            tasks=st.integers(0, 10**6),
            ended=st.integers(0, 10**6),
            elapsed_s=st.floats(-100, 1e6),
            wall_left_s=st.none() | _SECONDS,
            is_running=st.booleans(),
        )
    )
)
def test_the_interval_stays_in_its_bounds_but_for_a_wall_time_that_ends(expected):
    interval = PACE.interval_s(expected)
    assert interval <= PACE.longest_s
    walls = [each.wall_left_s + AFTER_WALL_S for each in expected if each.wall_left_s]
    assert interval >= min([PACE.shortest_s, *walls])
