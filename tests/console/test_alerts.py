"""The ladder of alerts: what rings, what is counted, what goes away when it was seen, and what only with its cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.console.support import NOON, a_run, busy, empty, grid, live, settled
from tests.console.test_login import until

from rpconsole.console.alerts import GATE_REMINDER_S, acknowledge, notices
from rpconsole.console.model import Model
from rpconsole.console.terminal import Ringing, Terminal, notice_sequence, way_of
from rpconsole.domain.action import Level
from rpconsole.domain.session import SessionState, SessionView, about_session
from rpconsole.domain.snapshot import GATES, Alert, GateView
from rpconsole.protocol.messages import WholeSnapshot

CUT = (SessionView(host="mu-fe1", state=SessionState.LOST),)


class Driver:
    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)


class Window:
    """A terminal's window around the console."""

    def __init__(self, *, in_front: bool = False) -> None:
        self.app_focus = in_front
        self._driver = Driver()
        self.rung = 0

    def bell(self) -> None:
        self.rung += 1

    def notices(self) -> list[str]:
        return [text for text in self._driver.written if text.startswith(("\x1b]9", "\x1b]777", "\x1bP"))]


@pytest.fixture
def quiet_model(hand):
    """Nothing to tell."""
    return live(Model(monotonic=hand), busy(alerts=()))


def said(level=Level.ALERT, sentence="the quota is used up", at=NOON):
    return Alert(at=at, level=level, sentence=sentence)


def told(model, *alerts, sequence=2, **changes):
    model.take(WholeSnapshot(snapshot=busy(alerts=alerts, sequence=sequence, **changes)))


@pytest.mark.parametrize(("level", "rings"), [(Level.ALERT, 1), (Level.WARN, 0), (Level.NOTE, 0)])
def test_it_rings_only_where_a_person_must_act(quiet_model, level, rings):
    window = Window()
    terminal = Terminal(window, Ringing(way="osc9"))
    terminal.follow(quiet_model)
    told(quiet_model, said(level))
    terminal.follow(quiet_model)
    terminal.follow(quiet_model)
    assert (window.rung, len(window.notices())) == (rings, rings)
    assert terminal.title.startswith("▲") is bool(rings)


def test_what_was_there_at_the_start_does_not_ring_and_stands_in_the_title(hand):
    window = Window()
    terminal = Terminal(window, Ringing(way="osc9"))
    terminal.follow(live(Model(monotonic=hand), busy()))
    assert (window.rung, window.notices()) == (0, [])
    assert terminal.title.startswith("▲ ")


def test_no_notice_is_sent_while_somebody_looks(quiet_model):
    window = Window(in_front=True)
    terminal = Terminal(window, Ringing(way="osc9"))
    terminal.follow(quiet_model)
    told(quiet_model, said())
    terminal.follow(quiet_model)
    assert (window.rung, window.notices()) == (1, [])


@pytest.mark.parametrize(("seconds", "rung"), [(0, 0), (6 * 3600, 1)])
def test_in_quiet_hours_only_the_title_tells(quiet_model, seconds, rung):
    window = Window()
    terminal = Terminal(window, Ringing(way="osc9", quiet=(time(16, 0), time(22, 30))))
    terminal.follow(quiet_model)
    told(quiet_model, said(), at=NOON + seconds)
    terminal.follow(quiet_model)
    assert (window.rung, len(window.notices())) == (rung, rung)
    assert terminal.title.startswith("▲")


@pytest.mark.parametrize(("hour", "quiet"), [(21, False), (22, True), (3, True), (6, False), (12, False)])
def test_quiet_hours_may_cross_midnight(hour, quiet):
    ringing = Ringing(quiet=(time(22, 0), time(6, 0)))
    assert ringing.is_quiet(NOON - 60800 + hour * 3600, UTC) is quiet


def test_all_sessions_cut_while_runs_wait_is_an_alarm(quiet_model):
    window = Window()
    terminal = Terminal(window)
    terminal.follow(quiet_model)
    told(quiet_model, sessions=CUT, runs=(a_run(1),))
    terminal.follow(quiet_model)
    assert window.rung == 1
    assert "1 run held, no session to lanl is open" in notices(quiet_model)[0].sentence


def test_an_engine_that_goes_away_is_an_alarm_and_one_that_never_came_is_none(quiet_model, hand):
    window = Window()
    terminal = Terminal(window)
    terminal.follow(quiet_model)
    quiet_model.lost("it is gone")
    terminal.follow(quiet_model)
    assert window.rung == 1
    fresh = Model(monotonic=hand)
    fresh.lost("there is no such socket")
    assert [one.is_alarm for one in notices(fresh)] == [False]


def test_what_stands_can_be_seen_and_stays_until_its_cause_is_gone_and_counts_anew_when_it_is_back(quiet_model, hand):
    terminal = Terminal(Window())
    told(quiet_model, sessions=CUT)
    acknowledge(quiet_model, notices(quiet_model)[0])
    terminal.follow(quiet_model)
    assert [(one.seen, one.is_alarm) for one in notices(quiet_model)] == [(True, False)]
    told(quiet_model, sequence=3)
    terminal.follow(quiet_model)
    assert notices(quiet_model) == []
    told(quiet_model, sequence=4, sessions=CUT)
    assert [one.seen for one in notices(quiet_model)] == [False]


