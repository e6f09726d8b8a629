"""Logins over asyncssh, before a server in this process."""

from __future__ import annotations

import asyncio
import logging
import socket
import traceback
from dataclasses import replace

import asyncssh
import pytest
from tests.integration.ssh_site import Person, ssh_site, until_lost
from tests.servers.front_end import ONE_TOKEN, PrivateFrontEnd, known_hosts
from tests.servers.token_card import TokenCard

from rpconsole.adapters.ssh.options import FrontEnd, Gateway, SshOptions
from rpconsole.domain.fault import BadConfiguration, LoginRefused, NoSession, SiteRefused, SiteUnreachable
from rpconsole.domain.session import SessionState


@pytest.fixture
def card():
    return TokenCard()


@pytest.fixture
async def server(card):
    front_end = PrivateFrontEnd(card)
    await front_end.start()
    yield front_end
    await front_end.stop()


@pytest.fixture
async def gateway():
    front_end = PrivateFrontEnd(TokenCard(), forwards=True)
    await front_end.start()
    yield front_end
    await front_end.stop()


@pytest.fixture
async def site(tmp_path, server):
    found = ssh_site(tmp_path, [server.port], known_hosts(tmp_path / "known_hosts", server))
    yield found
    await found.sessions.close()


def state(site):
    return site.sessions.view()[0].state


async def test_several_prompts_of_one_round_are_asked_together(site, server, card):
    server.rounds = [("Mustang", "Two numbers, please.", [("First: ", False), ("Second: ", True)])]
    person = Person([card.next(), card.next()])
    await site.sessions.open(person)
    asked = person.asked[0]
    assert (asked.title, asked.instructions) == ("Mustang", "Two numbers, please.")
    assert [(prompt.text, prompt.echo) for prompt in asked.prompts] == [("First: ", False), ("Second: ", True)]


async def test_several_rounds_are_asked_one_after_the_other(site, server, card):
    server.rounds = [("", "", [("PIN: ", False)]), ("", "", [("Next token: ", False)])]
    person = Person([card.next()], [card.next()])
    await site.sessions.open(person)
    assert [asked.prompts[0].text for asked in person.asked] == ["PIN: ", "Next token: "]
    assert server.logins == [True]


async def test_the_second_round_is_not_answered_for_him(site, server, card):
    server.rounds = [*ONE_TOKEN, *ONE_TOKEN]
    token = card.next()
    with pytest.raises(LoginRefused):
        await site.sessions.open(Person([token], None))
    assert server.answers == [[token]]


async def test_a_round_without_prompts_is_shown_and_answered_empty(site, server, card):
    server.rounds = [("", "Down on Monday.", []), *ONE_TOKEN]
    person = Person([], [card.next()])
    await site.sessions.open(person)
    assert person.asked[0].instructions == "Down on Monday."
    assert person.asked[0].prompts == ()


async def test_a_round_with_nothing_at_all_bothers_nobody(site, server, card):
    server.rounds = [("", "", []), *ONE_TOKEN]
    person = Person([card.next()])
    await site.sessions.open(person)
    assert len(person.asked) == 1


async def test_the_same_answer_to_the_same_question_is_not_sent_twice(site, server, card):
    server.rounds = [*ONE_TOKEN, *ONE_TOKEN]
    token = card.next()
    with pytest.raises(LoginRefused):
        await site.sessions.open(Person([token], [token]))
    assert server.answers == [[token]]


async def test_a_wrong_token_reaches_the_server_once(site, server, card):
    person = Person([card.wrong()], [card.next()])
    with pytest.raises(LoginRefused, match=r"fe1.*refused the answer.*will not be sent again"):
        await site.sessions.open(person)
    assert (server.begun, server.logins) == (1, [False])
    assert len(person.asked) == 1
    assert state(site) is SessionState.CLOSED


async def test_too_few_answers_are_not_sent(site, server, card):
    server.rounds = [("", "", [("A: ", False), ("B: ", False)])]
    with pytest.raises(LoginRefused, match="was not answered"):
        await site.sessions.open(Person([card.next()]))
    assert server.answers == []


