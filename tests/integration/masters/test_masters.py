"""OpenSSH's masters before a real sshd: started, adopted, dead, full, frozen; and never a login that nobody ordered."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tests.integration.masters.world import connections, gone, masters_in, open_by_hand, opened, state
from tests.integration.ssh_site import Person
from tests.servers.processes import tell
from tests.servers.sshd import USER

from rpconsole.adapters.ssh import pool
from rpconsole.adapters.ssh.channel import NoChannel
from rpconsole.adapters.ssh.mux import MuxControl
from rpconsole.adapters.ssh.options import Gateway
from rpconsole.domain.fault import BadConfiguration, LoginRefused, NoSession, SessionLost, SiteRefused, SiteUnreachable
from rpconsole.domain.session import SessionState

pytestmark = pytest.mark.needs_sshd


async def test_a_restart_of_ours_costs_no_token(start_sshd, site_at):
    server = start_sshd()
    site = await opened(site_at(server), server)
    since = site.sessions.view()[0].opened_at
    assert await site.sessions.release() == ("fe1",)
    assert not site.sessions.alive()
    released_at = time.time()

    again = site_at(server)
    await again.sessions.resume()
    view = again.sessions.view()[0]
    assert (view.state, view.user) == (SessionState.OPEN, USER)
    # as old as the master, not as its adoption
    assert since - 60 < view.opened_at < released_at
    assert await again.site.stat([f"{again.root}/nothing"]) == {}
    assert server.tries() == (1, 0)


@pytest.mark.parametrize("control_path", ["%l-%h-%p-%r", "%C"])
async def test_a_master_that_somebody_opened_by_hand_is_taken_over_without_a_question(
    start_sshd, site_at, sockets, control_path
):
    server = start_sshd()
    site = site_at(server, control_path=control_path)
    open_by_hand(server, f"{sockets}/{control_path}", site.options.known_hosts, server.cards[0])
    person = Person()
    await site.sessions.open(person)
    assert person.asked == []
    assert site.sessions.view()[0].user == USER
    assert await site.site.stat([f"{site.root}/nothing"]) == {}
    assert server.tries() == (1, 0)


async def test_a_master_that_is_opened_by_hand_is_found_by_itself(start_sshd, site_at, sockets, monkeypatch):
    monkeypatch.setattr(pool, "LOOK_S", 0.05)
    server = start_sshd()
    site = site_at(server)
    await site.sessions.resume()
    assert state(site) is SessionState.CLOSED
    open_by_hand(server, f"{sockets}/%C", site.options.known_hosts, server.cards[0])
    async with asyncio.timeout(60):
        while not site.sessions.alive():
            await site.sessions.changed()
    assert server.tries() == (1, 0)


async def test_a_master_open_as_somebody_else_is_not_used_for_another_account(start_sshd, site_at, sockets):
    server = start_sshd()
    site = site_at(server, control_path="%l-%h-%p")
    open_by_hand(server, f"{sockets}/%l-%h-%p", site.options.known_hosts, server.cards[0])
    with pytest.raises(SiteRefused, match=f"open as {USER}, not as ann.*logout fe1"):
        await site.sessions.open(Person(), user="ann")
    assert not site.sessions.alive()


async def test_another_users_socket_is_not_used(start_sshd, site_at, monkeypatch):
    server = start_sshd()
    await (await opened(site_at(server), server)).sessions.release()
    monkeypatch.setattr(MuxControl, "peer_uid", lambda control: 4711)
    site = site_at(server)
    with pytest.raises(SiteRefused, match="belongs to another user"):
        await site.sessions.open(Person())


async def test_a_dead_master_is_a_lost_session_and_no_connection_is_tried(start_sshd, site_at, sockets):
    server = start_sshd()
    site = await opened(site_at(server), server)
    before = connections(server)
    for pid in masters_in(sockets):
        tell(pid, signal.SIGKILL)
    with pytest.raises(SessionLost):
        await site.site.run(["true"], timeout_s=60)
    assert state(site) is SessionState.LOST
    assert list(sockets.iterdir()), "the socket of a killed master stays"
    for _ in range(3):
        with pytest.raises(NoSession):
            await site.site.stat([f"{site.root}/x"])
    await site.sessions.resume()
    assert not site.sessions.alive()
    assert connections(server) == before
    assert server.tries() == (1, 0)


async def test_a_full_session_is_said_and_no_connection_is_tried(start_sshd, site_at):
    server = start_sshd(max_sessions=2)
    site = await opened(site_at(server), server)
    before = connections(server)
    session = site.sessions.first()
    channel = await session.open_channel("sleep 60")
    with pytest.raises(NoChannel, match="no more than 2"):
        await session.try_channel("sleep 60")
    channel.close()
    assert await site.site.stat([f"{site.root}/x"]) == {}
    assert connections(server) == before
    assert server.tries() == (1, 0)


async def test_a_logout_ends_the_master(start_sshd, site_at, sockets):
    server = start_sshd()
    site = await opened(site_at(server), server)
    pids = masters_in(sockets)
    assert pids
    await site.sessions.close()
    await gone(pids)
    assert list(sockets.iterdir()) == []
    assert state(site) is SessionState.CLOSED


async def test_a_front_end_that_falls_silent_is_noticed_in_seconds(start_sshd, site_at):
    server = start_sshd()
    site = await opened(site_at(server, keepalive_count=1), server)
    await site.sessions.changed()
    server.freeze()
    async with asyncio.timeout(60):
        while site.sessions.alive():
            await site.sessions.changed()
    assert state(site) is SessionState.LOST


async def test_the_socket_of_a_killed_master_does_not_stand_in_the_way_of_a_login(start_sshd, site_at, sockets):
    server = start_sshd()
    site = await opened(site_at(server), server)
    for pid in masters_in(sockets):
        tell(pid, signal.SIGKILL)
    async with asyncio.timeout(60):
        while site.sessions.alive():
            await site.sessions.changed()
    await opened(site, server)
    assert await site.site.stat([f"{site.root}/x"]) == {}


async def test_a_wrong_token_is_one_failed_try(start_sshd, site_at, sockets):
    server = start_sshd()
    site = site_at(server)
    person = Person([server.cards[0].wrong()], [server.cards[0].next()])
    with pytest.raises(LoginRefused, match="will not be sent again"):
        await site.sessions.open(person)
    assert len(person.asked) == 1
    assert server.tries() == (0, 1)
    assert masters_in(sockets) == []


async def test_the_question_comes_in_the_sites_words_and_as_a_secret(start_sshd, site_at):
    server = start_sshd()
    person = Person([server.cards[0].next()])
    await site_at(server).sessions.open(person)
    (prompt,) = person.asked[0].prompts
    assert prompt.text.startswith("One-time password (OATH) for `root'")
    assert not prompt.echo


async def test_the_token_is_in_no_process_list_environment_or_file(start_sshd, site_at, sockets, tmp_path):
    server = start_sshd()
    token = server.cards[0].next()
    seen = []

    class Looking(Person):
        async def __call__(self, challenge):
            seen.append(len(masters_in(sockets)))
            return await super().__call__(challenge)

    site = site_at(server)
    await site.sessions.open(Looking([token]))
    assert seen == [1]
    for pid in masters_in(sockets):
        for part in ("cmdline", "environ"):
            # the one that asked ends once another has gone to the background
            with suppress(OSError):
                assert token.encode() not in Path(f"/proc/{pid}/{part}").read_bytes()
    files = [path for folder in (tmp_path, sockets) for path in folder.rglob("*") if path.is_file()]
    assert all(token.encode() not in path.read_bytes() for path in files)


async def test_who_declines_sends_nothing_and_leaves_no_master(start_sshd, site_at, sockets):
    server = start_sshd()
    with pytest.raises(LoginRefused, match="given up"):
        await site_at(server).sessions.open(Person(None))
    assert server.tries() == (0, 0)
    assert masters_in(sockets) == []


async def test_a_login_that_is_cancelled_leaves_no_process(start_sshd, site_at, sockets):
    server = start_sshd()
    asked = asyncio.Event()

    async def ask(challenge):
        asked.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(site_at(server).sessions.open(ask))
    await asyncio.wait_for(asked.wait(), 60)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert masters_in(sockets) == []


async def test_a_changed_host_key_is_refused_before_anything_is_asked(start_sshd, site_at):
    server = start_sshd()
    site = site_at(server)
    server.new_host_key()
    person = Person([server.cards[0].next()])
    with pytest.raises(SiteRefused, match=r"is not the one in .*SHA256:.*nothing was sent"):
        await site.sessions.open(person)
    assert person.asked == []


async def test_an_unknown_host_key_is_refused(start_sshd, site_at):
    server = start_sshd()
    site = site_at(server)
    Path(site.options.known_hosts).write_text("")
    with pytest.raises(SiteRefused, match=r"is not in .*not accepted.*add it"):
        await site.sessions.open(Person())


async def test_a_closed_port_is_unreachable(start_sshd, site_at):
    server = start_sshd()
    site = site_at(server)
    server.stop()
    with pytest.raises(SiteUnreachable, match=r"cannot be reached: .*refused"):
        await site.sessions.open(Person())


async def test_a_host_that_listens_and_says_nothing_is_unreachable(start_sshd, site_at, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        server = start_sshd()
        server.port = mute.getsockname()[1]
        with pytest.raises(SiteUnreachable, match="did not answer within"):
            await site_at(server, connect_timeout_s=1.0).sessions.open(Person())


async def test_front_ends_behind_a_gateway_are_reached_through_its_master_alone(start_sshd, site_at):
    gateway, server = start_sshd(forwards=True), start_sshd()
    site = site_at(server, known=[gateway], gateway=Gateway(host="127.0.0.1", port=gateway.port))
    person = Person([gateway.cards[0].next()], [server.cards[0].next()])
    await site.sessions.open(person)
    assert [asked.position for asked in person.asked] == [(1, 2), (2, 2)]
    assert await site.site.stat([f"{site.root}/x"]) == {}
    assert (gateway.tries(), server.tries()) == ((1, 0), (1, 0))
    await site.sessions.changed()
    gateway.cut()
    async with asyncio.timeout(60):
        while site.sessions.alive():
            await site.sessions.changed()
    assert (connections(gateway), connections(server)) == (2, 2), "one to see that it listens, and one login"


async def test_masters_that_only_persons_open_are_never_started(start_sshd, site_at, sockets):
    server = start_sshd()
    site = site_at(server, may_start_masters=False)
    before = connections(server)
    with pytest.raises(SiteUnreachable, match="open it by hand on this host"):
        await site.sessions.open(Person([server.cards[0].next()]))
    assert connections(server) == before


async def test_a_control_path_that_is_too_long_is_refused_with_what_to_do(start_sshd, site_at):
    server = start_sshd()
    with pytest.raises(BadConfiguration, match="longer than 90 bytes; use %C"):
        await site_at(server, control_path=f"{'x' * 80}%C").sessions.open(Person())


async def test_a_folder_that_others_may_write_in_is_refused(start_sshd, site_at, sockets):
    server = start_sshd()
    sockets.chmod(0o777)
    with pytest.raises(BadConfiguration, match="others may write"):
        await site_at(server).sessions.open(Person())


async def test_a_client_that_is_not_there_is_named(start_sshd, site_at):
    with pytest.raises(BadConfiguration, match="'/nowhere/ssh' cannot be run"):
        await site_at(start_sshd(), ssh="/nowhere/ssh").sessions.open(Person())
