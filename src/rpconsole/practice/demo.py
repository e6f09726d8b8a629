"""The whole main job on the practice site: up, a login by card, four stages to ``full``, a summary, down."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rpconsole.domain.fault import BadConfiguration
from rpconsole.domain.stage import Stage
from rpconsole.practice.configuring import LABEL, socket_path
from rpconsole.practice.paths import SITE_VARIABLE, SiteSettings
from rpconsole.practice.site import PracticeSite
from rpconsole.practice.sky import Survey
from rpconsole.protocol.client import EngineClient
from rpconsole.protocol.errors import NoEngine
from rpconsole.protocol.messages import Answered, ChallengeAsked, Rejected

#: without any change for so long the demo gives up
PATIENCE_S = 300.0
PATH_BASE = f"neb://any/remote/{LABEL}"
START_S = 60.0
INITIATIVES = ("session", "front-end")
ENDED = ("done", "prep_stopped", "exec_stopped", "stopped")


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoOptions:
    """What to play through."""

    directory: Path
    exposures: int = 2
    otas: int = 4
    stages: tuple[Stage, ...] = tuple(Stage)
    seed: int = 1
    #: who moves the bytes: session or front-end
    initiative: str = "session"

    def __post_init__(self) -> None:
        if self.stages != tuple(Stage)[: len(self.stages)] or not self.stages:
            wanted = ", ".join(self.stages)
            raise BadConfiguration(
                f"the stages feed one another, so they begin with chip and leave none out: not '{wanted}'"
            )
        if self.initiative not in INITIATIVES:
            raise BadConfiguration(f"the initiative is {' or '.join(INITIATIVES)}, not '{self.initiative}'")
        if self.initiative == "front-end" and shutil.which("ssh") is None:
            raise BadConfiguration(
                "front ends begin transfers with ssh, which this machine does not have: install OpenSSH's client"
            )
        if not 1 <= self.exposures <= 1000:
            raise BadConfiguration(f"{self.exposures} exposures cannot be played; 1 to 1000 can")
        if not 1 <= self.otas <= 60:
            raise BadConfiguration(f"{self.otas} OTAs cannot be played; the camera has 60, so 1 to 60 can")
        if Stage.STACK in self.stages and self.exposures < 2:
            raise BadConfiguration("a stack needs at least 2 exposures")


@dataclass(kw_only=True, slots=True)
class StageCount:
    """What came of a stage."""

    runs: int = 0
    full: int = 0
    components: int = 0
    passed: int = 0
    failed: int = 0
    products: int = 0
    bytes_shipped: int = 0
    bytes_returned: int = 0


@dataclass(kw_only=True, slots=True)
class DemoResult:
    """What the demo prints at its end."""

    ok: bool = False
    seconds: float = 0.0
    stages: dict[str, StageCount] = field(default_factory=dict)
    directory: str = ""
    #: why it is not ok, as sentences
    sentences: list[str] = field(default_factory=list)

    def as_json(self) -> str:
        """One object."""
        return json.dumps({"version": 1, **asdict(self)})


Report = Callable[[Sequence[Mapping[str, Any]]], None]
"""Shows the runs as they stand; called when something has changed."""


async def play(options: DemoOptions, report: Report) -> DemoResult:
    """Play the demo; ends every process that it started, whatever happens."""
    began = time.monotonic()
    survey = Survey(seed=options.seed, exposures=options.exposures, otas=options.otas)
    settings = SiteSettings(initiative=options.initiative)
    async with PracticeSite(options.directory, survey=survey, settings=settings) as site:
        _watch_only(site, options.stages)
        async with engine_process(site), engine_client(site) as engine:
            result = await _follow(engine, options, report)
    result.seconds = round(time.monotonic() - began, 1)
    result.directory = str(options.directory)
    return result


Attend = Callable[[Path, Sequence[str], Callable[[], str]], Awaitable[None]]
"""Lets a person work at the console: the configuration, what to do first, and the button of his card."""


async def attend(options: DemoOptions, sit_down: Attend) -> DemoResult:
    """The demo with a person at the console in place of the played one; ends when he leaves."""
    began = time.monotonic()
    survey = Survey(seed=options.seed, exposures=options.exposures, otas=options.otas)
    settings = SiteSettings(initiative=options.initiative)
    async with PracticeSite(options.directory, survey=survey, settings=settings) as site:
        _watch_only(site, options.stages)
        async with engine_process(site):
            await sit_down(site.paths.config, first_steps(options), lambda: site.token("operator"))
            async with engine_client(site) as engine:
                result = await _summary(engine, options)
    result.seconds = round(time.monotonic() - began, 1)
    result.directory = str(options.directory)
    return result


def first_steps(options: DemoOptions) -> list[str]:
    """What a newcomer should know before his first key; the last is where a token comes from."""
    stages = ", ".join(options.stages)
    return [
        "This is a practice site, all on this machine: a gateway, two front ends, a key card, a batch queue. "
        f"{options.exposures} exposures of {options.otas} chips wait for: {stages}.",
        "L logs in. The site asks for three tokens, one after another.",
        "Then the runs go through the stages by themselves, in about a minute. enter opens one, W says why it waits, "
        "p and e close and open the gates, ? lists every key.",
        "q leaves; the practice site then ends, its products stay in the directory.",
        "A token: f2 presses your card's button here, or in another terminal: "
        f"rpconsole practice card --dir {options.directory}",
    ]


def _watch_only(site: PracticeSite, stages: Sequence[Stage]) -> None:
    """The label's table is the last of the configuration; its stages go to its end."""
    with site.paths.config.open("a") as file:
        file.write(f"stages = {json.dumps(list(stages))}\n")