async def test_a_person_may_take_longer_than_the_site(tmp_path, server, card, monkeypatch):
    site = ssh_site(tmp_path, [server.port], known_hosts(tmp_path / "known_hosts", server))
    loop = asyncio.get_running_loop()

    async def slow(challenge):
        # the loop's clock goes on: whatever has run out by then comes about before he answers
        time_of, ahead_s = loop.time, 1.5 * site.options.connect_timeout_s
        monkeypatch.setattr(loop, "time", lambda: time_of() + ahead_s)
        for _ in range(10):
            await asyncio.sleep(0)
        return [card.next()]

    await site.sessions.open(slow)
    assert state(site) is SessionState.OPEN
    await site.sessions.close()


async def test_a_site_that_hangs_up_while_he_thinks_withdraws_the_question(site, server):
    asked = asyncio.Event()
    withdrawn = asyncio.Event()

    async def slow(challenge):
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            withdrawn.set()

    opening = asyncio.create_task(site.sessions.open(slow))
    await asked.wait()
    server.cut()
    with pytest.raises(SiteUnreachable, match="closed the connection while it waited"):
        await asyncio.wait_for(opening, 60)
    assert withdrawn.is_set()


async def test_a_login_that_is_cancelled_leaves_nothing_behind(site, server):
    asked = asyncio.Event()

    async def slow(challenge):
        asked.set()
        await asyncio.Event().wait()

    opening = asyncio.create_task(site.sessions.open(slow))
    await asked.wait()
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert state(site) is SessionState.CLOSED
    await asyncio.wait_for(server.deserted.wait(), 60)


