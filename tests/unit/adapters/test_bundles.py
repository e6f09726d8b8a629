"""Cutting a transfer into bundles while it runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.adapters.ssh.bundles import MOST_BUNDLE_FILES, Bundle, BundleQueue
from rpconsole.domain.bundling import MIN_BUNDLE_BYTES, bundle_bytes_for
from rpconsole.ports.site import Shipment

MB = 1_000_000


def sized(sizes):
    return [(Shipment(source=f"/home/{number}", target=f"/site/{number}"), size) for number, size in enumerate(sizes)]


def taken_from(queue, streams):
    bundles = []
    while queue:
        bundles.append(queue.take(streams))
    return bundles


def test_the_largest_files_travel_first_and_a_huge_one_alone():
    bundles = taken_from(BundleQueue(sized([3 * MB, 500 * MB, 2 * MB, 100 * MB])), 8)
    assert [bundle.sizes for bundle in bundles] == [(500 * MB,), (100 * MB,), (3 * MB,), (2 * MB,)]


def test_bundles_shrink_as_the_end_comes_near():
    sizes = [bundle.size for bundle in taken_from(BundleQueue(sized([20_000] * 2000)), 8)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == pytest.approx(40 * MB / 32, abs=20_000)
    # no stream is left alone with much more than the least at the end
    assert max(sizes[-8:]) <= MIN_BUNDLE_BYTES + 20_000


def test_empty_files_are_bundled_too_but_not_without_end():
    assert [len(bundle.shipments) for bundle in taken_from(BundleQueue(sized([0] * 2500)), 2)] == [
        MOST_BUNDLE_FILES,
        MOST_BUNDLE_FILES,
        500,
    ]


def test_what_a_stream_gave_back_comes_again_behind_the_rest():
    queue = BundleQueue(sized([5, 7]))
    first = queue.take(1)
    queue.put_back(Bundle(shipments=first.shipments, sizes=first.sizes, failures=1))
    assert queue
    assert queue.take(1).failures == 1
    assert not queue


@given(st.lists(st.integers(0, 200 * MB), max_size=60), st.integers(1, 16))
def test_every_file_is_taken_once_and_the_count_is_never_above_what_comes(sizes, streams):
    queue = BundleQueue(sized(sizes))
    count, limit = queue.count(streams), bundle_bytes_for(sum(sizes), streams)
    bundles = taken_from(queue, streams)
    taken = [shipment for bundle in bundles for shipment in bundle.shipments]
    assert sorted(taken, key=lambda one: one.source) == sorted(
        (one for one, _ in sized(sizes)), key=lambda one: one.source
    )
    assert all(bundle.size - bundle.sizes[-1] < limit for bundle in bundles)
    assert (count > 0) == bool(sizes)
    assert count <= max(len(sizes), 1)


def test_what_was_put_back_is_left_as_what_was_never_taken_is():
    queue = BundleQueue(sized([50 * MB, 40 * MB]))
    first = queue.take(1)
    assert queue.left == 40 * MB
    queue.put_back(first)
    assert queue.left == 90 * MB