@asynccontextmanager
async def engine_process(site: PracticeSite) -> AsyncIterator[None]:
    """The engine as a process of its own, ended in order (SIGTERM), then by force.

    It bears the site's mark, so that the site ends it too when we are killed ourselves.
    """
    with (site.paths.logs / "engine.out").open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "rpconsole", "-c", str(site.paths.config), "--daemon"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, SITE_VARIABLE: str(site.paths.root)},
        )
    try:
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), timeout=20)
        except TimeoutError:
            process.kill()
            await process.wait()


class CardHolder:
    """The person with the card, played: a new token at each hidden prompt."""

    def __init__(self, site: PracticeSite) -> None:
        self._site = site

    async def ask(self, challenge: ChallengeAsked) -> Sequence[str] | None:
        """What he types."""
        return [challenge.user if prompt.echo else self._site.token(challenge.user) for prompt in challenge.prompts]

    def closed(self, answered: Answered) -> None:
        """Nothing more to do."""

    def rejected(self, rejected: Rejected) -> None:
        """He is asked again, with a new token."""


@asynccontextmanager
async def engine_client(site: PracticeSite) -> AsyncIterator[EngineClient]:
    """A connection to the engine, with the card's holder at hand for the site's prompts."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            client = await EngineClient.connect(socket_path(site.paths), who="demo", dialogue=CardHolder(site))
            break
        except NoEngine:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)
    async with client:
        yield client


async def _follow(engine: EngineClient, options: DemoOptions, report: Report) -> DemoResult:
    await engine.call("login", hosts=[])
    seen: list[Mapping[str, Any]] = []
    changed = time.monotonic()
    while True:
        runs = (await engine.call("status"))["runs"]
        if runs != seen:
            seen, changed = runs, time.monotonic()
            report(runs)
        if await _is_over(engine, options, runs):
            return await _summary(engine, options)
        if time.monotonic() - changed > PATIENCE_S:
            result = await _summary(engine, options)
            result.sentences.append(f"nothing has changed for {PATIENCE_S:.0f} s")
            result.ok = False
            return result
        await asyncio.sleep(0.5)


async def _is_over(engine: EngineClient, options: DemoOptions, runs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every run has ended and no stage has anything left to define."""
    if not runs or any(run["step"] not in ENDED for run in runs):
        return False
    if any(run["step"] != "done" for run in runs):
        return True
    if {run["stage"] for run in runs} < set(options.stages):
        return False
    for stage in options.stages:
        definition = await engine.call("define", stage=str(stage), label=LABEL, path_base=PATH_BASE, pretend=True)
        if definition["stage_ids"]:
            return False
    return True


async def _summary(engine: EngineClient, options: DemoOptions) -> DemoResult:
    result = DemoResult(stages={str(stage): StageCount() for stage in options.stages})
    for row in (await engine.call("runs", label=LABEL))["runs"]:
        detail = await engine.call("run", remote_id=row["remote_id"])
        _add(result.stages[row["stage"]], detail)
        if row["state"] != "full":
            result.sentences.append(
                f"run {row['remote_id']} ({row['stage']}) is '{row['state']}': {'; '.join(detail['why'])}"
            )
    counts = result.stages.values()
    result.ok = all(count.runs and count.full == count.runs for count in counts) and not result.sentences
    return result


def _add(count: StageCount, detail: Mapping[str, Any]) -> None:
    count.runs += 1
    count.full += detail["state"] == "full"
    count.components += len(detail["components"])
    count.passed += sum(one["state"] == "pass" for one in detail["components"])
    count.failed += sum(one["state"] in ("fail", "prep_fail") for one in detail["components"])
    count.products += _products_at_home(detail["files"].get("manifest"))
    count.bytes_shipped += detail["bytes_sent"]
    count.bytes_returned += detail["bytes_returned"]


def _products_at_home(manifest: str | None) -> int:
    """Products of a run that are there and not empty."""
    if manifest is None:
        return 0
    records = [json.loads(line) for line in Path(manifest).read_text().splitlines()]
    paths = [Path(record["local"]) for record in records if record["role"] == "product"]
    return sum(path.is_file() and path.stat().st_size > 0 for path in paths)
