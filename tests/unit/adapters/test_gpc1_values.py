"""Values on their way out of gpc1 and into it."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal

import pytest

from rpconsole.adapters.gpc1.merge import common_magicked, merged_results
from rpconsole.adapters.gpc1.stack_definition import projection_cell_of
from rpconsole.adapters.gpc1.values import EPOCH, FLOAT_MAX, Moments, finite_or_none, storable, text_or_none


@pytest.mark.parametrize(
    ("written", "read"),
    [("NULL", None), ("(null)", None), ("", None), (None, None), ("null", "null"), (" ", " "), ("DEFAULT", "DEFAULT")],
)
def test_what_the_ipp_writes_for_nothing_is_none(written, read):
    assert text_or_none(written) == read


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "", "NULL", None])
def test_what_is_no_value_is_stored_as_null(value):
    assert storable(value) is None


@pytest.mark.parametrize("value", [0, 0.0, -1.5, 2**63 - 1, "x", False])
def test_values_are_stored_as_they_are(value):
    assert storable(value) == value


def test_floats_are_kept_within_single_precision():
    assert (storable(1e300), storable(-1e300)) == (FLOAT_MAX, -FLOAT_MAX)


def test_numbers_that_are_none_read_as_none():
    assert [finite_or_none(value) for value in (None, math.nan, math.inf, 3)] == [None, None, None, 3.0]


def a_group(pixels, weighted, version="1", magicked=0, counts=1):
    names = ("maskfrac_static", "maskfrac_dynamic", "maskfrac_magic", "maskfrac_advisory")
    return {
        "pixels": pixels, **dict.fromkeys(names, weighted), "software_ver": version, "magicked": magicked, "counts": counts
    }  # fmt: skip


def test_fractions_are_weighted_by_pixels():
    merged = merged_results([a_group(Decimal(1), 0.0), a_group(Decimal(3), 3.0)])
    assert (merged["maskfrac_npix"], merged["maskfrac_magic"]) == (4.0, 0.75)


def test_results_of_which_none_counts_say_nothing():
    left_out = a_group(Decimal(5), None, "9", counts=0)
    assert merged_results([left_out]) == {}
    assert merged_results([left_out | {"counts": None}]) == {}
    assert merged_results([left_out, a_group(Decimal(1), 0.5)])["software_ver"] == "1"


def test_runs_that_differ_in_destreaking_count_as_not_destreaked():
    assert common_magicked([a_group(1, 0, magicked=7), a_group(1, 0, magicked=7)]) == 7
    assert common_magicked([a_group(1, 0, magicked=7), a_group(1, 0, magicked=None)]) == 0
    assert common_magicked([]) == 0


@pytest.mark.parametrize(
    ("skycell", "cell"),
    [("skycell.1234.056", "skycell.1234"), ("skycell.12", "skycell"), ("skycell", "skycell")],
)
def test_the_projection_cell_of_a_skycell(skycell, cell):
    assert projection_cell_of(skycell) == cell


@pytest.mark.parametrize("given", ["1970-01-01 00:01:40", "1970-01-01 00:01:40.000", EPOCH + timedelta(seconds=100)])
def test_a_moment_is_the_same_whether_the_driver_gives_text_or_a_moment(given):
    assert Moments()[given] == 100.0


@pytest.mark.parametrize("given", [None, "0000-00-00 00:00:00", "yesterday", "", 7])
def test_what_is_no_moment_is_none_and_stops_nobody(given):
    assert Moments()[given] is None
