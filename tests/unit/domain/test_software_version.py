"""How version words merge."""

from __future__ import annotations

import pytest

from rpconsole.domain.software_version import merged_version


@pytest.mark.parametrize(
    ("versions", "merged"),
    [
        (["36800", "36850"], "36850"),
        (["9", "36800"], "36800"),
        (["36800M", "36850"], "36850M"),
        (["36800:36850M"], "36800M"),
        (["exported", None, "", "M"], None),
        ([], None),
        (["1" * 16, "7"], "7"),
    ],
)
def test_the_largest_leading_integer_wins_and_one_modified_marks_all(versions, merged):
    assert merged_version(versions) == merged
