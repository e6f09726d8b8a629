"""Several sessions to each front end, over every way of speaking ssh: one token each, and one site."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from tests.contract.conftest import SSHD
from tests.contract.site_worlds import in_process_world, master_world, sshd_world
from tests.contract.test_sessions import AT_ONCE_S, Person, states

from rpconsole.domain.fault import BadConfiguration, LoginRefused
from rpconsole.domain.session import SessionState
from rpconsole.ports.site import Shipment

OPEN, CLOSED, LOST = SessionState.OPEN, SessionState.CLOSED, SessionState.LOST


@pytest.fixture(params=["in process", *SSHD])
async def world(request, tmp_path):
    """A site with fe1 and fe2, and two sessions to each."""
    match request.param:
        case "in process":
            opening = in_process_world(tmp_path, sessions_each=2)
        case "master":
            opening = master_world(tmp_path, request.getfixturevalue("sshd"), sessions_each=2)
        case _:
            opening = sshd_world(tmp_path, request.getfixturevalue("sshd"), sessions_each=2)
    async with opening as found:
        yield found


def a_person(world, count):
    return Person(*(world.token() for _ in range(count)))


async def settled_in():
    """The streams that a login opens beforehand are open: none of the sessions is late."""
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("warming streams")))


async def until_one_is_lost(world):
    async with asyncio.timeout(AT_ONCE_S):
        while LOST not in states(world).values():
            await world.sessions.changed()


async def test_each_session_asks_for_a_token_of_its_own_and_the_first_of_every_front_end_comes_first(world):
    person = a_person(world, 4)
    await world.sessions.open(person)
    assert [(asked.host, asked.position) for asked in person.asked] == [
        ("fe1/1", (1, 4)),
        ("fe2/1", (2, 4)),
        ("fe1/2", (3, 4)),
        ("fe2/2", (4, 4)),
    ]
    assert states(world) == {"fe1/1": OPEN, "fe2/1": OPEN, "fe1/2": OPEN, "fe2/2": OPEN}
    assert world.tries() == (4, 0)


async def test_a_front_ends_name_stands_for_all_its_sessions_and_a_sessions_name_for_itself(world):
    person = a_person(world, 3)
    await world.sessions.open(person, hosts=["fe1/2"])
    assert states(world)["fe1/1"] is CLOSED
    await world.sessions.open(person, hosts=["fe1"])
    assert [asked.host for asked in person.asked] == ["fe1/2", "fe1/1"]
    assert person.asked[1].position == (1, 1)
    await world.sessions.close(["fe1/1"])
    assert (states(world)["fe1/1"], states(world)["fe1/2"]) == (CLOSED, OPEN)
    await world.sessions.close(["fe1"])
    assert set(states(world).values()) == {CLOSED}


@pytest.mark.parametrize("stop", ["refused", "declined"])
async def test_a_series_that_ends_early_leaves_what_is_open_and_the_next_asks_only_for_the_rest(world, stop):
    person = Person(world.token(), world.wrong() if stop == "refused" else None)
    with pytest.raises(LoginRefused, match="fe1/2"):
        await world.sessions.open(person, hosts=["fe1"])
    assert (states(world)["fe1/1"], states(world)["fe1/2"]) == (OPEN, CLOSED)
    assert await world.site.stat([f"{world.root}/nothing"]) == {}
    rest = a_person(world, 1)
    await world.sessions.open(rest, hosts=["fe1"])
    assert [(asked.host, asked.position) for asked in rest.asked] == [("fe1/2", (1, 1))]
    assert world.tries() == (2, 1 if stop == "refused" else 0)


async def test_one_that_is_cut_leaves_the_other_serving_and_is_opened_alone(world):
    await world.sessions.open(a_person(world, 2), hosts=["fe1"])
    world.cut_one()
    await until_one_is_lost(world)
    assert Counter(states(world).values()) == {LOST: 1, OPEN: 1, CLOSED: 2}
    assert await world.site.stat([f"{world.root}/nothing"]) == {}
    lost = next(host for host, state in states(world).items() if state is LOST)
    person = a_person(world, 1)
    await world.sessions.open(person, hosts=["fe1"])
    assert [asked.host for asked in person.asked] == [lost]


async def test_a_transfer_uses_all_sessions(world):
    await world.sessions.open(a_person(world, 2), hosts=["fe1"])
    await settled_in()
    shipments = []
    for number in range(6):
        path = world.home / f"input{number}"
        path.write_bytes(bytes([number]) * (4 << 20))
        shipments.append(Shipment(source=str(path), target=f"{world.root}/in/{number}", size=4 << 20))
    delivered, undelivered = await world.site.send(shipments)
    assert (len(delivered), undelivered) == (6, [])
    used = {delivery.stream.rpartition("/")[0] for delivery in delivered}
    assert used == {"fe1/1", "fe1/2"}
    assert world.site.most().sessions == 2


async def test_a_session_that_is_not_configured_is_named_with_the_front_ends(world):
    with pytest.raises(BadConfiguration, match=r"'fe1/3'.*Known: fe1, fe2"):
        await world.sessions.open(Person(), hosts=["fe1/3"])
