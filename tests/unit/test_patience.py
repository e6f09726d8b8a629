"""A filter's pattern may cost so much and no more, wherever it is matched."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from rpconsole.domain.filters import parse
from rpconsole.patience import PatternTooLong, given_up, patience

#: doubles with each letter
ENDLESS = "re:(a+)+$"
ROW = {"text": "a" * 60 + "b"}


@pytest.mark.parametrize("text", [ENDLESS, "re:(a|a)*$", "re:(.*a){25}$", "!re:(a+)+$"])
def test_a_pattern_that_takes_for_ever_is_ended_and_named(text):
    kept, began = parse(text, ()), time.process_time()
    with pytest.raises(PatternTooLong) as caught, patience(kept, 0.05):
        kept.passes(ROW)
    assert str(caught.value).startswith(f"{text.removeprefix('!')} takes too long")
    assert time.process_time() - began < 20.0


def test_the_next_pattern_has_its_own_time_and_nothing_is_left_behind():
    before = signal.getsignal(signal.SIGVTALRM)
    for _ in range(3):
        with pytest.raises(PatternTooLong), patience(parse(ENDLESS, ()), 0.02):
            parse(ENDLESS, ()).passes(ROW)
        with patience(parse("re:a+b", ())):
            assert parse("re:a+b", ()).passes(ROW)
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_a_filter_without_a_pattern_sets_no_alarm():
    with patience(parse("a b key:c", ())):
        assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_other_errors_pass_through():
    with pytest.raises(KeyError), patience(parse("re:a", ())):
        raise KeyError


def test_where_no_signal_comes_a_pattern_is_refused():
    caught = []

    def match():
        try:
            with patience(parse(ENDLESS, ())):
                parse(ENDLESS, ()).passes(ROW)
        except PatternTooLong as error:
            caught.append(error)

    thread = threading.Thread(target=match)
    thread.start()
    thread.join(60)
    assert len(caught) == 1


def test_a_filter_that_was_given_up_shows_everything_and_says_why():
    kept = given_up(parse(ENDLESS, ()), PatternTooLong("re:(a+)+$ takes too long"))
    assert kept.passes(ROW)
    assert kept.remark == "re:(a+)+$ takes too long"
    assert kept.text == ENDLESS
