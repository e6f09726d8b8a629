"""The submit dialogue between the real ssh client and a front end in process, with the real helper file and a scheduler of scripts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from tests.contract.site_worlds import RealClock, SshWorld
from tests.engine.conftest import settings_for
from tests.servers import front_end as in_process
from tests.servers.token_card import TokenCard

from rpconsole.commands.known_schedulers import KNOWN_SCHEDULERS
from rpconsole.domain.event import Event, SessionGone, SessionOpened
from rpconsole.domain.fault import SessionLost
from rpconsole.domain.machine import decide
from rpconsole.domain.retry import RetryPolicy
from rpconsole.domain.run import Attempt, Run, Step
from rpconsole.domain.stage import Stage
from rpconsole.engine.perform import outcome_of
from rpconsole.engine.reconcile import reconcile_run
from rpconsole.engine.settings import Waits
from rpconsole.engine.submit import submit_run
from rpconsole.engine.world import World
from rpconsole.ports.sessions import Challenge

#: a scheduler of files: each job is one in ``jobs``, named as the job; ``how-NAME`` holds shell text that runs before an answer
MSUB = """#!/bin/sh
cd {folder}
while [ "$1" != -N ]; do shift; done
number=$(ls jobs | wc -l)
. ./how-msub
echo "$2" > jobs/$number.$$
. ./how-msub-then
echo; echo "Moab.$((number + 1))"
"""
SHOWQ = """#!/bin/sh
cd {folder}
. ./how-showq
printf '<Data><queue option="eligible">'
[ -e forgets ] || for job in jobs/*; do
  [ -e "$job" ] && printf '<job JobID="Moab.1" JobName="%s" State="Idle"/>' "$(cat "$job")"
done
printf '</queue></Data>\\n'
"""


@dataclass
class Cut:
    """Counts what flows through the front end, and ends the session after so many bytes in one direction."""

    server: in_process.PrivateFrontEnd
    direction: str = ""
    left: int = -1
    flowed: dict[str, int] = field(default_factory=lambda: {"in": 0, "out": 0, "err": 0})
    #: how much had flowed in a direction whenever a piece had come: one message, as a rule
    borders: dict[str, list[int]] = field(default_factory=lambda: {"in": [], "out": [], "err": []})
    _struck: asyncio.Event | None = None

    def arm(self, direction: str, after: int) -> None:
        self.direction, self.left = direction, after
        self.flowed = dict.fromkeys(self.flowed, 0)
        self.borders = {way: [] for way in self.borders}
        if after == 0 and direction == "in":
            self._strike()

    async def over(self) -> None:
        """Nothing is cut any more: what was not reached is given up, what has struck has ended its session."""
        self.left = -1
        if self._struck is not None:
            await self._struck.wait()
            self._struck = None

    def meet(self, direction: str, data: bytes) -> bytes:
        self.flowed[direction] += len(data)
        self.borders[direction].append(self.flowed[direction])
        if direction != self.direction or self.left < 0:
            return data
        if len(data) < self.left:
            self.left -= len(data)
            return data
        piece, self.left = data[: self.left], -1
        self._strike()
        return piece

    def _strike(self) -> None:
        """After what flowed before has had the time to arrive."""
        self.left = -1
        self._struck = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, self._end, self._struck)

    def _end(self, struck: asyncio.Event) -> None:
        self.server.cut()
        struck.set()


@dataclass
class CutWorld:
    """One site, any number of runs that are submitted to it."""

    folder: Path
    ssh: SshWorld
    world: World
    cut: Cut
    numbers: int = 0
    policy: RetryPolicy = field(default_factory=RetryPolicy)

    def new_run(self) -> Run:
        """A run whose inputs are all there."""
        self.numbers += 1
        attempt = Attempt(number=1, nonce=f"{self.numbers:04x}", intended_at=0.0)
        run = Run(
            remote_id=self.numbers, stage=Stage.CHIP, label="L", path_base="neb://any/r", step=Step.SUBMIT,
            attempt=attempt, attempts=1,
        )  # fmt: skip
        (self.folder / "scratch" / "r").mkdir(exist_ok=True)
        return run

    def name(self, run: Run) -> str:
        return Attempt(number=1, nonce=f"{run.remote_id:04x}", intended_at=0.0).job_name(run.remote_id)

    def how(self, command: str, text: str) -> None:
        """What a command does before it answers (``msub-then``: after the job is made)."""
        (self.folder / f"how-{command}").write_text(text + "\n")

    def mark(self, name: str, *, is_there: bool) -> None:
        (self.folder / name).touch() if is_there else (self.folder / name).unlink()

    def jobs(self, run: Run) -> int:
        """How many jobs there are of a run's name."""
        made = [path.read_text().strip() for path in (self.folder / "jobs").iterdir()]
        return made.count(self.name(run))

    def start_mark(self, run: Run) -> None:
        """The job has begun, and its runner has written so."""
        mark = {"mark": "start", "job": "Moab.1", "name": self.name(run), "tasks": 3, "epoch": 1, "nodes": []}
        stem = self.folder / "scratch" / "r" / f"remote_chip.{run.remote_id}.results"
        stem.write_text(json.dumps(mark) + "\n")

    async def login(self) -> None:
        async def card(challenge: Challenge) -> list[str]:
            return [self.ssh.token() for _ in challenge.prompts]

        await self.ssh.sessions.open(card, hosts=["fe1"])

    async def warm(self) -> None:
        """The helper runs, so that only the dialogue that is meant flows."""
        await self.world.site.stat(["/"])

    async def rest(self) -> None:
        """Between two cuts: the last one is over, and a session lives whose end has not merely gone unnoticed so far."""
        await self.cut.over()
        async with asyncio.timeout(60):
            while True:
                try:
                    if not self.ssh.sessions.alive():
                        await self.login()
                    return await self.warm()
                except SessionLost:
                    continue

    async def step(self, run: Run) -> tuple[Run, Event]:
        """One action of the run, as the engine does it."""
        performer = submit_run if run.step is Step.SUBMIT else reconcile_run
        event = await outcome_of(performer, self.world, run)
        return decide(run, event, self.world.clock.now(), self.policy)[0], event

    async def until(self, run: Run, done: Callable[[Run], bool], *, patience_s: float = 120.0) -> Run:
        """The run's actions one after the other, and a login whenever a session is gone."""
        async with asyncio.timeout(patience_s):
            while not done(run):
                run, event = await self.step(run)
                if isinstance(event, SessionGone):
                    await self.login()
                    run, _ = decide(run, SessionOpened(), self.world.clock.now(), self.policy)
                elif run.step is Step.RECONCILE:
                    await asyncio.sleep(0.05)
        return run


def is_polled(run: Run) -> bool:
    return run.step is Step.POLL


@asynccontextmanager
async def cut_world(folder: Path, **waits: float) -> AsyncIterator[CutWorld]:
    """Everything on this host and in this process, but the helper and the scheduler's scripts."""
    card = TokenCard()
    server = in_process.PrivateFrontEnd(card)
    await server.start()
    cut = Cut(server)
    server.tamper = cut.meet
    ssh = SshWorld(
        folder, port=server.port, user="operator", known_hosts=in_process.known_hosts(folder / "known_hosts", server),
        card=card, tries=lambda: (0, 0), cut=server.cut,
    )  # fmt: skip
    _scheduler(folder)
    plain = settings_for(folder)
    settings = replace(
        plain,
        layout=replace(plain.layout, remote_root=ssh.root),
        scheduler=KNOWN_SCHEDULERS["moab"](str(folder / "bin")),
        waits=Waits(**({"submit_s": 60.0, "receipt_s": 900.0, "queue_s": 60.0} | waits)),
    )
    ports = dict.fromkeys(
        ("runs", "survey", "catalogue", "files", "journal", "ledger", "operations", "lease", "lock"), cast(Any, None)
    )
    world = World(settings=settings, clock=RealClock(), site=ssh.site, sessions=ssh.sessions, **ports)
    try:
        yield CutWorld(folder=folder, ssh=ssh, world=world, cut=cut)
    finally:
        await ssh.sessions.close()
        await server.stop()


def _scheduler(folder: Path) -> None:
    (folder / "bin").mkdir()
    (folder / "jobs").mkdir()
    for name in ("msub", "msub-then", "showq"):
        (folder / f"how-{name}").write_text("\n")
    for name, text in (("msub", MSUB), ("showq", SHOWQ)):
        file = folder / "bin" / name
        file.write_text(text.replace("{folder}", str(folder)))
        file.chmod(0o755)
