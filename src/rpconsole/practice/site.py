"""A practice site as one thing: bring it up, act as the person with the card, disturb it, take it down."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from rpconsole.domain.fault import BadData
from rpconsole.ports.sessions import Challenge
from rpconsole.practice import launching
from rpconsole.practice.card import Card
from rpconsole.practice.configuring import check_directory, configuration, socket_path
from rpconsole.practice.faults import Faults
from rpconsole.practice.installing import install
from rpconsole.practice.moab.spool import Job, Spool
from rpconsole.practice.paths import SitePaths, SiteSettings, read_settings, write_settings, write_whole
from rpconsole.practice.seed import Done, seed
from rpconsole.practice.sky import Survey

OPERATOR = "operator"


class PracticeSite:
    """The site in one directory. As an async context manager it is tied to this process and ends with it.

    ``survey`` None = no exposures and no database: enough for whoever only wants to log in and submit.
    """

    def __init__(
        self,
        directory: Path,
        *,
        survey: Survey | None = None,
        settings: SiteSettings | None = None,
        done: Done | None = None,
    ) -> None:
        self.paths = SitePaths(directory.resolve())
        self.faults = Faults(self.paths)
        self.spool = Spool(self.paths.spool)
        self._survey = survey
        self._wanted = settings
        self._done = done
        self._launched: launching.Launched | None = None

    async def up(self, *, tied: bool = False) -> None:
        """Make what is missing, start, wait until it serves, and write the configuration for it."""
        check_directory(self.paths.root)
        if launching.running(self.paths):
            launching.launch(self.paths, tied=tied)  # says who is there
        await asyncio.to_thread(self._make)
        self._launched = launching.launch(self.paths, tied=tied)
        try:
            if self._survey is not None:
                await seed(self.paths, self._survey, self._done)
            await asyncio.to_thread(launching.wait_until_ready, self.paths, self._launched)
        except BaseException:
            await self.down()
            raise
        write_whole(self.paths.config, configuration(self.paths, self.settings))

    async def down(self) -> None:
        """End every process of the site; the directory stays."""
        launched, self._launched = self._launched, None
        await asyncio.to_thread(launching.end, self.paths, launched)

    async def __aenter__(self) -> PracticeSite:
        await self.up(tied=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.down()

    @property
    def settings(self) -> SiteSettings:
        return read_settings(self.paths)

    def token(self, user: str = OPERATOR) -> str:
        """Press the button of somebody's card."""
        path = self.paths.cards / f"{user}.json"
        if not path.exists():
            known = ", ".join(sorted(card.stem for card in self.paths.cards.glob("*.json"))) or "none"
            raise BadData(
                f"nobody called '{user}' has a card of the practice site in {self.paths.root}; cards: {known}"
            )
        return Card(path).next_token()

    def answer(self, challenge: Challenge) -> list[str]:
        """What the person with the card types: a new token at each hidden prompt."""
        return [challenge.user if prompt.echo else self.token(challenge.user) for prompt in challenge.prompts]

    async def ask(self, challenge: Challenge) -> Sequence[str]:
        """``answer`` in the form that ``Sessions.open`` wants."""
        return self.answer(challenge)

    def cut(self) -> None:
        """End every login at once, without a word."""
        self._signal(signal.SIGUSR1)

    def freeze(self) -> None:
        """Gateway and front ends keep their connections and answer nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def logins(self) -> list[dict[str, str]]:
        """Every answer that somebody gave to a prompt: when, where, who, and what the site thought of it."""
        if not self.paths.logins.exists():
            return []
        # a gateway may be writing the next one just now
        whole = self.paths.logins.read_text(encoding="utf-8").rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def jobs(self) -> list[Job]:
        """What the scheduler remembers."""
        return self.spool.jobs()

    def kill_job(self, job: str) -> None:
        """As the out-of-memory killer would: the whole job, at once."""
        launching.kill_job(self.paths, job)

    def purge(self) -> None:
        """The scheduler forgets every finished job."""
        with self.spool.changing():
            for job in self.spool.finished():
                self.spool.forget(job)

    def _make(self) -> None:
        self.paths.make()
        wanted = self._wanted or read_settings(self.paths)
        write_settings(self.paths, wanted)
        for user in wanted.users:
            Card.issue(self.paths.cards / f"{user}.json")
        install(self.paths, is_over_slurm=self.settings.is_over_slurm)
        socket_path(self.paths).parent.mkdir(mode=0o700, exist_ok=True)

    def _signal(self, number: signal.Signals) -> None:
        pid = launching.running(self.paths).get("servers")
        if pid is None:
            raise BadData(f"the practice site in {self.paths.root} is not up")
        os.kill(pid, number)
