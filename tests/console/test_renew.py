"""The renewal at the console: what will happen, what is waited for and why, what may be chosen, and how it ended."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.console.support import NOON, assert_grid, busy, grid, settled
from tests.console.test_login import TOKEN, challenge, until

from rpconsole.console.alerts import notices
from rpconsole.console.screens.dialog import Dialog
from rpconsole.console.screens.main import MainScreen
from rpconsole.console.screens.renew import RenewScreen
from rpconsole.domain.action import PollRun, RetrieveRun, ShipRun
from rpconsole.domain.fault import ExitCode, FaultKind
from rpconsole.domain.renewal import Choice, Outcome, RenewalStep, RenewalView, begun, ended, finished, outstanding
from rpconsole.protocol.errors import EngineSaid
from rpconsole.protocol.messages import WholeSnapshot

WAITS = outstanding({4711: PollRun, 4713: ShipRun, 4714: RetrieveRun})


def at_step(step, **changes):
    """A renewal that has come so far."""
    view = RenewalView(who="ipp", account="watersc1", began_at=NOON - 252)
    for one in RenewalStep:
        if one is step:
            break
        view = finished(begun(view, one, NOON - 252), one, NOON - 250, f"{one} is done")
    return replace(begun(view, step, NOON - 240, "the gates exec and poll are shut"), **changes)


DRAINING = at_step(RenewalStep.DRAIN, waits=WAITS)
ASKING = at_step(RenewalStep.UP)
DONE = ended(at_step(RenewalStep.REVERT), Outcome.DONE, NOON, "the sessions are renewed")


def show(app, view, sequence=2, **changes):
    app.desk.model.take(WholeSnapshot(snapshot=busy(renewal=view, sequence=sequence, **changes)))
    app._mark_changed()
    app.flush()


async def opened(pilot, app):
    await pilot.press("K")
    await until(pilot, lambda: isinstance(app.screen, RenewScreen))
    await pilot.pause()


async def test_nothing_begins_before_a_person_has_read_what_will_happen(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        assert_grid(app, "renew-plan-80x24")
        assert orders.acts() == []
        await pilot.press("enter")
        await until(pilot, lambda: orders.acts() == [("renew", {"cut": False})])


async def test_an_account_can_be_chosen_and_transfers_cut_from_the_start(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        show(app, None, accounts=("watersc1", "relief2"))
        await opened(pilot, app)
        await pilot.press("u", "k")
        await until(pilot, lambda: orders.acts() == [("renew", {"cut": True, "user": "relief2"})])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_each_wait_has_its_reason(app, size):
    async with app.run_test(size=size) as pilot:
        await settled(app, pilot)
        show(app, DRAINING)
        await opened(pilot, app)
        for shown in app.screen_stack:
            shown.touch(None)
        await pilot.pause()
        assert_grid(app, f"renew-drain-{size[0]}x{size[1]}")


async def test_on_the_smallest_terminal_the_step_under_way_and_its_waits_are_left(app):
    async with app.run_test(size=(60, 16)) as pilot:
        show(app, DRAINING)
        await opened(pilot, app)
        assert "3 close gates and drain" in grid(app)
        assert "run 4713 ship" in grid(app)
        assert "k cuts at the next bundle border" in grid(app)


@pytest.mark.parametrize(("key", "choice"), [("k", "cut"), ("a", "abandon")])
async def test_what_is_chosen_is_ordered(app, orders, key, choice):
    async with app.run_test(size=(80, 24)) as pilot:
        show(app, DRAINING)
        await opened(pilot, app)
        await pilot.press(key)
        if choice == "abandon":
            await until(pilot, lambda: isinstance(app.screen, Dialog))
            assert orders.acts() == []
            app.screen._patience_s = 0.0
            await pilot.press("y")
        await until(pilot, lambda: orders.acts() == [("renewal", {"choice": choice})])


async def test_a_cut_can_be_taken_back(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        show(app, replace(DRAINING, choice=Choice.CUT, chosen_by="ipp"))
        await opened(pilot, app)
        assert "w waits" in grid(app)
        await pilot.press("w")
        await until(pilot, lambda: orders.acts() == [("renewal", {"choice": "wait"})])


async def test_the_sites_prompts_are_answered_in_the_checklist(app):
    async with app.run_test(size=(80, 24)) as pilot:
        show(app, ASKING)
        await opened(pilot, app)
        asked = asyncio.create_task(app.desk.prompts.ask(challenge(5, place=2)))
        await until(pilot, lambda: "Enter PASSCODE:" in grid(app))
        assert "token 2 of 2" in grid(app)
        assert "6 open new sessions" in grid(app)
        # keys that choose elsewhere are part of a token here
        await pilot.press(*"wka", *TOKEN, "enter")
        assert await asked == [f"wka{TOKEN}"]


async def test_leaving_the_dialog_leaves_the_renewal_going_and_the_alert_row_tells_of_it(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        show(app, DRAINING)
        await opened(pilot, app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert orders.acts() == []
        assert any(
            "ipp renews the sessions: 3 of 8, close gates and drain, 3 things waited for" in one.sentence
            for one in notices(app.desk.model)
        )


async def test_a_prompt_that_no_dialog_shows_is_an_alarm(app):
    async with app.run_test(size=(80, 24)) as pilot:
        show(app, ASKING)
        asked = asyncio.create_task(app.desk.prompts.ask(challenge(5, asker="relief")))
        await until(pilot, lambda: app.desk.model.asked)
        first = notices(app.desk.model)[0]
        assert first.is_alarm
        assert "the site asks for an answer, to watersc1 at mu-fe3; relief began the login" in first.sentence
        await opened(pilot, app)
        await pilot.press(*TOKEN, "enter")
        assert await asked == [TOKEN]
        await until(pilot, lambda: app.desk.model.asked == "")


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (DONE, "the sessions are renewed"),
        (ended(ASKING, Outcome.FAILED, NOON, "mu-fe3 refused the answer; no session is open"), "refused the answer"),
        (ended(DRAINING, Outcome.ABANDONED, NOON, "given up by ipp; 2 sessions are open"), "given up by ipp"),
    ],
    ids=["done", "failed", "abandoned"],
)
async def test_how_it_ended_is_read_before_the_dialog_closes(app, view, words):
    async with app.run_test(size=(80, 24)) as pilot:
        show(app, DRAINING)
        await opened(pilot, app)
        show(app, view, sequence=3)
        await until(pilot, lambda: words in grid(app))
        assert str(view.outcome) in grid(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))


async def test_the_renewal_of_yesterday_is_not_shown_as_that_of_today(app):
    async with app.run_test(size=(80, 24)) as pilot:
        show(app, DONE)
        await opened(pilot, app)
        assert "enter begins" in grid(app)
        assert "the sessions are renewed" not in grid(app)


async def test_what_the_engine_refuses_is_said_in_the_dialog(app, orders):
    orders.answers["renew"] = EngineSaid(
        "relief is logging in just now", kind=FaultKind.REFUSED, exit_code=ExitCode.SYSTEM
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("enter")
        await until(pilot, lambda: "relief is logging in just now" in grid(app))
        assert "enter begins" in grid(app)


async def test_a_console_that_loses_its_engine_in_mid_renewal_keeps_the_view_and_says_so(app, model):
    async with app.run_test(size=(80, 24)) as pilot:
        show(app, DRAINING)
        await opened(pilot, app)
        model.lost("it is gone")
        app._mark_changed()
        app.flush()
        await pilot.pause()
        assert "3 close gates and drain" in grid(app)
        assert "no engine: it is gone" in grid(app).splitlines()[1]
