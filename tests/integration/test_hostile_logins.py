"""Logins that go wrong before OpenSSH's own sshd, whoever speaks to it: each ends with a sentence, and no answer is sent twice."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from contextlib import ExitStack

import pytest
from tests.integration.ssh_site import Person, ssh_site
from tests.servers.processes import wait_for
from tests.servers.sshd import USER, PrivateSshd, require_sshd
from tests.servers.token_card import TokenCard

from rpconsole.adapters.ssh import tty_dialogue
from rpconsole.adapters.ssh.options import Gateway
from rpconsole.domain.fault import LoginRefused, SiteRefused, SiteUnreachable
from rpconsole.domain.session import SessionState

pytestmark = pytest.mark.needs_sshd

BANNER_LINES = 10_000


@pytest.fixture(scope="module")
def plain():
    """One that asks for a token and is not bent."""
    require_sshd()
    with PrivateSshd([TokenCard()]) as server:
        yield server


@pytest.fixture
def start_sshd():
    require_sshd()
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(PrivateSshd([TokenCard()], **changes))


@pytest.fixture(params=["asyncssh", "openssh"])
async def site_at(request, tmp_path):
    """A site before these servers, for either way of speaking ssh."""
    made = []
    with tempfile.TemporaryDirectory(prefix="rpm-") as sockets:

        def make(*servers, known=(), **changes):
            path = tmp_path / "known_hosts"
            path.write_text("".join(server.known_hosts_line() for server in (*servers, *known)))
            control_path = f"{sockets}/%C" if request.param == "openssh" else ""
            ports = [server.port for server in servers]
            made.append(ssh_site(tmp_path, ports, str(path), user=USER, control_path=control_path, **changes))
            return made[-1]

        yield make
        for site in made:
            await site.sessions.close()


async def refused(site, server, *answers, kind=LoginRefused):
    """What is said of a login that came to nothing, what was asked, and the tries that it cost."""
    before = server.tries()
    person = Person(*answers)
    with pytest.raises(kind) as fault:
        await site.sessions.open(person)
    after = server.tries()
    assert not site.sessions.alive()
    assert site.sessions.view()[0].state is SessionState.CLOSED
    return str(fault.value), person, (after[0] - before[0], after[1] - before[1])


@pytest.mark.parametrize(
    "answer", ["", " ", "12345", "ÿ" * 300, "x" * 999], ids=["empty", "blank", "short", "8bit", "long"]
)
async def test_an_answer_that_is_no_token_is_one_try_and_a_sentence(plain, site_at, answer):
    said, person, tries = await refused(site_at(plain), plain, [answer], [answer])
    assert "refused the answer for root; it will not be sent again. Take a new code" in said
    assert len(person.asked) == 1
    assert tries == (0, 1)


async def test_a_token_that_the_person_pastes_twice_is_sent_once(plain, site_at):
    token = plain.cards[0].next()
    site = site_at(plain)
    await site.sessions.open(Person([token]))
    await site.sessions.close()
    said, person, tries = await refused(site, plain, [token], [token])
    assert "will not be sent again" in said
    assert (len(person.asked), tries) == (1, (0, 1))


async def test_a_banner_of_ten_thousand_lines_stands_in_the_way_of_nothing(start_sshd, site_at, tmp_path):
    banner = tmp_path / "banner"
    banner.write_text("".join(f"{number} \x1b[31mno entry\x07\n" for number in range(BANNER_LINES)))
    server = start_sshd(settings=f"Banner {banner}\n")
    site = site_at(server)
    person = Person([server.cards[0].next()])
    await site.sessions.open(person)
    assert len(person.asked) == 1
    assert person.asked[0].prompts[0].text.startswith("One-time password")
    assert len(person.asked[0].instructions) <= 4096
    assert not person.asked[0].prompts[0].echo
    assert await site.site.stat([f"{site.root}/nothing"]) == {}
    assert server.tries() == (1, 0)


async def test_a_banner_without_a_line_end_before_a_slow_card_server_is_no_question(
    start_sshd, site_at, tmp_path, monkeypatch
):
    # so long after it even a line without the marks of a question is taken for one
    monkeypatch.setattr(tty_dialogue, "_UNMARKED_QUIET_S", 90.0)
    banner = tmp_path / "banner"
    banner.write_text("Welcome to the site: ")
    slow = "auth optional pam_exec.so quiet /bin/sleep 1.5\n"
    server = start_sshd(settings=f"Banner {banner}\n", pam=slow)
    person = Person([server.cards[0].next()])
    await site_at(server).sessions.open(person)
    assert [
        (asked.prompts[0].text.startswith("One-time password"), asked.prompts[0].echo) for asked in person.asked
    ] == [(True, False)]
    assert server.tries() == (1, 0)


async def test_a_site_that_takes_no_more_logins_now_says_so_before_anything_is_asked(start_sshd, site_at):
    server = start_sshd(settings="MaxStartups 1:100:1\n")
    site = site_at(server)
    person = Person([server.cards[0].next()])
    held = await asyncio.to_thread(standing_in_the_door, server)
    with (
        held,
        pytest.raises(SiteUnreachable, match=r"closed the connection before it said anything: .*Nothing was sent"),
    ):
        await site.sessions.open(person)
    assert person.asked == []
    assert server.tries() == (0, 0)
    # the one in the door has left, and its process may take a while longer
    await asyncio.to_thread(wait_for, lambda: not server.programs("sshd"))
    await site.sessions.open(Person([server.cards[0].next()]))


def standing_in_the_door(server):
    """The one that may be there; who looked whether the server listens may have been it before."""
    while True:
        held = socket.create_connection(("127.0.0.1", server.port), 10)
        if held.recv(4) == b"SSH-":
            return held
        held.close()


async def test_a_gateways_changed_key_is_refused_before_anything_is_asked(start_sshd, site_at, plain):
    gateway = start_sshd(forwards=True)
    site = site_at(plain, known=[gateway], gateway=Gateway(host="127.0.0.1", port=gateway.port))
    gateway.new_host_key()
    said, person, tries = await refused(site, gateway, [gateway.cards[0].next()], kind=SiteRefused)
    assert f"The host key of [127.0.0.1]:{gateway.port} is not the one in" in said
    assert "nothing was sent" in said.replace("\n", " ")
    assert (person.asked, tries) == ([], (0, 0))


async def test_a_front_ends_changed_key_behind_a_gateway_costs_no_token_of_its_own(start_sshd, site_at):
    gateway, server = start_sshd(forwards=True), start_sshd()
    site = site_at(server, known=[gateway], gateway=Gateway(host="127.0.0.1", port=gateway.port))
    server.new_host_key()
    said, person, tries = await refused(site, server, [gateway.cards[0].next()], ["never"], kind=SiteRefused)
    assert f"The host key of [127.0.0.1]:{server.port} is not the one in" in said
    assert (len(person.asked), tries) == (1, (0, 0))


async def test_a_password_that_has_expired_is_asked_for_in_the_sites_words_and_sent_as_typed(start_sshd, site_at):
    card = TokenCard()
    server = start_sshd(accounts={"ann": card}, expired={"ann": "old-Pass-1"})
    site = site_at(server)
    new = "new-Pass-9-tulip"
    person = Person([card.next()], ["old-Pass-1"], [new], [new])
    await site.sessions.open(person, user="ann")
    texts = [asked.prompts[0].text for asked in person.asked]
    assert len(texts) == 4
    assert ["new" in text.lower() for text in texts] == [False, False, True, True], texts
    assert not any(asked.prompts[0].echo for asked in person.asked)
    assert site.sessions.alive()
