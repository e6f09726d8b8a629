"""Front ends behind a gateway that runs ssh and nothing else: real sshd on both, the token at the gateway only."""

from __future__ import annotations

import asyncio
import hashlib
import random
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
from tests.integration.ssh_site import Person, ssh_site, until_it_looks_again, until_lost
from tests.servers.command_gateway import command_site
from tests.servers.processes import tell
from tests.servers.sshd import USER, require_sshd

from rpconsole.adapters.ssh.options import Gateway
from rpconsole.domain.fault import LoginRefused, RpconsoleError, SiteRefused, SiteUnreachable
from rpconsole.domain.session import SessionState

pytestmark = pytest.mark.needs_sshd

NOISE = "*** Authorised use only ***\nRPR-Welcome \x07 %d {}\n"
AWKWARD = [
    "",
    " ",
    "a b",
    "it's",
    '"',
    "\\",
    "$HOME",
    "`id`",
    "!x",
    "*",
    "~",
    "a\nb",
    "\t",
    "#",
    ";",
    "&&",
    "|",
    "-v",
    "--",
    "ÿü",
    "%h",
    "\\n",
]


@pytest.fixture(scope="module")
def servers():
    require_sshd()
    with tempfile.TemporaryDirectory(prefix="rpc-hop-") as folder, command_site(Path(folder), noise=NOISE) as made:
        yield made


#: whoever speaks ssh to the gateway, it makes no difference here
one_way = pytest.mark.parametrize("site_with", ["asyncssh"], indirect=True)


@pytest.fixture(params=["asyncssh", "openssh"])
async def site_with(request, servers, tmp_path):
    """A site for both ways of speaking ssh; the account is let in as it was at the beginning."""
    account, gateway, front_ends = servers
    account.let_in()
    account.trust(*front_ends)
    (tmp_path / "known_hosts").write_text(gateway.known_hosts_line())
    made = []
    with tempfile.TemporaryDirectory(prefix="rpm-") as sockets:

        def make(**changes):
            site = ssh_site(
                tmp_path,
                [server.port for server in front_ends],
                str(tmp_path / "known_hosts"),
                user=USER,
                gateway=Gateway(host="127.0.0.1", port=gateway.port),
                hops_by_commands=True,
                control_path=f"{sockets}/%C" if request.param == "openssh" else "",
                **changes,
            )
            made.append(site)
            return site

        yield make
        for site in made:
            await site.sessions.close()


@pytest.fixture
def site(site_with):
    return site_with()


async def logged_in(site, servers):
    person = Person([servers[1].cards[0].next()])
    await site.sessions.open(person)
    return person


async def output_of(site, command):
    channel = await site.sessions.first().open_channel(command)
    heard = bytearray()
    try:
        while True:
            heard += await channel.read_some(1 << 16, 60.0)
    except RpconsoleError:
        return bytes(heard)
    finally:
        channel.close()


async def test_one_token_at_the_gateway_opens_the_front_end(site, servers):
    person = await logged_in(site, servers)
    assert [(asked.host, asked.position) for asked in person.asked] == [("127.0.0.1", (1, 1))]
    view = site.sessions.view()[0]
    assert (view.state, view.sentence) == (SessionState.OPEN, "")


@one_way
async def test_every_awkward_word_of_an_order_arrives_as_it_is(site, servers):
    await logged_in(site, servers)
    answer = await site.site.run(["printf", "<%s>", *AWKWARD], timeout_s=60.0)
    assert answer.out == "".join(f"<{word}>" for word in AWKWARD)


@one_way
async def test_a_command_line_reaches_the_front_ends_shell_unchanged(site, servers):
    await logged_in(site, servers)
    line = """cd /; printf '<%s>' "bash" 'it'"'"'s' "a  b" \\\\ '!' "`echo x;echo y`" | cat; pwd"""
    expected = (await asyncio.to_thread(subprocess.run, ["bash", "-c", line], capture_output=True, check=True)).stdout
    heard = await output_of(site, line)
    assert heard.endswith(expected)
    assert expected.endswith(b">/\n")


async def test_binary_streams_are_byte_exact_both_ways(site, servers):
    await logged_in(site, servers)
    data = bytes(range(256)) * 64 + b"\n~.\r\n~?\x03\x04\x11\x13\x1a" + random.Random(7).randbytes(3_000_000)
    sent = site.outgoing("in/raw", data)
    await site.site.send([sent])
    assert Path(sent.target).read_bytes() == data
    made = site.product("out/raw", data[::-1])
    await site.site.fetch([made])
    assert hashlib.sha256(Path(made.target).read_bytes()).digest() == hashlib.sha256(data[::-1]).digest()
    assert site.halves() == []


