"""The login series at the console: the site asks, a person answers once, and no token is left lying about."""

from __future__ import annotations

import asyncio

import pytest
from tests.console.support import NOON, busy, grid
from textual.widgets import Input

from rpconsole.console.screens.login import LoginScreen
from rpconsole.domain.fault import ExitCode, FaultKind
from rpconsole.domain.session import SessionState, SessionView
from rpconsole.domain.snapshot import GATES, GateView
from rpconsole.protocol.errors import EngineSaid
from rpconsole.protocol.messages import Answered, ChallengeAsked, PromptText, Rejected, WholeSnapshot

TOKEN = "834911"
REFUSED = EngineSaid(
    "mu-fe3 refused the answer: Access denied.", kind=FaultKind.REFUSED, exit_code=ExitCode.LOGIN_NEEDED
)


def challenge(
    ask_id=1, *, place=1, prompts=(("Enter PASSCODE: ", False),), title="Card login", asker="ipp", tries_left=None,
    host="mu-fe3",
):  # fmt: skip
    return ChallengeAsked(
        ask_id=ask_id, asker=asker, host=host, user="watersc1", position=(place, 2), title=title,
        instructions="", prompts=tuple(PromptText(text=text, echo=echo) for text, echo in prompts), answer_within_s=120.0,
        tries_left=tries_left,
    )  # fmt: skip


class Site:
    """Asks through the console's own prompts, as the engine's client does, and takes only its token."""

    def __init__(self, app, *challenges) -> None:
        self.app, self.challenges = app, challenges or (challenge(1), challenge(2, place=2))
        self.answers: list[list[str] | None] = []

    async def login(self, hosts):
        for one in self.challenges:
            answer = await self.app.desk.prompts.ask(one)
            closed = Answered(ask_id=one.ask_id, outcome="declined" if answer is None else "answered", by="ipp")
            self.app.desk.prompts.closed(closed)
            self.answers.append(answer)
            if answer is None:
                raise EngineSaid(
                    "nobody answered the site's prompt", kind=FaultKind.NEEDS_LOGIN, exit_code=ExitCode.LOGIN_NEEDED
                )
            if answer != [TOKEN]:
                raise REFUSED
        return {"sessions": []}


@pytest.fixture
def site(app, orders):
    made = Site(app)
    orders.answers["login"] = made.login
    return made


async def until(pilot, condition):
    for _ in range(6000):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError("it did not come to pass")


async def begin(pilot, app):
    """Open the dialog and let the site ask."""
    await pilot.press("L")
    await until(pilot, lambda: isinstance(app.screen, LoginScreen))
    await pilot.press("enter")
    await until(pilot, lambda: app.desk.prompts.waits)


async def type_token(pilot, token=TOKEN):
    await pilot.press(*token, "enter")


