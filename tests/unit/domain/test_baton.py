"""Of several consoles one acts: who, and how that changes."""

from __future__ import annotations

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from rpconsole.domain.baton import (
    NOBODY,
    REFUSE_S,
    Baton,
    Seat,
    asked,
    given,
    kept,
    left,
    refusal,
    sat_down,
    settled,
)

ANN = Seat(client=1, who="ann as ipp", place="pts/3")
RELIEF = Seat(client=2, who="relief as ipp", place="pts/4")
THIRD = Seat(client=3, who="third", place="pts/5")
NOW = 1000.0
HELD = sat_down(NOBODY, ANN, NOW)
ASKED = asked(HELD, RELIEF, NOW + 60)


def test_the_first_console_has_it():
    assert HELD.holder is ANN
    assert sat_down(HELD, RELIEF, NOW + 1) == HELD


def test_who_asks_gets_it_when_the_holder_gives_it():
    assert given(ASKED, ANN.client, NOW + 70).holder is RELIEF


def test_who_asks_gets_it_when_the_holder_has_not_refused_in_time():
    assert settled(ASKED, NOW + 60 + REFUSE_S - 0.1) == ASKED
    after = settled(ASKED, NOW + 60 + REFUSE_S)
    assert (after.holder, after.asker) == (RELIEF, None)


def test_a_holder_who_refuses_keeps_it():
    after = settled(kept(ASKED, ANN.client), NOW + 1e6)
    assert after.holder is ANN
    assert after.asker is None


def test_the_word_of_a_third_one_changes_nothing():
    assert given(ASKED, THIRD.client, NOW) == ASKED
    assert kept(ASKED, THIRD.client) == ASKED
    assert asked(ASKED, THIRD, NOW) == ASKED
    assert left(ASKED, THIRD.client, NOW) == ASKED


def test_a_holder_who_leaves_gives_it_to_who_asks_else_to_nobody():
    assert left(ASKED, ANN.client, NOW).holder is RELIEF
    assert left(HELD, ANN.client, NOW) == NOBODY


def test_an_asker_who_leaves_asks_no_longer():
    assert left(ASKED, RELIEF.client, NOW) == HELD


def test_nobody_waits_for_a_free_one():
    assert asked(NOBODY, RELIEF, NOW).holder is RELIEF


def test_only_the_holders_console_acts():
    assert refusal(HELD, ANN, NOW) == ""
    sentence = refusal(HELD, RELIEF, NOW + 3720)
    assert sentence == "ann as ipp (pts/3) has the baton, for 1 h 02; T asks for it"
    assert "T takes it" in refusal(NOBODY, RELIEF, NOW)


@pytest.mark.parametrize(
    ("baton", "who", "may"),
    [(NOBODY, "cron", True), (HELD, "ann as ipp", True), (HELD, "cron", False)],
)
def test_a_command_acts_for_the_holders_name_and_where_nobody_has_it(baton, who, may):
    assert (refusal(baton, Seat(client=9, who=who), NOW) == "") is may


steps = st.tuples(
    st.sampled_from(("sit", "leave", "ask", "give", "keep", "wait")), st.sampled_from((ANN, RELIEF, THIRD))
)


@examples(st.lists(steps, max_size=30))
def test_whatever_happens_nobody_asks_himself_and_nobody_asks_for_a_free_one(happenings):
    baton, now = Baton(), NOW
    for what, seat in happenings:
        now += 7.0
        match what:
            case "sit":
                baton = sat_down(baton, seat, now)
            case "leave":
                baton = left(baton, seat.client, now)
            case "ask":
                baton = asked(baton, seat, now)
            case "give":
                baton = given(baton, seat.client, now)
            case "keep":
                baton = kept(baton, seat.client)
            case _:
                baton = settled(baton, now)
        assert (baton.holder is None) <= (baton.asker is None)
        assert baton.asker is None or baton.asker != baton.holder
        assert (baton.asker is None) == (baton.until is None)
