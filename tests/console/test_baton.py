"""One console acts, the others look: what each of them shows and may do."""

from __future__ import annotations

import pytest
from tests.console.support import NOON, busy, grid, live, settled
from tests.console.test_login import until

from rpconsole.console.model import Model
from rpconsole.console.screens.dialog import Dialog
from rpconsole.domain.baton import NOBODY, Baton, Seat
from rpconsole.domain.snapshot import GATES, GateView
from rpconsole.protocol.messages import WholeSnapshot

MINE = Seat(client=1, who="ipp", place="pts/3")
OTHER = Seat(client=2, who="relief as ipp", place="pts/4")
HELD = Baton(holder=OTHER, since=NOON - 600)
ASKED = Baton(holder=MINE, since=NOON - 600, asker=OTHER, until=NOON + 27)


@pytest.fixture
def app_with(make_app, hand):
    def make(baton, **changes):
        return make_app(live(Model(monotonic=hand), busy(baton=baton, **changes)))

    return make


async def answer(pilot, app, key):
    await until(pilot, lambda: isinstance(app.screen, Dialog))
    app.screen._patience_s = 0.0
    await pilot.press(key)
    await pilot.pause()


async def test_without_the_baton_acts_are_off_and_the_screen_says_whose_it_is(app_with, orders):
    app = app_with(HELD)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(app, pilot)
        assert grid(app).startswith(" no baton ")
        assert "baton: relief as ipp (pts/4) · T asks" in grid(app)
        await pilot.press("X", "L", "R")
        await pilot.pause()
        assert orders.acts() == []
        assert "has the baton: T asks for it" in [one.message for one in app._notifications][-1]


async def test_without_the_baton_a_gate_can_be_closed_and_not_opened(app_with, orders):
    gates = tuple(GateView(name=name, open=name != "poll", at=NOON) for name in GATES)
    app = app_with(HELD, gates=gates)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p", "e")
        await until(pilot, lambda: orders.acts())
        assert orders.acts() == [("gates", {"names": ["exec"], "open": False})]


async def test_asking_says_what_will_happen_first(app_with, orders):
    app = app_with(HELD)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("T")
        await until(pilot, lambda: "30 s to refuse" in grid(app))
        assert orders.acts() == []
        await answer(pilot, app, "y")
        await until(pilot, lambda: orders.acts() == [("baton", {"do": "ask"})])


@pytest.mark.parametrize(("key", "do"), [("y", "give"), ("k", "keep")])
async def test_the_holder_who_is_asked_sees_by_whom_and_answers(app_with, orders, key, do):
    app = app_with(ASKED)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        assert "relief as ipp (pts/4) asks for the baton and gets it in 27 s" in grid(app).splitlines()[1]
        await pilot.press("T")
        await answer(pilot, app, key)
        await until(pilot, lambda: orders.acts() == [("baton", {"do": do})])


async def test_a_free_baton_is_taken_by_one_key(app_with, orders):
    app = app_with(NOBODY)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        assert "nobody has the baton · T takes it" in grid(app)
        await pilot.press("T")
        await until(pilot, lambda: orders.acts() == [("baton", {"do": "ask"})])


async def test_getting_and_losing_the_baton_is_said(app_with):
    app = app_with(HELD)
    model = app.desk.model
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(app, pilot)
        for sequence, baton, words in (
            (2, ASKED, "you have the baton"),
            (3, HELD, "relief as ipp (pts/4) has the bat"),
        ):
            model.take(WholeSnapshot(snapshot=busy(baton=baton, sequence=sequence)))
            app._mark_changed()
            app.flush()
            await until(pilot, lambda words=words: any(words in one.message for one in app._notifications))


async def test_a_read_only_console_never_asks(make_app, hand, orders):
    app = make_app(live(Model(monotonic=hand, read_only=True), busy(baton=NOBODY)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("T")
        await pilot.pause()
        assert orders.acts() == []


def test_a_console_takes_a_free_baton_until_it_has_seen_whose_it_is_and_then_only_its_own():
    model = Model()
    assert model.wants_baton
    # an engine that answered, and went away before it told anything
    before = Model()
    hello = live(before, busy()).hello
    assert hello is not None
    model.greeted(hello)
    model.lost("it ended the connection")
    assert model.wants_baton
    assert before.wants_baton
    assert not live(Model(), busy(baton=NOBODY)).wants_baton
