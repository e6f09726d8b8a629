"""Two operators before one engine and one real sshd, each with a card and an account of his own."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from tests.integration.real_config import Wanted, configure, moab
from tests.integration.real_site import Operator, engine, make_site, until
from tests.integration.terminal import Terminal
from tests.servers.sshd import FIRST_UID, GROUP, PrivateSshd, require_sshd
from tests.servers.token_card import TokenCard

from rpconsole.practice.paths import SitePaths
from rpconsole.practice.sky import Survey
from rpconsole.protocol.client import EngineClient

pytestmark = pytest.mark.needs_sshd


@dataclass(frozen=True, kw_only=True)
class Room:
    """One engine, and the two before it."""

    paths: SitePaths
    server: PrivateSshd
    ann: Operator
    bob: Operator

    @property
    def socket(self) -> Path:
        return self.paths.root / "run" / "rpconsole.sock"

    def at_terminal(self, operator: Operator, *words: str) -> Terminal:
        return Terminal([sys.executable, "-m", "rpconsole", "-c", str(operator.config), *words], operator.environ)

    def tries_since(self, before: tuple[int, int]) -> tuple[int, int]:
        now = self.server.tries()
        return now[0] - before[0], now[1] - before[1]

    def acts(self) -> list[tuple[str, str, str | None]]:
        """The audit: who, what, what came of it."""
        with closing(sqlite3.connect(self.paths.root / "state" / "journal.db")) as journal:
            return journal.execute("SELECT who, what, outcome FROM rp_act ORDER BY number").fetchall()


@pytest.fixture(scope="module")
def room():
    require_sshd()
    cards = {"ann": TokenCard(), "bob": TokenCard()}
    with tempfile.TemporaryDirectory(prefix="rpc-two-") as folder, PrivateSshd([TokenCard()], accounts=cards) as server:
        paths = asyncio.run(make_site(Path(folder), Survey(seed=3, exposures=1, otas=1)))
        for place in (paths.root, paths.scratch):
            os.chown(place, 0, GROUP)
            place.chmod(0o2775)
        wanted = Wanted(doors=[server], scheduler=moab(paths), account="ann", login='users = ["ann", "bob"]')
        operator = configure(paths, wanted)
        operator.environ.pop("SUDO_USER", None)
        operator.did("db", "upgrade")
        of = {
            name: replace(operator, cards=[card], environ={**operator.environ, "LOGNAME": name})
            for name, card in cards.items()
        }
        with engine(operator, paths.logs / "engine.out"):
            yield Room(paths=paths, server=server, **of)


class Colleague:
    """At another client of the engine: answers when he is told to, and hears what came of the question."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.may_answer = asyncio.Event()
        self.asked = asyncio.Event()
        self.heard = []
        self.complaints = []

    async def ask(self, challenge):
        self.asked.set()
        await self.may_answer.wait()
        return [self.answers.pop(0)]

    def closed(self, answered):
        self.heard.append((answered.outcome, answered.by))

    def rejected(self, rejected):
        self.complaints.append(rejected.sentence)


@pytest.mark.parametrize("first", ["ann", "bob", "both"])
async def test_the_first_valid_answer_goes_to_the_site_alone_and_the_other_hears_who_gave_it(room, first):
    before = room.server.tries()
    card = room.ann.cards[0]
    bob = Colleague("12\n34", card.next())
    with room.at_terminal(room.ann, "login") as terminal:
        async with await EngineClient.connect(room.socket, who="bob", dialogue=bob):
            await asyncio.to_thread(terminal.until, "ann at fe1 says")
            await asyncio.to_thread(terminal.until, "One-time password")
            await bob.asked.wait()
            await asyncio.to_thread(terminal.until_silent)
            if first in ("bob", "both"):
                bob.may_answer.set()
            if first in ("ann", "both"):
                terminal.type(f"{card.next()}\n")
            assert await asyncio.to_thread(terminal.ended) == 0
            while not bob.heard:  # noqa: ASYNC110  it was sent before the command ended
                await asyncio.sleep(0.01)
    assert room.tries_since(before) == (1, 0)
    (outcome, winner) = bob.heard[0]
    assert outcome == "answered"
    assert winner in {"ann": ("ann as root",), "bob": ("bob as root",), "both": ("ann as root", "bob as root")}[first]
    assert ("answered by bob as root" in terminal.seen) == winner.startswith("bob")
    if first == "bob":
        assert bob.complaints == ["answer 1 holds a line end or a NUL"]
    room.ann.did("logout")


