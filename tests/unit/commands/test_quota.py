"""What quota programs print."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.commands.quota import read_quota

LUSTRE = """\
Disk quotas for usr operator (uid 1234):
     Filesystem  kbytes   quota   limit   grace   files   quota   limit   grace
      /scratch3 1048576* 1000000 2000000 6d23h59m  1234       0       0       -
"""
PLAIN = """\
Disk quotas for user operator (uid 1234):
     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace
/home/a/very/long/name/of/a/file/system
                    100     200     300              10       0       0
/scratch3/operator  500       0    1000              10       0       0
"""


def test_lustre_s_line_is_read_star_and_all():
    quota = read_quota(LUSTRE, "/scratch3/operator")
    assert (quota.used, quota.soft, quota.hard) == (1 << 30, 1_024_000_000, 2_048_000_000)
    assert quota.limit == 1_024_000_000


def test_of_several_file_systems_ours_is_taken():
    assert read_quota(PLAIN, "/scratch3/operator/x").used == 500 * 1024
    assert read_quota(PLAIN, "/scratch3/operator/x").limit == 1000 * 1024
    assert read_quota(PLAIN, "/home/a/very/long/name/of/a/file/system/y").soft == 200 * 1024
    assert read_quota(PLAIN, "/other") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no quota",
        "Some errors happened when getting quota info.",
        "/scratch3 none of it",
        "/scratch3 1 2\n",
        "\x00\n",
    ],
)
def test_what_is_no_quota_is_none(text):
    assert read_quota(text, "/scratch3") is None


@given(st.text())
def test_no_text_whatever_ends_in_a_crash(text):
    read_quota(text, "/scratch3")
