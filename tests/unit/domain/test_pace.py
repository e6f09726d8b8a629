"""Rates and remaining times: true to within a tenth on series as transfers make them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.domain.pace import MOST_SAMPLES, Pace

TOTAL = 40e9


def steady(at: float) -> float:
    return 90e6


def wavy(at: float) -> float:
    """Others use the line too."""
    return 80e6 + 25e6 * math.sin(at / 7)


def choppy(at: float) -> float:
    """A pause each half minute, as between two slices, and the files that are verified there."""
    return 0.0 if at % 30 < 1.5 else 95e6


def verified(at: float) -> float:
    """A slow line: twenty seconds of looking at files after each three minutes."""
    return 0.0 if at % 200 < 20 else 11e6


def halving(at: float) -> float:
    return 90e6 if at < 200 else 45e6


def doubling(at: float) -> float:
    return 40e6 if at < 300 else 80e6


def series(rate, total=TOTAL, step=0.5):
    """(seconds, bytes moved) until it is through, as the meter sees it."""
    at = moved = 0.0
    seen = [(0.0, 0.0)]
    while moved < total:
        moved += rate(at) * step
        at += step
        seen.append((at, moved))
    return seen


@pytest.mark.parametrize("rate", [steady, wavy, choppy])
def test_the_remaining_time_is_true_to_a_tenth_from_the_first_minute_on(rate):
    seen = series(rate)
    end, total = seen[-1]
    pace, checked = Pace(), 0
    for at, moved in seen:
        pace = pace.seen(at, moved)
        if 60 <= at < 0.97 * end:
            left_s = pace.left_s(total - moved)
            assert left_s == pytest.approx(end - at, rel=0.1, abs=5)
            checked += 1
    assert checked > 500


@pytest.mark.parametrize(("rate", "changes_at"), [(halving, 200), (doubling, 300)])
def test_a_minute_after_the_line_has_changed_the_remaining_time_is_true_to_a_tenth(rate, changes_at):
    seen = series(rate)
    end, total = seen[-1]
    pace, checked = Pace(), 0
    for at, moved in seen:
        pace = pace.seen(at, moved)
        if 10 <= at < changes_at:
            # nobody can know of the change before it comes
            assert pace.rate() == pytest.approx(rate(at), rel=0.1)
        elif changes_at + 60 <= at < 0.97 * end:
            assert pace.left_s(total - moved) == pytest.approx(end - at, rel=0.1, abs=5)
            checked += 1
    assert checked > 200


def test_a_short_transfers_slow_beginning_is_not_taken_for_its_pace():
    ends_at = 12.0
    pace, moved = Pace(), 0.0
    for tenth in range(1, 120):
        at = tenth / 10
        moved += 10e6 if at > 0.8 else 10e6 * at / 0.8
        pace = pace.seen(at, moved)
        left_s = pace.left_s(sum(10e6 if t > 8 else 10e6 * t / 8 for t in range(tenth + 1, 121)))
        if at > 0.2 * ends_at:
            assert left_s == pytest.approx(ends_at - at, abs=0.05 * ends_at)


def test_a_pause_is_no_change_of_the_line():
    """Two hours of a slow line, whose files are verified between slices: a third of the last minute without a byte says little."""
    seen = series(verified, total=80e9, step=2.0)
    end, total = seen[-1]
    pace = Pace()
    for at, moved in seen:
        if rate_is_told(seen, at):
            pace = pace.seen(at, moved)
        if 800 <= at < 0.95 * end:
            assert pace.left_s(total - moved) is None or pace.left_s(total - moved) == pytest.approx(end - at, rel=0.1)


def rate_is_told(seen, at):
    """Nobody calls while nothing moves."""
    return verified(at) > 0


def test_the_rate_follows_a_line_that_became_slower():
    pace = Pace()
    for at, moved in series(lambda at: 100e6 if at < 60 else 20e6, total=10e9):
        pace = pace.seen(at, moved)
    assert pace.rate() == pytest.approx(20e6, rel=0.1)
    assert pace.recent_rate() == pytest.approx(20e6, rel=0.05)


def test_a_line_that_stands_still_has_no_end():
    pace = Pace().seen(0, 0).seen(1, 1e6)
    for at in range(2, 40):
        pace = pace.seen(at, 1e6)
    assert pace.recent_rate() == 0
    assert pace.left_s(5) is None


def test_nothing_is_said_before_anything_was_seen():
    assert Pace().rate() == 0
    assert Pace().seen(5, 10).left_s(100) is None


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e12)), max_size=400))
def test_any_series_keeps_memory_and_sense(samples):
    pace = Pace()
    for at, moved in samples:
        pace = pace.seen(at, moved)
        assert len(pace.samples) <= MOST_SAMPLES + 1
        assert pace.rate() >= 0
        assert pace.recent_rate() >= 0
