"""What only OpenSSH's own sshd can prove: tries in its log, PAM's rounds, its limits, and the ways it goes away."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from tests.integration.ssh_site import Person, is_whole, ssh_site, until_lost, until_there
from tests.servers.sshd import USER, PrivateSshd, require_sshd
from tests.servers.token_card import TokenCard

from rpconsole.adapters.ssh.options import Gateway
from rpconsole.domain.fault import LoginRefused, SessionLost, SiteRefused
from rpconsole.ports.site import TransferCut

pytestmark = pytest.mark.needs_sshd


@pytest.fixture
def start_sshd():
    """Start one of its own, for tests that bend it."""
    require_sshd()
    started = []

    def start(*cards, **changes):
        server = PrivateSshd(cards or [TokenCard()], **changes)
        started.append(server.__enter__())
        return server

    yield start
    for server in started:
        server.__exit__(None, None, None)


@pytest.fixture
async def site_at(tmp_path):
    """A site before these servers, closed at the end."""
    made = []

    def make(*servers, known=(), **changes):
        path = tmp_path / "known_hosts"
        path.write_text("".join(server.known_hosts_line() for server in (*servers, *known)))
        made.append(ssh_site(tmp_path, [server.port for server in servers], str(path), user=USER, **changes))
        return made[-1]

    yield make
    for site in made:
        await site.sessions.close()


async def opened(site, *servers):
    await site.sessions.open(Person(*([server.cards[0].next()] for server in servers)))
    await site.sessions.changed()
    return site


def some_files(site):
    small = [site.outgoing(f"in/small{number}", b"%d" % number * number) for number in range(200)]
    data = hashlib.sha256(b"large").digest() * (8 << 15)
    return small + [site.outgoing(f"in/large{number}", data) for number in range(3)]


async def test_a_wrong_token_is_one_failed_try_in_the_servers_log(start_sshd, site_at):
    server = start_sshd()
    site = site_at(server)
    person = Person([server.cards[0].wrong()], [server.cards[0].next()])
    with pytest.raises(LoginRefused, match="will not be sent again"):
        await site.sessions.open(person)
    assert len(person.asked) == 1
    assert server.tries() == (0, 1)


async def test_the_prompt_is_pams_own_and_hidden(start_sshd, site_at):
    server = start_sshd()
    site = site_at(server)
    person = Person([server.cards[0].next()])
    await site.sessions.open(person)
    prompt = person.asked[0].prompts[0]
    assert "One-time password (OATH)" in prompt.text
    assert not prompt.echo


async def test_two_cards_are_two_rounds_of_one_login(start_sshd, site_at):
    first, second = TokenCard(), TokenCard()
    server = start_sshd(first, second)
    site = site_at(server)
    person = Person([first.next()], [second.next()])
    await site.sessions.open(person)
    assert len(person.asked) == 2
    assert server.tries() == (1, 0)


async def test_a_wrong_second_answer_ends_the_login(start_sshd, site_at):
    first, second = TokenCard(), TokenCard()
    server = start_sshd(first, second)
    site = site_at(server)
    person = Person([first.next()], [second.wrong()], [first.next()])
    with pytest.raises(LoginRefused):
        await site.sessions.open(person)
    assert len(person.asked) == 2
    assert server.tries() == (0, 1)


async def test_a_changed_host_key_is_refused_before_a_token_is_burned(start_sshd, site_at):
    server = start_sshd()
    site = site_at(server)
    server.new_host_key()
    person = Person([server.cards[0].next()])
    with pytest.raises(SiteRefused, match="is not the one in"):
        await site.sessions.open(person)
    assert person.asked == []
    assert server.tries() == (0, 0)


async def test_a_gateway_is_passed_with_a_token_of_its_own(start_sshd, site_at):
    gateway, front_end = start_sshd(forwards=True), start_sshd()
    site = site_at(front_end, known=[gateway], gateway=Gateway(host="127.0.0.1", port=gateway.port))
    await site.sessions.open(Person([gateway.cards[0].next()], [front_end.cards[0].next()]))
    assert (gateway.tries(), front_end.tries()) == ((1, 0), (1, 0))
    shipments = some_files(site)
    assert (await site.site.send(shipments))[1] == []
    assert all(is_whole(shipment) for shipment in shipments)


async def test_a_gateway_without_forwarding_is_a_refusal(start_sshd, site_at):
    gateway, front_end = start_sshd(), start_sshd()
    site = site_at(front_end, known=[gateway], gateway=Gateway(host="127.0.0.1", port=gateway.port))
    with pytest.raises(SiteRefused, match="does not forward to fe1"):
        await site.sessions.open(Person([gateway.cards[0].next()], [front_end.cards[0].next()]))
    assert front_end.tries() == (0, 0)


async def test_start_up_files_that_chatter_are_those_of_the_site_and_the_helper_is_heard_through_them(
    start_sshd, site_at, tmp_path
):
    server = start_sshd()
    seen = tmp_path / "seen"
    start_up = f"echo Welcome to the site; echo quota: none >&2; echo x >> {seen}\n"
    (server.home / ".bashrc").write_text(start_up)
    site = await opened(site_at(server), server)
    assert (await site.site.run(["cat", str(seen)], timeout_s=60)).out.startswith("x\n")


async def test_an_expired_session_is_noticed_at_once(start_sshd, site_at):
    server = start_sshd()
    # no sign of life is asked for: the end itself is noticed
    site = await opened(site_at(server, keepalive_s=600.0), server)
    running = asyncio.create_task(site.site.run(["sh", "-c", f"touch {site.root}/begun; sleep 600"], timeout_s=600))
    await until_there(site.root / "begun")
    server.cut()
    with pytest.raises(SessionLost):
        await asyncio.wait_for(running, 60)
    await until_lost(site)


async def test_a_front_end_that_freezes_is_noticed_within_the_keepalive(start_sshd, site_at):
    server = start_sshd()
    site = await opened(site_at(server, keepalive_s=0.8), server)
    running = asyncio.create_task(site.site.run(["sh", "-c", f"touch {site.root}/begun; sleep 600"], timeout_s=600))
    await until_there(site.root / "begun")
    server.freeze()
    # long before the command's own time is up
    with pytest.raises(SessionLost):
        await asyncio.wait_for(running, 60)
    await until_lost(site)


async def test_no_connection_is_tried_after_the_end(start_sshd, site_at):
    server = start_sshd()
    site = await opened(site_at(server), server)
    server.cut()
    await until_lost(site)
    before = server.log.read_text().count("Connection from")
    for _ in range(5):
        with pytest.raises(SessionLost):
            await site.site.run(["true"], timeout_s=60)
    assert server.log.read_text().count("Connection from") == before


async def test_max_sessions_is_a_wait(start_sshd, site_at):
    server = start_sshd(max_sessions=2)
    site = await opened(site_at(server, bulk_channels=4), server)
    shipments = some_files(site)
    delivered, undelivered = await site.site.send(shipments)
    assert (len(delivered), undelivered) == (len(shipments), [])
    assert (await site.site.run(["echo", "still here"], timeout_s=60)).out == "still here\n"


@pytest.mark.parametrize("files", [1, 60, 203])
async def test_a_session_killed_in_mid_transfer_leaves_nothing_half_and_the_rest_goes_after_a_login(
    start_sshd, site_at, files
):
    server = start_sshd()
    site = await opened(site_at(server), server)
    shipments = some_files(site)
    seen = 0

    def progress(count, size):
        nonlocal seen
        is_reached, seen = seen >= files, seen + count
        if seen >= files and not is_reached:
            server.cut()

    try:
        delivered, _ = await site.site.send(shipments, progress)
    except TransferCut as cut:
        delivered = cut.delivered
    assert len(delivered) >= files
    assert all(is_whole(delivery.shipment) for delivery in delivered)
    async with asyncio.timeout(60):
        while site.halves():  # noqa: ASYNC110  the helper at the site removes them
            await asyncio.sleep(0.02)
    assert all(is_whole(shipment) for shipment in shipments if Path(shipment.target).exists())

    await until_lost(site)
    await opened(site, server)
    there = await site.site.stat([shipment.target for shipment in shipments])
    rest = [shipment for shipment in shipments if shipment.target not in there]
    assert len(rest) <= len(shipments) - files
    assert (await site.site.send(rest))[1] == []
    assert all(is_whole(shipment) for shipment in shipments)


async def test_a_submission_outlives_its_session(start_sshd, site_at, tmp_path):
    server = start_sshd()
    site = await opened(site_at(server), server)
    until_it_may = f"until test -e {tmp_path}/go; do sleep 0.05; done"
    order = site.order(
        "rp7.1.abc", f"touch {tmp_path}/begun; {until_it_may}; echo ran >> {tmp_path}/noted; echo Moab.17"
    )
    submitting = asyncio.create_task(site.site.submit(order, wait_s=90))
    await until_there(tmp_path / "begun")
    server.cut()
    with pytest.raises(SessionLost):
        await submitting
    (tmp_path / "go").touch()
    await until_lost(site)
    await opened(site, server)
    receipt = await site.site.submit(order, wait_s=90)
    assert receipt.answer is not None
    assert receipt.answer.out == "Moab.17\n"
    assert (tmp_path / "noted").read_text() == "ran\n"


async def until_streams_are(site, count):
    async with asyncio.timeout(90):
        while site.sessions.view()[0].streams != count:
            await site.sessions.changed()


async def test_what_a_front_end_allows_is_found_at_the_login_kept_and_found_anew_where_it_has_changed(
    start_sshd, site_at
):
    narrow, wide = start_sshd(max_sessions=3), start_sshd(max_sessions=10)
    first = await opened(site_at(narrow, bulk_channels=4), narrow)
    await until_streams_are(first, 2)
    # another engine, which knows of it; the site allows more by now
    second = site_at(wide, bulk_channels=4)
    second.sessions.expect({}, {"fe1": 2})
    assert second.sessions.view()[0].streams == 2
    await opened(second, wide)
    await until_streams_are(second, None)
    # and one for which it allows less
    third = site_at(narrow, bulk_channels=4)
    third.sessions.expect({}, {"fe1": 5})
    await opened(third, narrow)
    await until_streams_are(third, 2)
    shipments = some_files(third)
    assert (await third.site.send(shipments))[1] == []


@pytest.mark.parametrize("max_sessions", [2, 4])
async def test_orders_and_a_logs_tail_are_answered_while_files_take_every_channel_that_there_is(
    start_sshd, site_at, max_sessions
):
    server = start_sshd(max_sessions=max_sessions)
    site = await opened(site_at(server, bulk_channels=8), server)
    log = site.root / "a.log"
    log.write_bytes(b"line\n" * 100)
    shipments = [site.outgoing(f"in/large{number}", bytes([number]) * (8 << 20)) for number in range(12)]
    moved = 0

    def progress(count, size):
        nonlocal moved
        moved += size

    sending = asyncio.create_task(site.site.send(shipments, progress))
    answered_at = []
    while not sending.done():
        assert (await site.site.tail(str(log), offset=0, limit=500)).text.count("line") == 100
        assert (await site.site.run(["echo", "x"], timeout_s=60)).out == "x\n"
        answered_at.append(moved)
    assert (await sending)[1] == []
    # many times in the middle, not once before and once behind
    assert len({at for at in answered_at if 0 < at < moved}) > 3
    assert site.sessions.first().channels <= max_sessions
