"""Picking detrends."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.fakes.stage_rows import a_detrend

from rpconsole.stages.detrend import pick, short_filter

NOW = datetime.fromisoformat("2012-06-04T08:30")
SECOND = timedelta(seconds=1)


def test_the_last_registered_wins():
    old, new = a_detrend("MASK", 9), a_detrend("MASK", 1, registered=datetime.fromisoformat("2012-05-01"))
    assert pick([old, new], "MASK", NOW) is new
    assert pick([new, old], "MASK", NOW) is new


def test_then_the_largest_iteration_then_the_largest_id():
    first, second, third = a_detrend("MASK", 3), a_detrend("MASK", 1, iteration=2), a_detrend("MASK", 2, iteration=2)
    assert pick([first, second], "MASK", NOW) is second
    assert pick([third, second], "MASK", NOW) is third


def test_one_that_was_never_registered_comes_last():
    never, once = (
        a_detrend("MASK", 9, registered=None, iteration=9),
        a_detrend("MASK", registered=datetime.fromisoformat("1990-01-01")),
    )
    assert pick([never, once], "MASK", NOW) is once
    assert pick([never], "MASK", NOW) is never


@pytest.mark.parametrize(
    ("begin", "end", "fits"),
    [
        (None, None, True),
        (NOW, NOW, True),
        (NOW - SECOND, None, True),
        (None, NOW + SECOND, True),
        (NOW + SECOND, None, False),
        (None, NOW - SECOND, False),
    ],
)
def test_the_time_window_is_inclusive_and_null_is_open(begin, end, fits):
    run = a_detrend("MASK", time_begin=begin, time_end=end)
    assert (pick([run], "MASK", NOW) is run) is fits


def test_type_and_filter_must_be_equal_where_asked():
    green = a_detrend("FLAT", filter="g")
    assert pick([green], "FLAT", NOW, "g") is green
    assert pick([green], "FLAT", NOW, "r") is None
    assert pick([green], "FLAT", NOW) is green
    assert pick([green], "DARK", NOW) is None
    assert pick([], "FLAT", NOW) is None


@pytest.mark.parametrize(
    ("name", "short"), [("g.00000", "g"), ("OPEN", "OPEN"), ("g.00001", "g.00001"), ("?.00000", "z")]
)
def test_the_short_filter_drops_the_zeros(name, short):
    assert short_filter(name) == short
