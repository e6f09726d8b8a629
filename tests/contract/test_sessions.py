"""What every provider of ``ports.sessions.Sessions`` holds to."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.site_worlds import LIFETIME_S, logged_in

from rpconsole.domain.fault import BadConfiguration, LoginRefused, NoSession, SessionLost
from rpconsole.domain.session import SessionState
from rpconsole.ports.sessions import Challenge
from rpconsole.ports.site import Shipment

#: long before a silence would be noticed
AT_ONCE_S = 60.0


class Person:
    """Answers with what he is given, and remembers what he was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked: list[Challenge] = []

    async def __call__(self, challenge):
        self.asked.append(challenge)
        answer = self.answers.pop(0)
        return None if answer is None else [answer for _ in challenge.prompts]


def states(world):
    return {view.host: view.state for view in world.sessions.view()}


async def test_the_right_token_opens_one_session(world):
    person = Person(world.token())
    views = await world.sessions.open(person, hosts=["fe1"])
    assert [(view.host, view.state) for view in views] == [("fe1", SessionState.OPEN)]
    assert states(world) == {"fe1": SessionState.OPEN, "fe2": SessionState.CLOSED}
    assert world.sessions.alive()
    assert world.tries() == (1, 0)


async def test_a_login_without_names_goes_through_all_front_ends_one_by_one(world):
    person = Person(world.token(), world.token())
    await world.sessions.open(person)
    assert [(asked.host, asked.position) for asked in person.asked] == [("fe1", (1, 2)), ("fe2", (2, 2))]
    assert set(states(world).values()) == {SessionState.OPEN}


async def test_a_wrong_token_is_tried_once_and_the_person_is_asked_once(world):
    person = Person(world.wrong(), world.token())
    with pytest.raises(LoginRefused, match="fe1"):
        await world.sessions.open(person, hosts=["fe1"])
    assert len(person.asked) == 1
    assert world.tries() == (0, 1)
    assert not world.sessions.alive()


async def until_lost(world):
    """Other changes may come before."""
    async with asyncio.timeout(AT_ONCE_S):
        while states(world)["fe1"] is not SessionState.LOST:
            await world.sessions.changed()


async def test_a_used_token_is_refused(world):
    token = world.token()
    await world.sessions.open(Person(token), hosts=["fe1"])
    await world.sessions.close()
    with pytest.raises(LoginRefused):
        await world.sessions.open(Person(token), hosts=["fe1"])


async def test_who_declines_sends_nothing(world):
    with pytest.raises(LoginRefused, match="given up"):
        await world.sessions.open(Person(None), hosts=["fe1"])
    assert world.tries() == (0, 0)
    assert states(world)["fe1"] is SessionState.CLOSED


async def test_a_refusal_ends_the_series_and_leaves_what_is_open(world):
    person = Person(world.token(), world.wrong(), world.token())
    with pytest.raises(LoginRefused, match="fe2"):
        await world.sessions.open(person)
    assert states(world) == {"fe1": SessionState.OPEN, "fe2": SessionState.CLOSED}
    assert len(person.asked) == 2


async def test_an_open_session_is_left_as_it_is(world):
    await world.sessions.open(Person(world.token()), hosts=["fe1"])
    before = world.sessions.view()[0]
    await world.sessions.open(Person(), hosts=["fe1"])
    assert world.sessions.view()[0].opened_at == before.opened_at


async def test_the_view_tells_when_the_site_will_cut_it(world):
    await logged_in(world)
    view = world.sessions.view()[0]
    assert view.opened_at is not None
    assert view.ends_at == view.opened_at + LIFETIME_S


async def test_a_cut_session_is_noticed_at_once_and_wakes_who_waits(world):
    await logged_in(world)
    await world.sessions.changed()
    waiting = asyncio.create_task(world.sessions.changed())
    await asyncio.sleep(0)
    world.cut()
    await asyncio.wait_for(waiting, AT_ONCE_S)
    await until_lost(world)
    view = world.sessions.view()[0]
    assert "fe1" in view.sentence
    assert not world.sessions.alive()


async def test_a_change_that_nobody_waited_for_is_not_lost(world):
    await logged_in(world)
    await asyncio.wait_for(world.sessions.changed(), AT_ONCE_S)


async def test_no_login_is_tried_without_a_person(world):
    await logged_in(world)
    await world.sessions.changed()
    world.cut()
    await until_lost(world)
    for _ in range(3):
        with pytest.raises(NoSession):
            await world.site.stat([f"{world.root}/x"])
    assert world.tries() == (1, 0)


async def test_one_login_revives_the_site(world):
    await logged_in(world)
    await world.sessions.changed()
    world.cut()
    await until_lost(world)
    await logged_in(world)
    assert await world.site.stat([f"{world.root}/nothing"]) == {}


async def test_a_session_that_we_close_is_not_lost(world):
    await logged_in(world)
    await world.sessions.close()
    assert states(world) == {"fe1": SessionState.CLOSED, "fe2": SessionState.CLOSED}


async def test_one_session_can_be_closed_while_the_other_lives(world):
    await world.sessions.open(Person(world.token(), world.token()))
    await world.sessions.close(["fe1"])
    assert states(world) == {"fe1": SessionState.CLOSED, "fe2": SessionState.OPEN}
    assert await world.site.stat([f"{world.root}/nothing"]) == {}


async def test_an_unknown_front_end_is_named_with_those_that_exist(world):
    with pytest.raises(BadConfiguration, match=r"'fe7'.*fe1, fe2"):
        await world.sessions.open(Person(), hosts=["fe7"])


async def test_two_logins_at_once_are_carried_out_one_after_the_other(world):
    running = 0

    async def ask(challenge):
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0.01)
        running -= 1
        return [world.token() for _ in challenge.prompts]

    await asyncio.gather(world.sessions.open(ask, hosts=["fe1"]), world.sessions.open(ask, hosts=["fe2"]))
    assert set(states(world).values()) == {SessionState.OPEN}


async def test_a_draining_session_begins_no_transfer_and_answers_everything_else(world):
    await logged_in(world)
    source = world.home / "input"
    source.write_bytes(b"abc")
    shipment = Shipment(source=str(source), target=f"{world.root}/in/input", size=3)
    world.sessions.drain(on=True)
    assert states(world)["fe1"] is SessionState.DRAINING
    with pytest.raises(SessionLost, match="renewed") as cut:
        await world.site.send([shipment])
    assert not isinstance(cut.value, NoSession)
    assert world.get(shipment.target) is None
    assert await world.site.stat([shipment.target]) == {}
    world.sessions.drain(on=False)
    assert states(world)["fe1"] is SessionState.OPEN
    assert (await world.site.send([shipment]))[0][0].size == 3


async def test_draining_opens_nothing_and_a_closed_session_does_not_drain(world):
    world.sessions.drain(on=True)
    assert set(states(world).values()) == {SessionState.CLOSED}


async def test_letting_go_costs_no_token_where_a_session_lives_on_and_ends_it_elsewhere(world):
    await logged_in(world)
    living = await world.sessions.release()
    assert not world.sessions.alive()
    await world.sessions.resume()
    assert [view.host for view in world.sessions.view() if view.state is SessionState.OPEN] == list(living)
    assert world.tries() == (1, 0)
