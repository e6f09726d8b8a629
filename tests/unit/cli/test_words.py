"""Numbers and times as people read them."""

from __future__ import annotations

import pytest

from rpconsole.cli.words import ago, duration, moment, tasks, volume


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (59.9, "59 s"),
        (60, "1 min 00 s"),
        (3 * 3600 + 300, "3 h 05 min"),
        (86400 + 3600, "1 d 1 h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.6, "1.0 kB"),
        (134_852, "135 kB"),
        (12_345_678, "12.3 MB"),
        (10**21, "1000000 PB"),
    ],
)
def test_a_volume_has_three_digits(size, words):
    assert volume(size) == words


def test_what_never_was_is_told_as_never():
    assert ago(None, 5.0) == "never"
    assert moment(None) == "-"


def test_abandoned_tasks_are_told_beside_those_that_ended_well():
    assert tasks({"tasks": 0}) == ""
    assert tasks({"tasks": 8, "tasks_done": 5, "tasks_failed": 2}) == "5/8 (2 abandoned)"
