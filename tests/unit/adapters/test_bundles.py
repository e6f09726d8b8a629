"""Cutting a transfer into bundles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.adapters.ssh.bundles import (
    LEAST_BUNDLE_BYTES,
    MOST_BUNDLE_BYTES,
    MOST_BUNDLE_FILES,
    bundle_bytes_for,
    bundles_of,
)
from rpconsole.ports.site import Shipment

MB = 1 << 20


def sized(sizes):
    return [(Shipment(source=f"/home/{number}", target=f"/site/{number}"), size) for number, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("total", "streams", "wanted"),
    [(0, 8, LEAST_BUNDLE_BYTES), (320 * MB, 8, 10 * MB), (1 << 40, 8, MOST_BUNDLE_BYTES), (320 * MB, 0, 80 * MB)],
)
def test_a_bundle_is_a_quarter_of_a_streams_share_within_limits(total, streams, wanted):
    assert bundle_bytes_for(total, streams) == wanted


def test_the_largest_files_go_first():
    items = sized([1, 50 * MB, 3, 10 * MB])
    first = bundles_of(items, 2)[0]
    assert first.shipments[0] == items[1][0]


def test_a_bundle_of_tiny_files_is_bounded_by_their_number():
    assert [len(bundle.shipments) for bundle in bundles_of(sized([0] * 2500), 2)] == [
        MOST_BUNDLE_FILES,
        MOST_BUNDLE_FILES,
        500,
    ]


@given(st.lists(st.integers(0, 300 * MB), max_size=60), st.integers(1, 32))
def test_every_file_is_in_exactly_one_bundle(sizes, streams):
    items = sized(sizes)
    bundled = [shipment for bundle in bundles_of(items, streams) for shipment in bundle.shipments]
    assert sorted(bundled, key=lambda shipment: shipment.source) == sorted(
        (shipment for shipment, _ in items), key=lambda shipment: shipment.source
    )
