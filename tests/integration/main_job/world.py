"""The main job with real processes: a practice site, the engine's own process, and the commands as a person types them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.typed import typed

from rpconsole.practice.configuring import socket_path
from rpconsole.practice.demo import CardHolder
from rpconsole.practice.moab.spool import FIRST_ID
from rpconsole.practice.paths import SiteSettings
from rpconsole.practice.processes import alive
from rpconsole.practice.site import PracticeSite
from rpconsole.practice.sky import Survey
from rpconsole.protocol.client import EngineClient
from rpconsole.protocol.errors import EngineGone, NoEngine

ROOT = Path(__file__).parents[3]
ENVIRON = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "LOGNAME": "ann"}
COMMAND = [sys.executable, "-m", "rpconsole"]
#: gateway and two front ends
TOKENS_A_LOGIN = 3
PATIENCE_S = 90.0
#: the steps that need a program at the site
HOLDABLE = ("ship", "submit", "poll", "retrieve")
STOPPED = ("prep_stopped", "exec_stopped", "stopped")


class Engine:
    """``rpconsole --daemon`` as a child; may be killed and started again."""

    def __init__(self, config: Path, socket: Path, out: Path) -> None:
        self.config, self.socket, self._out = config, socket, out
        self._child: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Return when it serves."""
        self.spawn()
        give_up = time.monotonic() + PATIENCE_S
        while True:
            try:
                async with await EngineClient.connect(self.socket):
                    return
            except (NoEngine, EngineGone):
                assert self.child.poll() is None, self.said()
                assert time.monotonic() < give_up, "the engine does not serve"
                await asyncio.sleep(0.02)

    def spawn(self) -> None:
        with self._out.open("ab") as out:
            self._child = subprocess.Popen(
                [*COMMAND, "-c", str(self.config), "--daemon"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=ROOT,
                env=ENVIRON,
            )

    @property
    def child(self) -> subprocess.Popen[bytes]:
        assert self._child is not None
        return self._child

    def kill(self) -> None:
        """kill -9."""
        self.child.kill()
        self.child.wait()

    def stop(self, within_s: float = 60.0) -> int:
        """SIGTERM; its exit code."""
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(timeout=within_s)

    def said(self) -> str:
        """What it wrote to its terminal."""
        return self._out.read_text()

    def end(self) -> None:
        """Whatever the test did."""
        if self._child is not None and self._child.poll() is None:
            self.kill()


@dataclass
class MainJob:
    """One practice site and one engine for it, with everything a test needs in its hand."""

    site: PracticeSite
    engine: Engine

    @property
    def folder(self) -> Path:
        return self.site.paths.root

    # -- the person ----------------------------------------------------------------------------------------------------

    def types(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One command, as a person types it; blocks the loop, which has nothing else to do."""
        line = ["-c", str(self.engine.config), *words]
        return typed(line, stdin=stdin, cwd=ROOT, environ=ENVIRON, within_s=PATIENCE_S)

    def login(self) -> list[str]:
        """Log in everywhere by the command; the tokens that were typed."""
        tokens = [self.site.token() for _ in range(TOKENS_A_LOGIN)]
        done = self.types("login", "--stdin", "--json", stdin="".join(f"{token}\n" for token in tokens))
        assert done.returncode == 0, done.stderr
        return tokens

    async def logged_in(self) -> None:
        """The same by a client of the engine, without a process of its own."""
        async with await EngineClient.connect(self.engine.socket, dialogue=CardHolder(self.site)) as client:
            await client.call("login", hosts=[])

    def why(self, remote_id: int = 1) -> str:
        done = self.types("run", "why", str(remote_id))
        assert done.returncode == 0, done.stderr
        return done.stdout

    @asynccontextmanager
    async def client(self) -> AsyncIterator[EngineClient]:
        async with await EngineClient.connect(self.engine.socket) as client:
            yield client

    async def present(self, remote_id: int = 1) -> dict[str, Any]:
        """The run as a client of the engine sees it; empty while it is not in view."""
        async with self.client() as client:
            runs = (await client.call("status"))["runs"]
        return next((run for run in runs if run["remote_id"] == remote_id), {})

    async def answers(self, verb: str, is_it: Callable[[Any], object]) -> Any:
        """What a client is told once it is so; a command for each look would work more than the run."""
        give_up = time.monotonic() + PATIENCE_S
        async with self.client() as client:
            while not is_it(found := await client.call(verb)):
                assert time.monotonic() < give_up, f"{verb} never said it; its last word: {json.dumps(found)[:2000]}"
                await asyncio.sleep(0.1)
        return found

    # -- both databases, read beside the engine ------------------------------------------------------------------------

    def gpc1(self, query: str) -> list[tuple[Any, ...]]:
        return _read(self.site.paths.gpc1, query)

    def journal(self, query: str) -> list[tuple[Any, ...]]:
        return _read(self.site.paths.state / "journal.db", query)

    def step(self, remote_id: int = 1) -> str:
        """Where the journal has the run; empty while it does not know it."""
        rows = self.journal(f"SELECT step FROM rp_run WHERE remote_id = {remote_id}")
        return rows[0][0] if rows else ""

    def state(self, remote_id: int = 1) -> str:
        rows = self.gpc1(f"SELECT state FROM remoteRun WHERE remote_id = {remote_id}")
        return rows[0][0] if rows else ""

    def components(self, remote_id: int = 1) -> Counter[str]:
        rows = self.gpc1(f"SELECT state FROM remoteComponent WHERE remote_id = {remote_id}")
        return Counter(state for (state,) in rows)

    def story(self, remote_id: int = 1) -> list[str]:
        """Names of the events, in order."""
        rows = self.journal(f"SELECT event FROM rp_story WHERE remote_id = {remote_id} ORDER BY number")
        return [event for (event,) in rows]

    def moves(self) -> int:
        """How often any run has moved."""
        rows = self.journal("SELECT count(*) FROM rp_story")
        return int(rows[0][0]) if rows else 0

    @contextmanager
    def held(self, path: Path) -> Iterator[None]:
        """Nobody else writes into an SQLite database."""
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            yield

    # -- the site ------------------------------------------------------------------------------------------------------

    def submitted(self) -> int:
        """How many jobs the scheduler ever took, forgotten ones too."""
        next_id = self.site.paths.spool / "next_id"
        return int(next_id.read_text()) - FIRST_ID if next_id.exists() else 0

    def stand_in(self, program: str, script: str) -> None:
        """Put a shell script in the place of one of the site's programs; ``$real`` is the program itself."""
        path = self.site.paths.bin / program
        real = path.with_name(f"{program}.real")
        if not real.exists():
            path.rename(real)
        path.write_text(f"#!/bin/sh\nreal={real}\n{script}\n")
        path.chmod(0o755)

    def hold(self, *steps: str) -> None:
        """What each of these steps needs at the site waits until it is let go, so that a run is certainly found in it."""
        for step in steps:
            self._held(step).touch()
        waits = {step: f"while [ -e {self._held(step)} ]; do sleep 0.05; done" for step in HOLDABLE}
        go_on = 'exec "$real" "$@"'
        self.stand_in("msub", f"{waits['submit']}; {go_on}")
        self.stand_in("ppImage", f"{waits['poll']}; {go_on}")
        files = f'case "$*" in *" receive "*) {waits["ship"]};; *" give "*) {waits["retrieve"]};; esac'
        self.stand_in("python3", f"{files}; {go_on}")

    def let_go(self, *steps: str) -> None:
        """They do their work, now and from now on."""
        for step in steps:
            self._held(step).unlink(missing_ok=True)

    def _held(self, step: str) -> Path:
        return self.folder / f"hold.{step}"

    # -- waiting -------------------------------------------------------------------------------------------------------

    async def until(self, seen: Callable[[], object], *, every_s: float = 0.05, within_s: float = PATIENCE_S) -> None:
        """Until something is so; else everything that tells why it is not."""
        give_up = time.monotonic() + within_s
        while not seen():
            assert time.monotonic() < give_up, self._story_of_all()
            await asyncio.sleep(every_s)

    async def full(self, remote_id: int = 1) -> None:
        """Until the run is done: ``full``, and the next stage registered."""
        await self.until(lambda: self.step(remote_id) in ("done", *STOPPED))
        assert self.step(remote_id) == "done", self._story_of_all()
        assert self.state(remote_id) == "full"

    def _story_of_all(self) -> str:
        lines = self.journal("SELECT remote_id, event, step_before, step_after, detail FROM rp_story ORDER BY at")
        log = (self.site.paths.logs / "rpconsole.log").read_text().splitlines()[-40:]
        return "it never came to be\n" + "\n".join([*map(str, lines), *log])


def _read(path: Path, query: str) -> list[tuple[Any, ...]]:
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(query).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return []
        raise


@asynccontextmanager
async def main_job(
    folder: Path,
    *,
    exposures: int = 1,
    otas: int = 1,
    stages: tuple[str, ...] = ("chip",),
    changes: Mapping[str, Mapping[str, object]] | None = None,
    settings: SiteSettings | None = None,
) -> AsyncIterator[MainJob]:
    """A site with a survey and an engine that serves; nobody has logged in. ``changes``: section -> key -> value.

    Its scratch is looked at when somebody logs in and when a run has ended, and now and then, as at a real site.
    """
    site = PracticeSite(folder, survey=Survey(exposures=exposures, otas=otas), settings=settings)
    async with site:
        config = site.paths.config
        text = config.read_text() + f"stages = {json.dumps(stages)}\n"
        for section, values in ({"scratch": {"look_s": 60.0}} | dict(changes or {})).items():
            for key, value in values.items():
                text = _changed(text, section, key, value)
        config.write_text(text)
        daemon = Engine(config, socket_path(site.paths), site.paths.logs / "engine.out")
        try:
            await daemon.start()
            yield MainJob(site=site, engine=daemon)
        finally:
            daemon.end()


def _changed(text: str, section: str, key: str, value: object) -> str:
    head, title, tail = text.partition(f"[{section}]\n")
    assert title
    lines, blank, rest = tail.partition("\n\n")
    kept = [line for line in lines.splitlines() if not line.startswith(f"{key} = ")]
    return head + title + "\n".join([*kept, f"{key} = {json.dumps(value)}"]) + blank + rest


def text_in_files(folder: Path, text: str) -> list[Path]:
    """Files below a folder that hold a text."""
    found = []
    for path in folder.rglob("*"):
        # one may be gone since it was listed
        with suppress(FileNotFoundError):
            if path.is_file() and not path.is_symlink() and text.encode() in path.read_bytes():
                found.append(path)
    return found


def processes_of(folder: Path) -> list[str]:
    """Command lines of the living processes that name a folder."""
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() or int(entry.name) == os.getpid() or not alive(int(entry.name)):
            continue
        try:
            words = Path(f"/proc/{entry.name}/cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in words:
            found.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return found
