"""A terminal behind a slow line is sent no more than it has shown; by a clock that is moved."""

from __future__ import annotations

import pytest
from tests.console.support import Hand

from rpconsole.console.pacing import LATE_S, MUTE_S, PATIENCE_S, Pacing


@pytest.fixture
def clock():
    return Hand()


@pytest.fixture
def pacing(clock):
    return Pacing(clock)


def answers(pacing, clock, after_s):
    assert pacing.asks()
    clock.at += after_s
    pacing.answered()


def test_a_terminal_that_never_answers_is_asked_once_and_painted_as_ever(pacing, clock):
    assert pacing.asks()
    for _ in range(100):
        assert not pacing.is_waiting
        assert not pacing.is_late
        assert not pacing.asks()
        clock.at += 0.25
    assert pacing.behind_s == 0.0
    assert not pacing.is_answer_due


def test_nothing_is_painted_until_the_terminal_has_shown_what_it_was_sent(pacing, clock):
    answers(pacing, clock, 0.3)
    assert pacing.asks()
    assert pacing.is_waiting
    assert not pacing.asks()
    clock.at += 0.3
    pacing.answered()
    assert not pacing.is_waiting
    assert pacing.behind_s == pytest.approx(0.3)


def test_keys_wait_only_where_the_terminal_is_further_behind_than_its_line_is_long(pacing, clock):
    answers(pacing, clock, 0.3)
    assert pacing.asks()
    clock.at += 0.3 + LATE_S - 0.01
    assert not pacing.is_late
    clock.at += 0.02
    assert pacing.is_late
    assert pacing.behind_s == pytest.approx(0.3 + LATE_S + 0.01)
    pacing.answered()
    assert not pacing.is_late


def test_a_terminal_that_answers_no_more_holds_the_screen_for_a_while_only_and_is_believed_again_once_it_does(
    pacing, clock
):
    answers(pacing, clock, 0.05)
    assert pacing.asks()
    clock.at += PATIENCE_S + 0.1
    for _ in range(20):
        assert not pacing.is_waiting
        assert not pacing.asks()
        clock.at += 0.25
    assert pacing.behind_s == 0.0
    pacing.answered()
    answers(pacing, clock, 0.05)
    assert pacing.asks()
    assert pacing.is_waiting


def test_a_first_answer_that_comes_late_counts_all_the_same(pacing, clock):
    assert pacing.asks()
    clock.at += MUTE_S + 2.0
    pacing.answered()
    assert pacing.behind_s == pytest.approx(MUTE_S + 2.0)
    assert pacing.asks()
    assert pacing.is_waiting


def test_an_answer_to_nothing_is_passed_over(pacing):
    pacing.answered()
    assert not pacing.is_waiting
    assert pacing.behind_s == 0.0
