"""Sessions that end by falling silent, whoever holds the connection; and what a dead one left is gone after the next login."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from tests.integration.masters.world import connections, gone, masters_in, open_by_hand, opened, state
from tests.integration.ssh_site import Person, until_it_looks_again
from tests.servers.processes import tell

from rpconsole.adapters.ssh.options import Gateway
from rpconsole.domain.fault import NoSession
from rpconsole.domain.session import SessionState

pytestmark = pytest.mark.needs_sshd


async def until_lost(site, within_s=90.0):
    async with asyncio.timeout(within_s):
        while site.sessions.alive():
            await site.sessions.changed()
    assert state(site) is SessionState.LOST


async def test_a_master_that_is_stopped_is_a_lost_session_and_the_next_login_gets_another(start_sshd, site_at, sockets):
    server = start_sshd()
    site = await opened(site_at(server, keepalive_s=0.5), server)
    stopped = masters_in(sockets)
    for pid in stopped:
        tell(pid, signal.SIGSTOP)
    await until_lost(site)
    assert "has not answered for" in site.sessions.view()[0].sentence
    before = connections(server)
    with pytest.raises(NoSession):
        await site.site.stat([f"{site.root}/x"])
    assert connections(server) == before
    await opened(site, server)
    # were it only resumed, it would remove its successor's socket at its end
    await gone(stopped)
    assert await site.site.stat([f"{site.root}/x"]) == {}
    assert server.tries() == (2, 0)


async def test_an_adopted_master_whose_front_end_falls_silent_is_noticed_though_it_sends_no_signs_of_life_itself(
    start_sshd, site_at, sockets
):
    server = start_sshd()
    site = site_at(server, keepalive_s=0.5)
    open_by_hand(server, f"{sockets}/%C", site.options.known_hosts, server.cards[0])
    await site.sessions.open(Person())
    server.freeze()
    await until_lost(site)
    before = connections(server)
    await site.sessions.resume()
    assert not site.sessions.alive()
    assert connections(server) == before


async def test_a_gateways_master_that_is_as_silent_as_what_lies_behind_it_is_no_way_in(start_sshd, site_at, sockets):
    gateway, server = start_sshd(forwards=True), start_sshd()
    way = Gateway(host="127.0.0.1", port=gateway.port)
    site = site_at(server, known=[gateway], gateway=way, keepalive_s=0.5)
    await site.sessions.open(Person([gateway.cards[0].next()], [server.cards[0].next()]))
    (stopped,) = [
        pid for pid in masters_in(sockets) if f"\0{gateway.port}\0" in Path(f"/proc/{pid}/cmdline").read_text()
    ]
    tell(stopped, signal.SIGSTOP)
    await until_lost(site)
    person = Person([gateway.cards[0].next()], [server.cards[0].next()])
    await site.sessions.open(person)
    assert [asked.position for asked in person.asked] == [(1, 2), (2, 2)]
    assert await site.site.stat([f"{site.root}/x"]) == {}


async def test_a_helper_that_hangs_alone_is_begun_anew_and_the_session_lives(start_sshd, site_at, tmp_path):
    server = start_sshd()
    site = await opened(site_at(server, keepalive_s=0.5, answer_timeout_s=3.0), server)
    greeting = await site.sessions.first().helper.call("hello", {}, timeout_s=20)
    os.kill(greeting["pid"], signal.SIGSTOP)
    async with asyncio.timeout(90):
        while site.sessions.first().helper.is_running:  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(0.05)
    await until_it_looks_again(site)
    assert state(site) is SessionState.OPEN
    assert server.tries() == (1, 0)
    tell(greeting["pid"], signal.SIGKILL)


async def test_hung_commands_of_a_dead_session_are_ended_at_the_next_login_and_that_is_said(
    start_sshd, site_at, tmp_path
):
    server = start_sshd()
    site = await opened(site_at(server, control_path="%C"), server)
    script = f"trap '' TERM HUP; echo $$ > {tmp_path}/hung; while :; do sleep 30; done"
    running = asyncio.create_task(site.site.run(["sh", "-c", script], timeout_s=90))
    hung = tmp_path / "hung"
    while not (hung.exists() and hung.read_text().strip()):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    pid = int(hung.read_text())
    # the helper is stopped, as on a node whose file server is away, and the session is cut
    greeting = await site.sessions.first().helper.call("hello", {}, timeout_s=20)
    os.kill(greeting["pid"], signal.SIGSTOP)
    server.cut()
    await until_lost(site)
    await asyncio.gather(running, return_exceptions=True)
    assert Path(f"/proc/{pid}").exists()
    await opened(site, server)
    said: list[str] = []
    deadline = time.monotonic() + 90
    while not said and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
        said += site.sessions.news()
    assert said[0].startswith("fe1: ended ")
    assert "hung command" in said[0]
    await gone([pid, greeting["pid"]])
