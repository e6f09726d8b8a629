"""Files and verbs over asyncssh while things go wrong, before a server in this process that runs the real helper."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from tests.integration.ssh_site import LARGE, a_campaign, is_whole, log_in, some_bytes, ssh_site, until_there
from tests.servers.front_end import PrivateFrontEnd, known_hosts
from tests.servers.token_card import TokenCard

from rpconsole.adapters.ssh.helper_file import helper_bytes, helper_name, helper_path, runner_path
from rpconsole.domain.fault import NoAnswer, SessionLost, SiteFailed
from rpconsole.domain.session import SessionState
from rpconsole.ports.site import Shipment, TransferCut


@pytest.fixture
async def servers():
    found = [PrivateFrontEnd(TokenCard()) for _ in range(2)]
    for server in found:
        await server.start()
    yield found
    for server in found:
        await server.stop()


@pytest.fixture
def server(servers):
    return servers[0]


@pytest.fixture
async def opened(tmp_path, servers):
    """Make a site and log in: to the first server, or to as many as asked for."""
    made = []

    async def opening(front_ends=1, **changes):
        used = servers[:front_ends]
        site = ssh_site(tmp_path, [each.port for each in used], known_hosts(tmp_path / "known_hosts", *used), **changes)
        made.append(site)
        await log_in(site, used)
        return site

    yield opening
    for site in made:
        await site.sessions.close()


def after_bytes(server, direction, count, act):
    """Once so many bytes have flowed to all programs together (or from them), act."""
    left = [count]

    def tamper(way, data):
        if way == direction and left[0] is not None:
            left[0] -= len(data)
            if left[0] < 0:
                left[0] = None
                return act(data)
        return data

    server.tamper = tamper


# -- the helper's channel ---------------------------------------------------------------------------------------------


async def test_a_talkative_login_shell_does_not_matter(server, opened):
    server.banner = b"Welcome to mu-fe1!\r\nRPR1 is not for you\nno newline at the end: "
    site = await opened()
    assert (await site.site.run(["echo", "hello"], timeout_s=60)).out == "hello\n"


async def test_the_helper_is_sent_once(server, servers, opened):
    site = await opened()
    await site.sessions.close()
    await log_in(site, servers[:1])
    assert sum("cat >" in command for command in server.commands) == 1
    assert Path(runner_path(str(site.root))).resolve().name == helper_name()


async def test_a_damaged_helper_is_replaced(servers, opened):
    site = await opened()
    await site.sessions.close()
    path = Path(helper_path(str(site.root)))
    path.write_bytes(helper_bytes() + b" ")
    await log_in(site, servers[:1])
    assert (await site.site.run(["echo", "hello"], timeout_s=60)).out == "hello\n"
    assert path.read_bytes() == helper_bytes()


async def test_a_missing_link_to_the_runner_is_made_again(servers, opened):
    site = await opened()
    await site.sessions.close()
    Path(runner_path(str(site.root))).unlink()
    await log_in(site, servers[:1])
    assert Path(runner_path(str(site.root))).exists()


async def test_a_helper_that_cannot_be_installed_leaves_the_session_and_says_why(tmp_path, opened):
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "rpconsole").write_text("in the way")
    site = await opened()
    view = site.sessions.view()[0]
    assert view.state is SessionState.OPEN
    assert "cannot be installed" in view.sentence
    with pytest.raises(SiteFailed, match="cannot be installed"):
        await site.site.run(["true"], timeout_s=60)


async def test_a_site_without_python_says_so(opened):
    site = await opened(python="python3-is-not-here")
    with pytest.raises(SiteFailed, match="python3-is-not-here"):
        await site.site.run(["true"], timeout_s=60)


async def test_a_helper_that_dies_is_started_again_and_the_open_request_is_unknown(server, opened):
    site = await opened()
    running = asyncio.create_task(site.site.run(["sh", "-c", f"touch {site.root}/begun; sleep 300"], timeout_s=300))
    await until_there(site.root / "begun")
    server.signal(signal.SIGKILL)
    with pytest.raises(NoAnswer, match="unknown"):
        await running
    assert (await site.site.run(["echo", "again"], timeout_s=60)).out == "again\n"


async def test_many_requests_are_in_flight_at_once(opened):
    site = await opened()
    # each waits until the other nineteen run as well
    meet = f'touch "$0"; until [ "$(ls {site.root}/met | wc -l)" -eq 20 ]; do sleep 0.1; done'
    (site.root / "met").mkdir()
    asked = (["sh", "-c", meet, f"{site.root}/met/{number}"] for number in range(20))
    answers = await asyncio.gather(*(site.site.run(argv, timeout_s=120) for argv in asked))
    assert [answer.rc for answer in answers] == [0] * 20


async def test_a_front_end_that_answers_nothing_is_asked_after_the_others(servers, opened):
    site = await opened(front_ends=2, answer_timeout_s=3.0)
    servers[0].signal(signal.SIGSTOP)
    with pytest.raises(NoAnswer, match="fe1"):
        await site.site.run(["true"], timeout_s=0.2)
    assert (await site.site.run(["echo", "fe2"], timeout_s=60)).out == "fe2\n"
    servers[0].signal(signal.SIGCONT)


async def test_looking_goes_on_over_another_front_end(servers, opened):
    site = await opened(front_ends=2)
    (site.root / "a").write_bytes(b"abc")
    servers[0].cut()
    facts = await site.site.stat([str(site.root / "a")])
    assert len(facts) == 1


async def test_a_submit_is_not_repeated_over_another_front_end_by_itself(servers, opened):
    site = await opened(front_ends=2)
    running = asyncio.create_task(site.site.run(["sh", "-c", f"touch {site.root}/begun; sleep 300"], timeout_s=300))
    await until_there(site.root / "begun")
    servers[0].cut()
    with pytest.raises(SessionLost):
        await running


async def test_fewer_channels_than_configured_are_waited_for(server, opened):
    server.max_channels = 2
    site = await opened(bulk_channels=4)
    shipments = a_campaign(site)
    delivered, undelivered = await site.site.send(shipments)
    assert (len(delivered), undelivered) == (len(shipments), [])
    assert server.most_channels == 2
    # what was learned is kept
    assert site.sessions.first().streams.limit == 1
    back = [Shipment(source=each.target, target=each.source + ".back") for each in shipments]
    delivered, undelivered = await site.site.fetch(back)
    assert (len(delivered), undelivered) == (len(shipments), [])


async def test_what_a_front_end_allows_is_remembered_when_the_next_session_begins(server, servers, opened):
    server.max_channels = 2
    site = await opened(bulk_channels=4)
    await site.site.send(a_campaign(site))
    assert site.sessions.first().streams.limit == 1
    await site.sessions.close()
    await log_in(site, servers[:1])
    assert site.sessions.first().streams.limit == 1


async def test_control_and_a_reserve_stay_free_of_files(server, opened):
    site = await opened(max_channels=5, bulk_channels=9)
    await site.site.send(a_campaign(site))
    assert server.most_channels <= 4


async def test_streams_are_kept_for_the_next_transfer(server, opened):
    site = await opened()
    for number in range(3):
        await site.site.send([site.outgoing(f"in/{number}", b"x")])
    # one for the first, if the login had not opened it yet, and those that the login opens beforehand
    assert sum(" receive " in command for command in server.commands) <= 2


# -- damage ------------------------------------------------------------------------------------------------------------


async def test_a_byte_that_flips_on_the_way_out_is_noticed(server, opened):
    site = await opened()
    flip(server, "in")
    large, small = site.outgoing("in/large", some_bytes(LARGE)), site.outgoing("in/small", b"abc")
    delivered, undelivered = await site.site.send([large, small])
    assert [delivery.shipment for delivery in delivered] == [small]
    assert [missed.shipment for missed in undelivered] == [large]
    assert undelivered[0].retryable
    assert not Path(large.target).exists()
    assert site.halves() == []
    assert (await site.site.send([large]))[1] == []


async def test_a_byte_that_flips_on_the_way_home_is_noticed(server, opened):
    site = await opened()
    large, small = site.product("out/large", some_bytes(LARGE)), site.product("out/small", b"abc")
    flip(server, "out")
    delivered, undelivered = await site.site.fetch([large, small])
    assert [delivery.shipment for delivery in delivered] == [small]
    assert "checksum" in undelivered[0].sentence
    assert undelivered[0].retryable
    assert not Path(large.target).exists()
    assert site.halves() == []


async def test_a_byte_that_flips_in_a_small_file_on_the_way_home_costs_that_file_alone(server, opened):
    site = await opened()
    shipments = [site.product(f"out/{number}", some_bytes(60_000, number)) for number in range(60)]
    flip(server, "out")
    delivered, undelivered = await site.site.fetch(shipments)
    assert ["checksum" in missed.sentence and missed.retryable for missed in undelivered] == [True]
    assert len(delivered) == 59
    assert not Path(undelivered[0].shipment.target).exists()
    assert site.halves() == []
    assert (await site.site.fetch([undelivered[0].shipment]))[1] == []
    assert all(is_whole(shipment) for shipment in shipments)


def flip(server, direction):
    after_bytes(server, direction, 1 << 20, lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:])


@pytest.mark.parametrize("direction", ["in", "out"])
async def test_a_byte_that_is_lost_ends_the_stream_and_the_rest_goes_over_another(server, opened, direction):
    site = await opened()
    if direction == "in":
        shipments = a_campaign(site)
        after_bytes(server, direction, 1 << 20, lambda data: data[1:])
        delivered, undelivered = await site.site.send(shipments)
    else:
        shipments = [site.product(f"out/{number}", some_bytes(LARGE, number)) for number in range(4)]
        after_bytes(server, direction, 1 << 20, lambda data: data[1:])
        delivered, undelivered = await site.site.fetch(shipments)
    assert undelivered == []
    assert {delivery.shipment for delivery in delivered} == set(shipments)
    assert all(is_whole(shipment) for shipment in shipments)
    assert site.halves() == []


def resized(path, size, data):
    os.truncate(path, size)
    return data


async def test_a_file_that_shrinks_while_it_is_sent_is_not_delivered(server, opened):
    site = await opened()
    shipment = site.outgoing("in/large", some_bytes(24 << 20))
    after_bytes(server, "in", 1 << 20, lambda data: resized(shipment.source, 4 << 20, data))
    delivered, undelivered = await site.site.send([shipment])
    assert delivered == []
    assert "shrank" in undelivered[0].sentence
    assert undelivered[0].retryable
    assert not Path(shipment.target).exists()


async def test_a_file_that_grows_while_it_is_sent_is_not_delivered(server, opened):
    site = await opened()
    shipment = site.outgoing("in/large", some_bytes(24 << 20))
    after_bytes(server, "in", 1 << 20, lambda data: resized(shipment.source, 25 << 20, data))
    delivered, undelivered = await site.site.send([shipment])
    assert delivered == []
    assert "changed while it was sent" in undelivered[0].sentence
    assert not Path(shipment.target).exists()


async def test_a_folder_is_no_file(opened):
    site = await opened()
    (site.home / "folder").mkdir()
    _, undelivered = await site.site.send(
        [Shipment(source=str(site.home / "folder"), target=str(site.root / "in" / "folder"))]
    )
    assert "no plain file" in undelivered[0].sentence


async def test_a_product_that_cannot_be_written_at_home_is_named_and_the_others_come(opened):
    site = await opened()
    (site.home / "in_the_way").write_text("a file")
    good = [site.product(f"out/{number}", some_bytes(LARGE if number % 2 else 100, number)) for number in range(4)]
    bad = [
        Shipment(source=shipment.source, target=str(site.home / "in_the_way" / f"{number}"))
        for number, shipment in enumerate(good)
    ]
    delivered, undelivered = await site.site.fetch(good + bad)
    assert {delivery.shipment for delivery in delivered} == set(good)
    assert {missed.shipment for missed in undelivered} == set(bad)
    assert all("cannot be written" in missed.sentence for missed in undelivered)


async def test_a_stream_that_stalls_is_begun_anew(server, opened):
    site = await opened(stall_s=2.0)
    await site.site.send([site.outgoing("in/first", b"x")])
    server.signal(signal.SIGSTOP)
    delivered, undelivered = await site.site.send([site.outgoing("in/second", b"y")])
    server.signal(signal.SIGCONT)
    assert (len(delivered), undelivered) == (1, [])


async def test_a_transfer_that_never_moves_gives_its_files_back(server, opened):
    site = await opened(stall_s=0.3)
    server.tamper = lambda direction, data: data if data.startswith(b"RPR1 ") or direction == "in" else b""
    shipment = site.outgoing("in/first", b"x")
    delivered, undelivered = await site.site.send([shipment])
    assert delivered == []
    assert [missed.shipment for missed in undelivered] == [shipment]
    assert undelivered[0].retryable


# -- cuts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("megabytes", [0.01, 0.5, 2.0, 4.0, 6.0, 8.0, 9.0, 10.5])
async def test_a_cut_leaves_no_half_file_and_the_rest_is_sent_after_the_next_login(server, servers, opened, megabytes):
    site = await opened()
    shipments = a_campaign(site)
    after_bytes(server, "in", int(megabytes * 1e6), lambda data: (server.cut(), data)[1])
    with pytest.raises(TransferCut) as caught:
        await site.site.send(shipments)
    assert all(is_whole(delivery.shipment) for delivery in caught.value.delivered)
    await settled(site)
    there_or_whole = [shipment for shipment in shipments if Path(shipment.target).exists()]
    assert all(is_whole(shipment) for shipment in there_or_whole)

    await log_in(site, servers[:1])
    there = await site.site.stat([shipment.target for shipment in shipments])
    assert {delivery.shipment.target for delivery in caught.value.delivered} <= set(there)
    rest = [shipment for shipment in shipments if shipment.target not in there]
    delivered, undelivered = await site.site.send(rest)
    assert (len(delivered), undelivered) == (len(rest), [])
    assert all(is_whole(shipment) for shipment in shipments)


async def test_a_cut_behind_the_first_files_that_were_confirmed_costs_none_of_them(server, opened):
    site = await opened()
    shipments = a_campaign(site)
    with pytest.raises(TransferCut) as caught:
        await site.site.send(shipments, lambda files, size: server.cut() if files else None)
    whole = [delivery.shipment for delivery in caught.value.delivered]
    assert whole
    assert all(is_whole(shipment) for shipment in whole)


@pytest.mark.parametrize("megabytes", [0.01, 0.5, 2.0, 6.0, 9.0])
async def test_a_cut_on_the_way_home_leaves_no_half_file(server, servers, opened, megabytes):
    site = await opened()
    shipments = [site.product(f"out/{number}", some_bytes(number * 997, number)) for number in range(100)]
    shipments += [site.product(f"out/large{number}", some_bytes(LARGE, number)) for number in range(3)]
    after_bytes(server, "out", int(megabytes * 1e6), lambda data: (server.cut(), data)[1])
    with pytest.raises(TransferCut) as caught:
        await site.site.fetch(shipments)
    assert all(is_whole(delivery.shipment) for delivery in caught.value.delivered)
    assert list(site.home.rglob(".rpr-*")) == []
    rest = [shipment for shipment in shipments if not Path(shipment.target).exists()]
    assert {delivery.shipment for delivery in caught.value.delivered} == set(shipments) - set(rest)

    await log_in(site, servers[:1])
    delivered, undelivered = await site.site.fetch(rest)
    assert (len(delivered), undelivered) == (len(rest), [])
    assert all(is_whole(shipment) for shipment in shipments)


async def test_when_one_front_end_is_cut_the_other_carries_the_rest(servers, opened):
    site = await opened(front_ends=2)
    shipments = a_campaign(site)
    after_bytes(servers[0], "in", 1 << 20, lambda data: (servers[0].cut(), data)[1])
    delivered, undelivered = await site.site.send(shipments)
    assert undelivered == []
    assert {delivery.shipment for delivery in delivered} == set(shipments)
    assert all(is_whole(shipment) for shipment in shipments)


async def test_a_stream_is_begun_at_every_front_end(servers, opened):
    site = await opened(front_ends=2)
    await site.site.send([site.outgoing(f"in/{number}", some_bytes(5 << 20, number)) for number in range(4)])
    for server in servers:
        assert any(" receive " in command for command in server.commands)


async def test_a_cancelled_transfer_leaves_no_half_file_and_the_session_usable(opened):
    site = await opened()
    first = asyncio.Event()
    sending = asyncio.create_task(site.site.send(a_campaign(site), lambda files, size: first.set()))
    await first.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await settled(site)
    assert (await site.site.send([site.outgoing("in/after", b"x")]))[1] == []


async def settled(site):
    """Until the site has dropped what was half written: the helper notices the end of its stream by itself."""
    async with asyncio.timeout(60):
        while site.halves():  # noqa: ASYNC110  another process removes them
            await asyncio.sleep(0.02)