async def test_a_cut_at_the_gateway_is_a_lost_session_and_nothing_is_tried(site, servers):
    await logged_in(site, servers)
    before = servers[1].tries()
    servers[1].cut()
    assert "Log in again" in await until_lost(site)
    assert not site.sessions.alive()
    assert servers[1].tries() == before


@one_way
async def test_a_cut_at_the_front_end_alone_costs_no_token(site, servers):
    await logged_in(site, servers)
    servers[2][0].cut()
    async with asyncio.timeout(60):
        while True:
            try:
                answer = await site.site.run(["echo", "back"], timeout_s=10.0)
            except RpconsoleError:
                # what fails at once never lets the time run out
                await asyncio.sleep(0.05)
                continue
            break
    assert answer.out == "back\n"
    assert site.sessions.view()[0].state is SessionState.OPEN


@one_way
async def test_a_front_end_that_goes_away_ends_its_session_with_the_reason(site, servers):
    await logged_in(site, servers)
    servers[2][0].cut()
    servers[2][0].stop()
    try:
        sentence = await until_lost(site)
        assert "The gateway cannot reach fe1" in sentence
        assert "Connection refused" in sentence
    finally:
        servers[2][0].start()


@one_way
async def test_a_front_end_that_falls_silent_behind_the_gateway_ends_its_session_with_the_reason(site_with, servers):
    site = site_with(keepalive_s=1.0, connect_timeout_s=8.0)
    await logged_in(site, servers)
    before = servers[1].tries()
    servers[2][0].fall_silent()
    try:
        sentence = await until_lost(site)
    finally:
        servers[2][0].wake()
    reasons = ("fe1 has not answered for", "did not answer the gateway within 8 s", "The gateway cannot reach fe1")
    assert any(reason in sentence for reason in reasons), sentence
    assert "Log in again" in sentence
    assert servers[1].tries() == before


async def test_an_inner_ssh_that_hangs_at_the_gateway_is_begun_anew_and_costs_no_token(site_with, servers):
    # a look at the front end that is under way just now would hang too, and end the session: none begins while the helper answers
    site = site_with(answer_timeout_s=3.0, keepalive_s=1.0)
    await logged_in(site, servers)
    before = servers[1].tries()
    await until_it_looks_again(site)
    hung = servers[1].programs("ssh")
    assert hung
    for pid in hung:
        tell(pid, signal.SIGSTOP)
    try:
        await until_it_looks_again(site)
    finally:
        for pid in hung:
            tell(pid, signal.SIGKILL)
    assert site.sessions.view()[0].state is SessionState.OPEN
    assert servers[1].tries() == before


async def test_a_refused_inner_login_says_so_and_leaves_the_gateway_open(site, servers):
    account, gateway, _ = servers
    account.shut_out()
    with pytest.raises(LoginRefused, match=r"fe1 .*refused root, who came from the gateway: .*Permission denied"):
        await logged_in(site, servers)
    assert site.sessions.view()[0].state is SessionState.CLOSED
    account.let_in()
    before = gateway.tries()
    await site.sessions.open(Person())
    assert site.sessions.view()[0].state is SessionState.OPEN
    assert gateway.tries() == before


@one_way
async def test_a_front_end_with_a_key_that_the_gateway_does_not_know_is_not_entered(site, servers):
    servers[0].trust()
    with pytest.raises(SiteRefused, match="gateway does not know the host key of fe1"):
        await logged_in(site, servers)


@one_way
async def test_a_front_end_that_is_down_is_named(site, servers):
    servers[2][0].stop()
    try:
        with pytest.raises(SiteUnreachable, match=r"gateway cannot reach fe1.*Connection refused"):
            await logged_in(site, servers)
    finally:
        servers[2][0].start()


@one_way
async def test_a_wrong_token_goes_to_the_gateway_once(site, servers):
    before = servers[1].tries()
    with pytest.raises(LoginRefused, match="will not be sent again"):
        await site.sessions.open(Person([servers[1].cards[0].wrong()]))
    after = servers[1].tries()
    assert (after[0] - before[0], after[1] - before[1]) == (0, 1)
