"""What needs no screen: filters, the model, numbers, lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.console.support import NOON, a_run, busy, live

from rpconsole.console.alerts import notices
from rpconsole.console.arrangement import PANES, places
from rpconsole.console.format import countdown, flow, progress, span, sparkline, volume
from rpconsole.console.model import Link, Model
from rpconsole.console.text import cropped, fitted, foreign, spread, width_of, wrapped
from rpconsole.console.theme import GLYPHS
from rpconsole.console.told import told
from rpconsole.domain.filters import parse
from rpconsole.domain.overview import overview_of
from rpconsole.domain.run import RunState, Step
from rpconsole.domain.run_facts import state_word
from rpconsole.domain.snapshot import GATES, GateView
from rpconsole.protocol.delta import delta_of
from rpconsole.protocol.messages import Change, WholeSnapshot

KEYS = ("state", "label", "age", "fail")
ROW = {"state": "run", "label": "LAP.2014", "age": 7300.0, "fail": 2, "text": "4711 chip run LAP.2014 msub refused"}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("chip lap", True),
        ("chip warp", False),
        ("!warp", True),
        ("state:run", True),
        ("state:auth,run", True),
        ("state:auth", False),
        ("age:>2h", True),
        ("age:<2h", False),
        ("fail:>0", True),
        ("fail:>many", False),
        ("!state:run", False),
        ('"msub refused"', True),
        ("re:4[67]11", True),
        ("re:[", False),
        ("colour:red", False),
        ('"open quote', False),
    ],
)
def test_a_filter_lets_through_what_it_says(text, passes):
    assert parse(text, KEYS).passes(ROW) is passes


def test_a_key_that_nothing_has_is_told():
    assert parse("colour:red", KEYS).unknown == ("colour",)
    assert parse("colour:red", KEYS).remark == "nothing has colour:"


@pytest.mark.parametrize("text", ["re:[", "!re:(", "re:*", "re:a{4294967296}", "re:(?P<n>"])
def test_a_pattern_that_is_none_says_what_is_wrong_with_it(text):
    kept = parse(text, KEYS)
    assert kept.patterns == ()
    assert f"{text.removeprefix('!')} is no pattern (" in kept.remark


@given(st.text(max_size=60))
def test_nothing_that_can_be_typed_breaks_a_filter(text):
    parse(text, KEYS).passes(ROW)


@given(st.text(max_size=80), st.integers(1, 40))
def test_a_text_is_fitted_to_exactly_its_room(text, width):
    assert cell_len(fitted(foreign(text), width)) == width


@given(st.lists(st.text(max_size=20)), st.lists(st.text(max_size=20)), st.integers(1, 60))
def test_two_ends_of_a_line_fill_exactly_its_room(left, right, width):
    line = spread([(foreign(one), "a") for one in left], [(foreign(one), "b") for one in right], width)
    assert width_of(cropped(line, width)) <= width


@given(st.text(alphabet="ab 宽", max_size=80), st.integers(4, 30))
def test_wrapping_loses_no_word_and_keeps_the_width(text, width):
    lines = wrapped(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(("left", "text"), [(None, "—"), (0, "0m00"), (59, "0m59"), (600, "0:10"), (43200, "12:00")])
def test_countdowns(left, text):
    assert countdown(left) == text


@pytest.mark.parametrize(("seconds", "text"), [(-3, "0s"), (42, "42s"), (11520, "3h12"), (356400, "4d03")])
def test_spans(seconds, text):
    assert span(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (999, "999 B"), (31_400_000, "31.4 MB"), (1.9e12, "1.9 TB")])
def test_volumes(count, text):
    assert volume(count) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        *(
            (0.0, "—"),
            (0.4, "—"),
            (940.0, "940"),
            (999.6, "1.0k"),
            (9_400.0, "9.4k"),
            (99_960.0, "100k"),
            (999_400.0, "999k"),
        ),
        *((999_700.0, "1.0M"), (31_400_000.0, "31.4M"), (110e6, "110M"), (2.5e9, "2.5G")),
    ],
)
def test_bytes_a_second_fit_a_narrow_column(rate, text):
    assert flow(rate) == text
    assert len(flow(rate)) <= 5


def test_a_sparkline_is_as_high_as_its_highest_value():
    assert sparkline([0, 5, 10], 10, GLYPHS["unicode"]) == "▁▅█"
    assert sparkline([0, 0], 10, GLYPHS["ascii"]) == "__"


@pytest.mark.parametrize("step", Step)
def test_every_step_has_a_word_and_a_glyph(step):
    word = state_word(a_run(1, step))
    assert word in GLYPHS["unicode"]
    assert word in GLYPHS["ascii"]


def test_a_parked_run_is_auth_whatever_its_step():
    assert state_word(a_run(1, Step.RETRIEVE, state=RunState.AUTH)) == "auth"


@pytest.mark.parametrize(
    "size", [(60, 16), (80, 24), (99, 50), (100, 36), (120, 40), (159, 60), (160, 36), (200, 60), (300, 100)]
)
def test_panes_fill_the_body_and_do_not_overlap(size):
    found = list(places(*size).values())
    body = size[0] * (size[1] - 4)
    assert sum(place.area for place in found) == body
    assert all(not one.overlaps(other) for one in found for other in found if one is not other)
    assert set(places(*size)) <= set(PANES)


# -- the model --------------------------------------------------------------------------------------------------------


def test_changes_arrive_at_what_a_fresh_snapshot_shows(hand):
    first, second = busy(), busy(sequence=2, runs=(a_run(1), *busy().runs[1:]), at=NOON + 5)
    followed, attached = live(Model(monotonic=hand), first), live(Model(monotonic=hand), second)
    followed.take(Change(delta=delta_of(first, second)))
    assert followed.snapshot == attached.snapshot
    assert followed.clean() == {1, *(run.remote_id for run in first.runs)}


def test_a_change_names_only_the_runs_that_changed(hand):
    first = busy()
    model = live(Model(monotonic=hand), first)
    model.clean()
    second = busy(sequence=2, runs=(*first.runs[:-1], a_run(4716, Step.RETRIEVE)))
    model.take(Change(delta=delta_of(first, second)))
    assert model.clean() == {4716}
    assert model.clean() == set()


def test_a_change_that_does_not_fit_asks_for_a_fresh_snapshot(hand):
    model = live(Model(monotonic=hand), busy(sequence=1))
    with pytest.raises(ValueError, match="builds on snapshot 7"):
        model.take(Change(delta=delta_of(busy(sequence=7), busy(sequence=8))))


def test_an_engine_that_says_nothing_makes_the_view_stale(hand, model):
    hand.at += 6
    assert model.stale
    assert not model.may_act
    model.heard()
    assert not model.stale


def test_a_lost_engine_keeps_the_view(model):
    model.lost("it is gone")
    assert model.link is Link.LOST
    assert len(model.runs) == 6
    assert "no engine: it is gone" in notices(model)[0].sentence


def test_an_alert_stands_in_the_log_once_also_after_a_reconnect(model):
    assert model.logged == 3
    model.take(WholeSnapshot(snapshot=busy(sequence=9)))
    assert model.logged == 3


def test_a_gate_that_stays_closed_is_called_to_mind(hand):
    gates = tuple(GateView(name=name, open=name != "poll", who="ipp", at=NOON - 1900) for name in GATES)
    model = live(Model(monotonic=hand), busy(gates=gates, alerts=()))
    assert [notice.sentence for notice in notices(model)] == ["the poll gate has been closed for 31m by ipp"]


# -- lines ------------------------------------------------------------------------------------------------------------


def test_the_first_snapshot_is_told_whole_and_the_same_one_not_again():
    lines = told(None, busy())
    assert "session mu-fe3 lost: cut by the site at 13:20" in lines
    assert (
        "run 4715 warp exec_fail, exec_stopped, 3 of 5 components passed, 2 failed: msub refused: no such account"
        in lines
    )
    assert told(busy(), busy(at=NOON + 60)) == []


def test_what_changed_is_told_in_one_line():
    gates = tuple(GateView(name=name, open=name != "poll", who="ipp", at=NOON) for name in GATES)
    assert told(busy(), busy(gates=gates)) == ["gate poll CLOSED by ipp"]


def test_components_that_are_not_counted_yet_are_no_zeros():
    known, unknown = a_run(1, Step.SHIP, tasks=0), a_run(2, Step.SHIP, tasks=0, components=None)
    glyphs = next(iter(GLYPHS.values()))
    assert progress(unknown, glyphs) == [("counting", "dim")]
    assert progress(known, glyphs) == [("0/20", "text")]
    assert [overview_of(runs).queues[0].uncounted for runs in ([known], [known, unknown])] == [0, 1]