def test_what_was_not_seen_comes_before_the_worst_that_was(quiet_model):
    told(quiet_model, said(Level.WARN, "the scheduler gives no queue"), sessions=CUT)
    acknowledge(quiet_model, next(one for one in notices(quiet_model) if one.standing))
    assert [one.sentence[:13] for one in notices(quiet_model)] == ["the scheduler", "4 runs held, "]


@pytest.mark.parametrize("name", ["poll", "prepare.warp"])
def test_a_gate_that_stays_closed_is_recalled_after_half_an_hour(hand, name):
    gates = (*(GateView(name=one, open=True) for one in GATES if one != name), GateView(name=name, open=False, at=NOON))
    model = live(Model(monotonic=hand), replace(empty(), gates=gates, sessions=busy().sessions))
    hand.at += GATE_REMINDER_S - 1
    model.heard()
    assert notices(model) == []
    hand.at += 2
    model.heard()
    assert f"the {name} gate has been closed for 30m" in notices(model)[0].sentence


def test_a_console_of_another_version_looks_and_says_so(quiet_model):
    quiet_model.version = "9.9"
    assert not quiet_model.may_act
    assert quiet_model.refusal(by_anybody=True) == ""
    assert "this console 9.9" in notices(quiet_model)[0].sentence


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({"TERM": "xterm-256color"}, "off"),
        ({"TERM": "xterm-kitty"}, "osc9"),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "WezTerm"}, "osc9"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "osc9"),
        ({"TERM": "rxvt-unicode-256color"}, "osc777"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7200"}, "osc777"),
        ({}, "off"),
    ],
)
def test_a_terminal_gets_the_notice_that_it_understands(environ, way):
    assert way_of(environ) == way


@given(st.text(), st.sampled_from(["osc9", "osc777"]), st.booleans())
def test_what_is_said_can_neither_end_the_notice_nor_begin_another(words, way, through_tmux):
    sequence = notice_sequence("rpconsole lanl", words, Ringing(way=way, through_tmux=through_tmux))
    inner = sequence
    if through_tmux:
        assert sequence.startswith("\x1bPtmux;\x1b\x1b]")
        assert sequence.endswith("\x07\x1b\\")
        inner = sequence.removeprefix("\x1bPtmux;").removesuffix("\x1b\\").replace("\x1b\x1b", "\x1b")
    assert inner.startswith("\x1b]")
    assert inner.endswith("\x07")
    assert not any(ord(ch) < 32 or 127 <= ord(ch) < 160 for ch in inner[2:-1])


async def test_the_row_says_when_everything_was_seen(app, model):
    told(model, said(), sessions=CUT)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        assert "(1 of 2) !" in grid(app).splitlines()[1]
        await pilot.press("a", "a")
        await settled(app, pilot)
        assert "no session to lanl is open" in grid(app).splitlines()[1]
        assert "(1 of" not in grid(app).splitlines()[1]
        await pilot.press("a")
        assert "nothing to acknowledge" in [one.message for one in app._notifications][-1]


async def test_toasts_are_three_at_most_and_equal_ones_are_counted(app):
    async with app.run_test(size=(80, 24)) as pilot:
        for word in ("one", "two", "two", "three", "four", "two"):
            app.say(word)
        await until(pilot, lambda: [one.message for one in app._notifications] == ["three", "four", "two ×3"])


@pytest.mark.parametrize(
    ("state", "opened_at", "stays"),
    [
        (SessionState.LOST, NOON - 100, True),
        (SessionState.OPEN, NOON - 100, True),
        (SessionState.OPEN, NOON + 60, False),
        (SessionState.OPENING, None, True),
    ],
)
def test_what_was_told_of_a_session_is_over_once_a_newer_one_is_open(quiet_model, state, opened_at, stays):
    ended = said(sentence=f"{about_session('mu-fe1')} ended (cut by the site): log in again")
    other = said(sentence=f"{about_session('mu-fe1/2')} ended (cut by the site): log in again")
    told(quiet_model, ended, other, sessions=(SessionView(host="mu-fe1", state=state, opened_at=opened_at),))
    sentences = [one.sentence for one in notices(quiet_model)]
    assert (ended.sentence in sentences) is stays
    assert other.sentence in sentences


def test_an_engine_that_is_being_looked_for_is_no_news_at_first(hand):
    model = Model(monotonic=hand)
    assert notices(model) == []
    hand.at += 4.0
    assert [one.sentence for one in notices(model)] == ["no engine: looking for it; tried again by itself"]


def test_a_narrow_row_has_room_for_why_no_engine_answers(hand):
    model = Model(monotonic=hand)
    model.lost(f"no engine answers on {'/long' * 20}/rpconsole.sock: there is no such socket")
    assert [one.sentence for one in notices(model)] == ["no engine: there is no such socket; tried again by itself"]
