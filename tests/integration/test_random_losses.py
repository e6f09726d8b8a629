"""Two stages before a real sshd whose sessions are cut and frozen at random moments: each login revives, and nothing is spent.

``RPCONSOLE_SEEDS=7,8,9`` tries other dice than the suite's one.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import time
from contextlib import asynccontextmanager, closing

import pytest
from tests.integration.real_config import Wanted, configure, moab
from tests.integration.real_site import engine, make_site, practice_nodes

from rpconsole.practice.installing import install_moab
from rpconsole.practice.sky import Survey
from rpconsole.protocol.client import EngineClient

pytestmark = [pytest.mark.needs_sshd, pytest.mark.slow]

SEEDS = [int(word) for word in os.environ.get("RPCONSOLE_SEEDS", "11").split(",")]
PATIENCE_S = 90.0


class Card:
    """The person with it in his hand."""

    def __init__(self, card):
        self._card = card
        self.given = 0

    async def ask(self, challenge):
        self.given += 1
        return [self._card.next() for _ in challenge.prompts]

    def closed(self, answered):
        pass

    def rejected(self, rejected):
        raise AssertionError(rejected.sentence)


class Losses:
    """One engine, asked by a client; the server, and what becomes of its sessions."""

    def __init__(self, paths, server):
        self.paths, self.server = paths, server
        self.card = Card(server.cards[0])

    @asynccontextmanager
    async def client(self):
        async with await EngineClient.connect(self.paths.root / "run" / "rpconsole.sock", dialogue=self.card) as client:
            yield client

    async def log_in(self):
        async with self.client() as client:
            await client.call("login", hosts=[])

    async def until_lost(self):
        give_up = time.monotonic() + PATIENCE_S
        async with self.client() as client:
            while (await client.call("session"))["sessions"][0]["state"] == "open":
                assert time.monotonic() < give_up, "the engine takes a dead session for open"
                await asyncio.sleep(0.05)

    def rows(self, query):
        with closing(sqlite3.connect(self.paths.root / "state" / "journal.db")) as journal:
            return journal.execute(query).fetchall()

    async def until_it_moves(self):
        before, give_up = self.moves(), time.monotonic() + PATIENCE_S
        while self.moves() == before and not self.is_over():
            assert time.monotonic() < give_up, "no run has moved"
            await asyncio.sleep(0.05)

    def moves(self):
        return self.rows("SELECT count(*) FROM rp_story")[0][0]

    def is_over(self):
        steps = dict(self.rows("SELECT stage, step FROM rp_run"))
        assert not [step for step in steps.values() if step.endswith("stopped")], steps
        return len(steps) >= 2 and set(steps.values()) == {"done"}


@pytest.mark.parametrize("seed", SEEDS)
async def test_cut_and_frozen_at_random_moments_two_stages_come_to_their_end_and_no_attempt_is_spent(
    site_folder, front_end, seed
):
    dice = random.Random(seed)
    paths = await make_site(site_folder, Survey(seed=3, exposures=1, otas=1))
    install_moab(paths)
    login = "keepalive_s = 1\nkeepalive_count = 2"
    operator = configure(
        paths, Wanted(doors=[front_end], scheduler=moab(paths), stages=["chip", "camera"], login=login)
    )
    operator.did("db", "upgrade")
    losses = Losses(paths, front_end)
    done: list[str] = []
    with practice_nodes(paths), engine(operator, paths.logs / "engine.out"):
        give_up = time.monotonic() + 4 * PATIENCE_S
        while not losses.is_over():
            assert time.monotonic() < give_up, (done, losses.rows("SELECT * FROM rp_story"))
            await losses.log_in()
            # something comes of every second session, however slow the machine is
            if len(done) % 2:
                await losses.until_it_moves()
            await asyncio.sleep(dice.uniform(0.0, 2.5))
            done.append(("cut", "freeze")[(seed + len(done)) % 2])
            getattr(front_end, done[-1])()
            await losses.until_lost()
            # what was frozen goes away too, as at a site that has hung up at last
            front_end.cut()
    assert losses.rows("SELECT stage, attempts, tries FROM rp_run ORDER BY remote_id") == [
        ("chip", 1, 0),
        ("camera", 1, 0),
    ]
    assert not {"StepFailed", "JobKilled"} & {event for (event,) in losses.rows("SELECT event FROM rp_story")}
    assert losses.card.given == len(done)
    assert front_end.tries() == (len(done), 0)
