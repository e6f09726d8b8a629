"""A site of real parts for one test, and an operator before it: files, a scheduler, the engine's process, the command line.

What answers ssh and SQL is the test's own choice; the configuration that the engine reads is the test's own text.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.servers.token_card import TokenCard
from tests.servers.typed import typed

from rpconsole.practice.installing import install_for_jobs
from rpconsole.practice.paths import SitePaths, SiteSettings, write_settings
from rpconsole.practice.processes import end_marked
from rpconsole.practice.seed import seed
from rpconsole.practice.sky import Survey
from rpconsole.protocol.client import EngineClient
from rpconsole.protocol.errors import EngineGone, NoEngine

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
#: a machine that has more to do than it can takes its time
START_S = 90.0
#: for what takes seconds where nothing else runs
PATIENCE_S = 150.0
#: for one command of the operator
COMMAND_S = 90.0


async def make_site(
    folder: Path, survey: Survey, database: str | None = None, *, is_over_slurm: bool = False
) -> SitePaths:
    """Files at home and at the site, and the IPP's programs there; rows in the empty gpc1 ``database``, or in a file."""
    paths = SitePaths(folder)
    paths.make()
    write_settings(paths, SiteSettings(nodes=2, slots=2, is_over_slurm=is_over_slurm))
    install_for_jobs(paths)
    await seed(paths, survey, url=database)
    return paths


@contextmanager
def practice_nodes(paths: SitePaths, environ: Mapping[str, str] | None = None) -> Iterator[None]:
    """The nodes behind Moab's commands; nothing that they ran outlives the test."""
    with (paths.logs / "executor.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "rpconsole.practice.executor", "--dir", str(paths.root), "--tied"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **(environ or {})},
            start_new_session=True,
        )
    assert child.stdin is not None
    try:
        until(lambda: (paths.state / "executor.pid").exists(), "the nodes are up", START_S, pause_s=0.05)
        yield
    finally:
        child.stdin.close()
        child.wait(60)
        end_marked(paths.root)


def until(is_so: Callable[[], T | None], what: str, within_s: float = PATIENCE_S, pause_s: float = 0.4) -> T:
    """What ``is_so`` returns once it is true; real servers have no clock that a test could move."""
    deadline = time.monotonic() + within_s
    while not (found := is_so()):
        assert time.monotonic() < deadline, f"not within {within_s:.0f} s: {what}"
        time.sleep(pause_s)
    return found


def whole_records(path: Path) -> list[dict[str, Any]]:
    """The lines of a results file, which a runner may be writing just now: half a line is none yet."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().rpartition("\n")[0].splitlines()]


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Somebody who has a configuration file, a card for each door on the way in, and the command line."""

    config: Path
    cards: Sequence[TokenCard]
    environ: dict[str, str]
    types: Callable[..., subprocess.CompletedProcess[str]] = typed

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One command, however it ends."""
        line = ["-c", str(self.config), *words]
        return self.types(line, stdin=stdin, cwd=self.config.parent, environ=self.environ, within_s=COMMAND_S)

    def did(self, *words: str, stdin: str = "") -> str:
        """What a command that succeeds prints."""
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, f"{' '.join(words)}: exit {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def asked(self, *words: str) -> Any:
        """What a reading command answers with --json."""
        return json.loads(self.did(*words, "--json"))

    def log_in(self, *words: str) -> None:
        """``rpconsole login`` with a new token of each card, door by door."""
        self.did("login", "--stdin", *words, stdin="".join(f"{card.next()}\n" for card in self.cards))

    def runs(self) -> dict[str, dict[str, Any]]:
        """The live view of each stage's run."""
        return {run["stage"]: run for run in self._status()["runs"]}

    def _status(self) -> dict[str, Any]:
        """What ``rpconsole status --json`` answers, by the socket where one does: a process a look costs more than the run."""
        return self._asked_by_socket("status") or dict(self.asked("status"))

    def is_served(self) -> bool:
        """Whether an engine answers."""
        return self._asked_by_socket("status") is not None

    def _asked_by_socket(self, verb: str) -> dict[str, Any] | None:
        # read by itself: the programs under test may know more than this process does
        socket_path = Path(tomllib.loads(self.config.read_text())["paths"]["socket"])

        async def ask() -> dict[str, Any]:
            async with await EngineClient.connect(socket_path, who="test") as engine:
                return await engine.call(verb)

        # a thread, since tests have an event loop of their own
        with ThreadPoolExecutor(1) as asking:
            try:
                return asking.submit(asyncio.run, ask()).result()
            except (NoEngine, EngineGone):
                return None

    def stage_at(self, stage: str, *steps: str, within_s: float = PATIENCE_S) -> dict[str, Any]:
        """The run of a stage once it is at one of these steps."""
        return until(lambda: self._at(stage, steps), f"{stage} is at {' or '.join(steps)}", within_s)

    def _at(self, stage: str, steps: Sequence[str]) -> dict[str, Any] | None:
        run = self.runs().get(stage)
        return run if run is not None and run["step"] in steps else None

    def all_full(self, within_s: float) -> list[dict[str, Any]]:
        """Every run at length, once all four stages are done."""
        try:
            until(self._is_over, "all four stages are done", within_s)
        except AssertionError as late:
            raise AssertionError(
                f"{late}: {[(run['stage'], run['step'], run['why']) for run in self.runs().values()]}"
            ) from None
        runs = self.asked("runs")["runs"]
        return [self.asked("run", "show", str(run["remote_id"])) for run in runs]

    def _is_over(self) -> bool:
        runs = self._status()["runs"]
        stopped = [run for run in runs if run["step"].endswith("stopped")]
        assert not stopped, stopped
        return {run["stage"] for run in runs} == {"chip", "camera", "warp", "stack"} and all(
            run["step"] == "done" for run in runs
        )


@contextmanager
def engine(operator: Operator, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``rpconsole --daemon`` as a process; ended in order, and it must end in order, unless the test has killed it."""
    with log.open("ab") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "rpconsole", "-c", str(operator.config), "--daemon"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=operator.environ,
            cwd=operator.config.parent,
        )
    try:
        until(lambda: _serves(operator, child, log), "the engine serves", START_S, pause_s=0.1)
        yield child
        if child.poll() == -signal.SIGKILL:
            return
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 0, log.read_text(errors="replace")[-2000:]
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def _serves(operator: Operator, child: subprocess.Popen[bytes], log: Path) -> bool:
    assert child.poll() is None, log.read_text(errors="replace")[-2000:]
    return operator.is_served()


class Doorstop:
    """Holds one of the site's programs at its start, so that a job is certainly in its middle."""

    def __init__(self, folder: Path, program: str) -> None:
        self._stop = folder / f"{program}.held"
        real = folder / program
        behind = real.rename(folder / f".{program}")
        self._stop.touch()
        real.write_text(f'#!/bin/sh\nwhile [ -e {self._stop} ]; do sleep 0.1; done\nexec {behind} "$@"\n')
        real.chmod(0o755)

    def let_go(self) -> None:
        """Let it run, now and from now on."""
        self._stop.unlink()