@pytest.mark.parametrize("words", [("login",), ("login", "--renew")], ids=["login", "renewal"])
async def test_a_scripted_login_is_told_of_another_and_its_token_is_not_sent_as_the_others_answer(room, words):
    before = room.server.tries()
    with room.at_terminal(room.ann, "login") as terminal:
        await asyncio.to_thread(terminal.until, "One-time password")
        token = room.bob.cards[0].next()
        order = partial(room.bob.run, *words, "--user", "bob", "--stdin", stdin=f"{token}\n")
        refused = await asyncio.to_thread(order)
        assert "ann as root is logging in just now; logins go one at a time" in refused.stderr
        assert refused.returncode != 0
        terminal.until_silent()
        terminal.type(f"{room.ann.cards[0].next()}\n")
        assert await asyncio.to_thread(terminal.ended) == 0
    assert room.tries_since(before) == (1, 0)
    room.ann.did("logout")


def owner_of_a_sent_file(room, operator, name):
    """Whose it is at the site."""
    source = room.paths.root / name
    source.write_bytes(b"x" * 1000)
    target = room.paths.scratch / "hauled"
    operator.did("transfer", "send", str(source), "--to", str(target))
    return until(lambda: (target / name).exists() and (target / name).stat().st_uid, f"{name} has arrived", pause_s=0.1)


def test_a_colleague_takes_over_with_his_own_card_and_account_and_all_see_who_when_and_until_when(room):
    before = room.server.tries()
    room.ann.log_in()
    (session,) = room.bob.asked("session")["sessions"]
    assert (session["state"], session["user"], session["opened_by"]) == ("open", "ann", "ann as root")
    assert session["ends_at"] == pytest.approx(session["opened_at"] + 12 * 3600)
    assert owner_of_a_sent_file(room, room.ann, "anns") == FIRST_UID

    room.bob.log_in("--renew", "--user", "bob")
    seen = room.ann.asked("session")
    (now,) = seen["sessions"]
    assert (now["state"], now["user"], now["opened_by"]) == ("open", "bob", "bob as root")
    past = seen["past"][-1]
    assert (past["user"], past["opened_by"], past["end"]) == ("ann", "ann as root", "closed by us")
    assert past["opened_at"] == pytest.approx(session["opened_at"])
    assert past["opened_at"] < past["ended_at"] <= now["opened_at"]
    assert owner_of_a_sent_file(room, room.bob, "bobs") == FIRST_UID + 1
    assert room.tries_since(before) == (2, 0)
    said = room.server.log.read_text()
    assert "Accepted keyboard-interactive/pam for ann" in said
    assert "Accepted keyboard-interactive/pam for bob" in said
    mine = [(what, outcome) for who, what, outcome in room.acts() if who == "bob as root" and "renew" in what]
    assert mine, room.acts()
    assert "bob" in mine[-1][0]
    room.bob.did("logout")


def test_the_card_of_one_does_not_open_the_account_of_another(room):
    before = room.server.tries()
    refused = room.bob.run("login", "--user", "ann", "--stdin", stdin=f"{room.bob.cards[0].next()}\n")
    assert refused.returncode == 7
    assert "refused the answer for ann; it will not be sent again" in refused.stderr
    assert room.tries_since(before) == (0, 1)
    assert ("bob as root", "wrong answer to the site as ann", "1 in a row") in room.acts()
    strange = room.bob.run("login", "--user", "eve", "--stdin", stdin="123456\n")
    assert "login.users has ann, bob" in strange.stderr
    assert room.tries_since(before) == (0, 1)
