"""Job bundles and transfer bundles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.domain.bundling import bundle_bytes_for, job_bundles


def test_sixty_lines_over_the_limit_become_two_bundles():
    lines = ["x" * 1163] * 60
    bundles = job_bundles(lines)
    assert [(bundle.first, len(bundle.lines)) for bundle in bundles] == [(1, 51), (52, 9)]


def test_a_line_that_just_fills_the_limit_fits():
    assert len(job_bundles(["x" * 9, "y" * 9], limit_bytes=20)) == 1
    assert len(job_bundles(["x" * 9, "y" * 10], limit_bytes=20)) == 2


def test_a_line_over_the_limit_stands_alone():
    bundles = job_bundles(["a", "x" * 50, "b"], limit_bytes=20)
    assert [bundle.lines for bundle in bundles] == [("a",), ("x" * 50,), ("b",)]


def test_bytes_are_counted_not_characters():
    assert len(job_bundles(["é" * 9, "é" * 9], limit_bytes=20)) == 2


@pytest.mark.parametrize(("count", "text"), [(1, "0 /r/one.sh %t\n"), (3, "0-2 /r/one.sh %t\n")])
def test_the_multi_prog_file_is_one_tiny_line(count, text):
    (bundle,) = job_bundles(["true"] * count)
    assert bundle.multi_prog("/r/one.sh") == text


@given(st.lists(st.text(max_size=30)), st.integers(1, 60))
def test_job_bundles_lose_nothing_and_keep_the_order(lines, limit):
    bundles = job_bundles(lines, limit_bytes=limit)
    assert [line for bundle in bundles for line in bundle.lines] == lines
    assert all(bundle.size_bytes <= limit or len(bundle.lines) == 1 for bundle in bundles)
    assert all(lines[bundle.first - 1] == bundle.lines[0] for bundle in bundles)


@pytest.mark.parametrize(
    ("total", "streams", "size"),
    [(320_000_000, 8, 10_000_000), (1_000, 8, 256_000), (10**12, 8, 100_000_000), (40_000_000, 0, 10_000_000)],
)
def test_the_bundles_size_follows_total_and_streams_within_bounds(total, streams, size):
    assert bundle_bytes_for(total, streams) == size