async def test_a_series_asks_one_token_after_another(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        assert "token 1 of 2" in grid(app)
        assert "Enter PASSCODE:" in grid(app)
        await type_token(pilot)
        await until(pilot, lambda: app.desk.prompts.open is not None and app.desk.prompts.open.ask_id == 2)
        await pilot.pause()
        assert "token 2 of 2" in grid(app)


async def test_a_token_for_the_gateway_is_counted_with_the_others_and_told_apart(app, site):
    site.challenges = (challenge(1, host="dmz"), challenge(2, place=2))
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        assert "token 1 of 2, for the gateway" in grid(app)
        await type_token(pilot)
        await until(pilot, lambda: app.desk.prompts.open is not None and app.desk.prompts.open.ask_id == 2)
        await pilot.pause()
        assert "token 2 of 2" in grid(app)
        assert "gateway" not in grid(app)


async def test_only_front_ends_without_a_session_are_asked_for(app, site, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        assert orders.ordered[-1] == ("login", {"hosts": ["mu-fe3"]})


async def test_a_hidden_prompt_shows_bullets_only(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await pilot.press(*TOKEN)
        await pilot.pause()
        assert "••••••" in grid(app)
        assert TOKEN not in grid(app)


async def test_a_prompt_that_may_be_seen_is_shown(app, orders):
    orders.answers["login"] = Site(app, challenge(prompts=(("User: ", True), ("Token: ", False)))).login
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await pilot.press(*"relief", "enter", *TOKEN)
        await pilot.pause()
        assert "relief" in grid(app)
        assert TOKEN not in grid(app)


async def test_a_refused_token_gets_the_sites_sentence_and_nothing_is_sent_again(app, site, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await type_token(pilot, "000000")
        await until(pilot, lambda: "Access denied" in grid(app))
        await pilot.pause(0.1)
        assert site.answers == [["000000"]]
        assert orders.verbs().count("login") == 1


async def test_after_a_refusal_a_person_can_begin_anew(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await type_token(pilot, "000000")
        await until(pilot, lambda: "Access denied" in grid(app))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.desk.prompts.waits)
        await type_token(pilot)
        await until(pilot, lambda: len(site.answers) == 2)
        assert site.answers[1] == [TOKEN]


async def test_a_token_that_was_sent_is_not_sent_again_without_a_second_word(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await type_token(pilot)
        await until(pilot, lambda: app.desk.prompts.waits and app.desk.prompts.open.ask_id == 2)
        await type_token(pilot)
        await pilot.pause()
        assert "was sent already" in grid(app)
        assert site.answers == [[TOKEN]]


async def test_an_empty_answer_needs_a_second_enter(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await pilot.press("enter")
        await pilot.pause()
        assert "nothing was typed" in grid(app)
        assert site.answers == []


async def test_a_token_that_was_pasted_with_a_blank_needs_a_second_enter(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await pilot.press(*"123456", "space", "enter")
        await pilot.pause()
        assert "a blank stands before or behind" in grid(app)
        assert site.answers == []
        await pilot.press("backspace", "enter")
        await pilot.pause()
        assert site.answers == [["123456"]]


async def test_another_operator_who_was_faster_is_named(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await pilot.press(*"12")
        app.desk.prompts.closed(Answered(ask_id=1, outcome="answered", by="relief"))
        await pilot.pause()
        assert "relief was faster" in grid(app)
        assert site.answers == []


async def test_an_answer_that_the_engine_hands_back_is_told(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        app.desk.prompts.rejected(Rejected(ask_id=1, sentence="the site asks for 2 answers, 1 were given"))
        await pilot.pause()
        assert "not sent to the site" in grid(app)


async def test_escape_declines_the_prompt_that_waits(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await pilot.press("escape")
        await until(pilot, lambda: site.answers == [None])
        assert not isinstance(app.screen, LoginScreen)


async def test_f5_has_the_site_ask_anew_and_sends_it_nothing(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await until(pilot, lambda: app.desk.prompts.waits)
        first = app.desk.prompts.open
        await pilot.press(*"12", "f5")
        await until(pilot, lambda: site.answers == [None] and app.desk.prompts.waits)
        assert app.desk.prompts.open is first
        await until(pilot, lambda: "waiting for the site" not in grid(app))
        await pilot.press(*TOKEN, "enter")
        await until(pilot, lambda: site.answers[:2] == [None, [TOKEN]])


async def test_a_login_that_somebody_else_began_can_be_answered_here(app):
    async with app.run_test(size=(80, 24)) as pilot:
        asked = asyncio.create_task(app.desk.prompts.ask(challenge(9, asker="relief")))
        await until(pilot, lambda: app.desk.prompts.waits)
        assert not isinstance(app.screen, LoginScreen)
        await pilot.press("L")
        await pilot.pause()
        assert "begun by relief" in grid(app)
        await type_token(pilot)
        assert await asked == [TOKEN]


async def test_the_sites_words_are_shown_and_never_obeyed(app, orders):
    words = "\x1b[2J[bold red]Enter [/b] PASSCODE\x07:"
    orders.answers["login"] = Site(app, challenge(prompts=((words, False),), title="[/foo]")).login
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await pilot.pause()
        assert "\\x1b[2J[bold red]Enter [/b] PASSCODE\\x07:" in grid(app)
        assert "[/foo]" in grid(app)


async def test_the_countdown_runs_while_the_site_waits(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        app.desk.prompts.until = app.desk.model.monotonic() + 27.9
        app.screen.touch_body()
        await pilot.pause()
        assert "answer within 0m27" in grid(app)


async def test_the_dialog_fits_the_smallest_terminal(app, site):
    async with app.run_test(size=(60, 16)) as pilot:
        await begin(pilot, app)
        await pilot.pause()
        shown = grid(app)
        assert "Enter PASSCODE:" in shown
        assert "token  [" in shown


async def test_a_token_is_not_sent_again_in_a_later_series_either(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await type_token(pilot, "000000")
        await until(pilot, lambda: "Access denied" in grid(app))
        await pilot.press("escape")
        await begin(pilot, app)
        await type_token(pilot, "000000")
        await until(pilot, lambda: "was sent already" in grid(app))
        assert site.answers == [["000000"]]


async def test_the_last_try_before_a_lock_out_needs_a_second_word(app, orders):
    site = Site(app, challenge(tries_left=1))
    orders.answers["login"] = site.login
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await until(pilot, lambda: "1 try left before the site locks watersc1 out" in grid(app))
        await type_token(pilot)
        await until(pilot, lambda: "enter again sends it" in grid(app))
        assert site.answers == []
        await pilot.press("enter")
        await until(pilot, lambda: site.answers == [[TOKEN]])


async def test_an_operator_who_was_faster_is_named_and_what_was_typed_here_is_forgotten(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await pilot.press(*"8349")
        typed = app.screen._buffers[0]
        app.desk.prompts.closed(Answered(ask_id=1, outcome="answered", by="relief"))
        await until(pilot, lambda: "relief was faster" in grid(app))
        assert len(typed) == 0


async def test_an_engine_that_goes_in_mid_series_ends_it_and_nothing_is_sent_to_the_next(app, orders):
    gone = EngineSaid("the engine went away", kind=FaultKind.AWAY, exit_code=ExitCode.SYSTEM)
    asking: list[asyncio.Task] = []

    async def login(hosts):
        asking.append(asyncio.create_task(app.desk.prompts.ask(challenge(1))))
        await asyncio.wait(asking)
        raise gone

    orders.answers["login"] = login
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await pilot.press(*"8349")
        asking[0].cancel()
        await until(pilot, lambda: "the engine went away. Nothing is sent again by itself." in grid(app))
        assert not app.desk.prompts.waits
        assert [len(buffer) for buffer in app.screen._buffers] == [0]


async def test_another_account_can_be_chosen(app, model, orders):
    model.take(WholeSnapshot(snapshot=busy(accounts=("watersc1", "relief2"), sequence=2)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("L")
        await until(pilot, lambda: "as watersc1" in grid(app))
        await pilot.press("u", "enter")
        await until(pilot, lambda: orders.ordered[-1] == ("login", {"hosts": ["mu-fe3"], "user": "relief2"}))


async def test_at_the_end_closed_gates_are_offered(app, model, orders):
    gates = tuple(GateView(name=name, open=name != "exec", at=NOON) for name in GATES)
    model.take(WholeSnapshot(snapshot=busy(gates=gates, sequence=2)))
    orders.answers["login"] = lambda hosts: {"sessions": []}
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("L", "enter")
        await until(pilot, lambda: "g opens exec" in grid(app))
        assert "2 of 3 sessions are open" in grid(app)
        await pilot.press("g")
        await until(pilot, lambda: orders.ordered[-1] == ("gates", {"names": ["exec"], "open": True}))


async def test_with_many_front_ends_the_prompt_stays_in_sight(app, model, orders):
    views = tuple(SessionView(host=f"mu-fe{number}", state=SessionState.CLOSED) for number in range(1, 13))
    model.take(WholeSnapshot(snapshot=busy(sessions=views, sequence=2)))
    orders.answers["login"] = Site(app, challenge(1)).login
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await pilot.pause()
        assert "mu-fe3" in grid(app)
        assert "of 12, 0 open" in grid(app)
        assert "enter sends once" in grid(app)


# -- no token is left lying about -------------------------------------------------------------------------------------


async def test_a_crash_while_the_token_is_sent_shows_it_nowhere(app, site, capfd):
    def fail(answers):
        raise RuntimeError(f"boom with {answers}")

    async def crash():
        async with app.run_test(size=(80, 24)) as pilot:
            await begin(pilot, app)
            app.desk.prompts.answer = fail
            await type_token(pilot)
            await pilot.pause()

    with pytest.raises(RuntimeError):
        await crash()
    report = app._options.crash_file.read_text()
    out, err = capfd.readouterr()
    assert "the console failed (RuntimeError)" in err
    assert ", in send" in report
    assert all(TOKEN not in text for text in (report, out, err))


async def test_the_token_reaches_no_clipboard(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        assert not app.screen.query(Input)
        await pilot.press(*TOKEN, "ctrl+a", "ctrl+c", "ctrl+x")
        await pilot.pause()
        assert app.clipboard == ""


async def test_the_token_stands_in_no_message(app, site):
    seen = []
    async with app.run_test(size=(80, 24), message_hook=lambda message: seen.append(repr(message))) as pilot:
        await begin(pilot, app)
        await type_token(pilot)
        await until(pilot, lambda: site.answers)
        assert seen
        assert all(TOKEN not in message for message in seen)


async def test_the_token_is_forgotten_when_the_dialog_closes(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, app)
        await pilot.press(*"8349")
        buffers = app.screen._buffers
        await pilot.press("escape")
        await pilot.pause()
        assert [len(buffer) for buffer in buffers] == [0]
        assert repr(buffers[0]) == "<token buffer>"


async def test_developer_tools_are_refused_a_look_at_a_login(app, site):
    async with app.run_test(size=(80, 24)) as pilot:
        app.features = frozenset({"devtools"})
        await pilot.press("L", "enter", "enter")
        await pilot.pause()
        assert "developer tools" in grid(app)
        assert site.answers == []
        assert not app.desk.prompts.waits
