"""Numbers in few words come back as they were."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from rpconsole.domain.ranges import numbers_of, ranges_of


@given(st.lists(st.integers(0, 30)))
def test_any_numbers_come_back_in_their_order_also_through_json(numbers):
    assert numbers_of(json.loads(json.dumps(ranges_of(numbers)))) == tuple(numbers)


def test_what_counts_on_without_a_gap_is_two_numbers():
    assert ranges_of([*range(1, 2001), 2005]) == ((1, 2000), 2005)
