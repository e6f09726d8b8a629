"""Slices, what fits before the end of a session, ceilings by the hour, and the tuner's walk."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.domain.ceiling import Ceiling, ceiling_at
from rpconsole.domain.haul import SLICE_BYTES, SLICE_FILES, HaulFile, bytes_that_fit, next_slice
from rpconsole.domain.tuning import Spread, best_spread, next_spread, spread_from_plain, spread_to_plain

GB = 1_000_000_000


def files(*sizes):
    return [HaulFile(source=f"/a/{n}", target=f"/b/{n}", size=size, mtime_ns=0) for n, size in enumerate(sizes)]


@given(st.lists(st.integers(0, 3 * GB), max_size=60), st.integers(1, 4 * GB))
def test_slices_take_every_file_once_and_stay_small_where_they_can(sizes, most):
    left, start, seen = files(*sizes), 0, list[HaulFile]()
    while start < len(left):
        some = next_slice(left, start, most_bytes=most)
        assert len(some) == 1 or sum(file.size for file in some) <= most
        start += len(some)
        seen += some
    assert seen == left


def test_a_slice_of_tiny_files_is_bounded_by_their_number():
    assert len(next_slice(files(*[1] * 5000), 0)) == SLICE_FILES
    assert len(next_slice(files(SLICE_BYTES, 1), 0)) == 1


@pytest.mark.parametrize(
    ("left_s", "rate", "fits"),
    [(None, 1e6, None), (600, 0, None), (600, 1e6, 480_000_000), (100, 1e6, 0), (0, 1e6, 0)],
)
def test_only_so_much_is_begun_as_fits_before_the_end(left_s, rate, fits):
    assert bytes_that_fit(left_s, rate, reserve_s=120) == fits


DAY = Ceiling(from_min=8 * 60, until_min=18 * 60, bytes_per_s=50e6)
NIGHT = Ceiling(from_min=22 * 60, until_min=6 * 60, bytes_per_s=10e6)


@pytest.mark.parametrize(
    ("minute", "limit"),
    [(8 * 60 - 1, None), (8 * 60, 50e6), (18 * 60 - 1, 50e6), (18 * 60, None), (23 * 60, 10e6), (5 * 60, 10e6), (6 * 60, None)],
)  # fmt: skip
def test_a_ceiling_holds_in_its_hours_and_over_midnight(minute, limit):
    assert ceiling_at((DAY, NIGHT), minute) == limit


def test_the_lowest_of_two_ceilings_holds_and_a_whole_day_is_one():
    assert ceiling_at((DAY, replace(DAY, bytes_per_s=1.0)), 9 * 60) == 1.0
    whole = Ceiling(from_min=0, until_min=24 * 60, bytes_per_s=7.0)
    assert {ceiling_at((whole,), minute) for minute in (0, 719, 1439)} == {7.0}


def walk(rate_of, most):
    """Everything that the tuner tries, with what it measures."""
    rates: dict[Spread, float] = {}
    while (step := next_spread(rates, most)) is not None:
        assert step not in rates
        rates[step] = rate_of(step)
    return rates


MOST = Spread(sessions=8, channels=4)


def test_the_tuner_stops_where_the_curve_bends():
    # a line that four windows fill, as measured: 43 MB/s a session, 25 MB/s a channel, 118 MB/s in all
    rates = walk(lambda s: min(118e6, s.sessions * min(43e6, s.channels * 25e6)), MOST)
    assert best_spread(rates) == Spread(sessions=8, channels=1) or best_spread(rates).streams <= 8
    assert max(rates.values()) / rates[best_spread(rates)] < 1.06
    assert len(rates) <= 9


def test_a_line_that_one_stream_fills_is_left_alone():
    rates = walk(lambda s: 10e6, MOST)
    assert best_spread(rates) == Spread(sessions=1, channels=1)
    assert len(rates) == 4


def test_the_tuner_never_asks_for_more_than_there_is():
    rates = walk(lambda s: 1e6 * s.streams, Spread(sessions=3, channels=2))
    assert max(s.sessions for s in rates) == 3
    assert max(s.channels for s in rates) == 2
    assert best_spread(rates).streams == 6


def test_what_was_learned_is_read_again_and_nonsense_is_not():
    spread = Spread(sessions=4, channels=2)
    assert spread_from_plain(spread_to_plain(spread, 9e7)) == spread
    for broken in (
        {},
        {"sessions": 0, "channels": 2, "bundle_bytes": 5},
        {"sessions": "4", "channels": 2, "bundle_bytes": 1},
    ):
        assert spread_from_plain(broken) is None
    assert best_spread({}) is None