async def test_a_host_that_listens_and_says_nothing_is_unreachable(tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        site = ssh_site(tmp_path, [silent.getsockname()[1]], str(tmp_path / "none"), connect_timeout_s=0.3)
        with pytest.raises(SiteUnreachable, match=r"did not answer within 0\.3 s"):
            await site.sessions.open(Person())


async def test_a_closed_port_is_unreachable(tmp_path, server):
    site = ssh_site(tmp_path, [1], known_hosts(tmp_path / "known_hosts", server))
    with pytest.raises(SiteUnreachable, match="port 1, cannot be reached"):
        await site.sessions.open(Person())


async def test_an_unknown_host_key_is_refused_with_its_fingerprint_and_what_to_do(tmp_path, server, card):
    site = ssh_site(tmp_path, [server.port], str(tmp_path / "no_such_file"))
    person = Person([card.next()])
    with pytest.raises(SiteRefused) as caught:
        await site.sessions.open(person)
    sentence = str(caught.value)
    assert server.key.get_fingerprint() in sentence
    assert "no_such_file" in sentence
    assert f"[127.0.0.1]:{server.port} ssh-ed25519 " in caught.value.evidence
    assert person.asked == []


async def test_a_changed_host_key_is_refused_before_anything_is_asked(tmp_path, server, card):
    other = PrivateFrontEnd(card)
    other.port = server.port
    site = ssh_site(tmp_path, [server.port], known_hosts(tmp_path / "known_hosts", other))
    person = Person([card.next()])
    with pytest.raises(SiteRefused, match="is not the one in") as caught:
        await site.sessions.open(person)
    assert other.key.get_fingerprint() in str(caught.value)
    assert server.key.get_fingerprint() in str(caught.value)
    assert person.asked == []


async def test_a_host_key_of_another_kind_is_refused(tmp_path, server, card):
    other = PrivateFrontEnd(card)
    other.port = server.port
    other.key = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    site = ssh_site(tmp_path, [server.port], known_hosts(tmp_path / "known_hosts", other))
    with pytest.raises(SiteRefused, match="no host key of a kind"):
        await site.sessions.open(Person([card.next()]))


async def test_a_broken_known_hosts_file_is_named(tmp_path, server, card):
    (tmp_path / "known_hosts").write_text("@nonsense a b\n")
    site = ssh_site(tmp_path, [server.port], str(tmp_path / "known_hosts"))
    with pytest.raises(SiteRefused, match="known_hosts cannot be used"):
        await site.sessions.open(Person([card.next()]))


async def test_the_gateway_asks_first_and_the_front_end_is_reached_through_it(tmp_path, server, gateway, card):
    site = ssh_site(
        tmp_path,
        [server.port],
        known_hosts(tmp_path / "known_hosts", server, gateway),
        gateway=Gateway(host="127.0.0.1", port=gateway.port, user="guest"),
    )
    person = Person([gateway.card.next()], [card.next()])
    await site.sessions.open(person)
    assert [(asked.host, asked.user, asked.position) for asked in person.asked] == [
        ("127.0.0.1", "guest", (1, 2)),
        ("fe1", "operator", (2, 2)),
    ]
    assert (await site.site.run(["echo", "through"], timeout_s=60)).out == "through\n"
    await site.sessions.close()
    await asyncio.wait_for(gateway.deserted.wait(), 60)


async def test_an_open_gateway_is_not_asked_again(tmp_path, server, gateway, card):
    site = ssh_site(
        tmp_path,
        [server.port, server.port],
        known_hosts(tmp_path / "known_hosts", server, gateway),
        gateway=Gateway(host="127.0.0.1", port=gateway.port),
    )
    await site.sessions.open(Person([gateway.card.next()], [card.next()]), hosts=["fe1"])
    await site.sessions.open(Person([card.next()]), hosts=["fe2"])
    assert gateway.logins == [True]
    await site.sessions.close()


async def test_a_gateway_that_dies_takes_its_sessions_with_it(tmp_path, server, gateway, card):
    site = ssh_site(
        tmp_path,
        [server.port],
        known_hosts(tmp_path / "known_hosts", server, gateway),
        gateway=Gateway(host="127.0.0.1", port=gateway.port),
    )
    await site.sessions.open(Person([gateway.card.next()], [card.next()]))
    gateway.cut()
    await until_lost(site)
    with pytest.raises(NoSession):
        await site.site.run(["true"], timeout_s=60)


async def test_a_gateway_that_does_not_forward_says_so(tmp_path, server, gateway, card):
    gateway.forwards = False
    site = ssh_site(
        tmp_path,
        [server.port],
        known_hosts(tmp_path / "known_hosts", server, gateway),
        gateway=Gateway(host="127.0.0.1", port=gateway.port),
    )
    with pytest.raises((SiteRefused, SiteUnreachable), match="gateway"):
        await site.sessions.open(Person([gateway.card.next()], [card.next()]))
    assert server.answers == []
    await site.sessions.close()


async def test_no_secret_is_in_a_log_a_repr_or_an_error(site, server, card, caplog):
    caplog.set_level(logging.DEBUG)
    asyncssh.set_debug_level(2)
    good, bad = card.next(), card.wrong()
    try:
        with pytest.raises(LoginRefused) as caught:
            await site.sessions.open(Person([bad]))
        await site.sessions.open(Person([good]))
    finally:
        asyncssh.set_debug_level(1)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.evidence
    shown = told + caplog.text + repr(site.sessions.view()) + repr(vars(site.sessions)) + repr(site.options)
    assert bad not in shown
    assert good not in shown
    assert server.logins == [False, True]


async def test_keys_and_agents_of_this_host_are_not_offered(site, server, card, tmp_path, monkeypatch):
    home = tmp_path / "operator"
    (home / ".ssh").mkdir(parents=True)
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(home / ".ssh" / "id_ed25519")
    (home / ".ssh" / "config").write_text("Host *\n  User somebody-else\n  ProxyCommand false\n")
    monkeypatch.setenv("HOME", str(home))
    person = Person([card.next()])
    await site.sessions.open(person)
    assert person.asked[0].user == "operator"


async def test_another_user_may_log_in(site, card):
    person = Person([card.next()])
    views = await site.sessions.open(person, user="second")
    assert person.asked[0].user == "second"
    assert views[0].user == "second"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"remote_root": "scratch"}, "absolute"),
        ({"remote_root": "/"}, "absolute"),
        ({"remote_root": "/scratch; rm -rf x"}, "absolute"),
        ({"python": "python3 -c x"}, "python"),
        ({"front_ends": ()}, "front end"),
        ({"front_ends": (FrontEnd(name="a", host="x"), FrontEnd(name="a", host="y"))}, "same name"),
        ({"max_channels": 1}, "max_channels"),
    ],
)
def test_options_that_cannot_work_are_refused_with_a_sentence(change, word):
    good = SshOptions(
        front_ends=(FrontEnd(name="fe1", host="fe1.example.org"),),
        user="operator",
        remote_root="/scratch/ipp",
        known_hosts="/etc/ssh/ssh_known_hosts",
    )
    with pytest.raises(BadConfiguration, match=word):
        replace(good, **change)
