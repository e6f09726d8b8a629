"""A whole world for the engine: real SQLite databases and files in a temporary folder, a site in memory, a clock that is moved."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.builders.gpc1 import TESS, Gpc1Rows

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.create import create_schema
from rpconsole.adapters.gpc1.engine import Gpc1, open_gpc1
from rpconsole.adapters.gpc1.lineage import SqlLineage
from rpconsole.adapters.gpc1.owner_lock import owner_lock_of
from rpconsole.adapters.gpc1.run_store import SqlRunStore
from rpconsole.adapters.gpc1.survey import SqlSurvey
from rpconsole.adapters.journal.opening import Journal, open_journal
from rpconsole.adapters.memory.clock import MovableClock
from rpconsole.adapters.memory.sessions import MemorySessions
from rpconsole.adapters.memory.site import MemorySite
from rpconsole.adapters.memory.trees import MemoryTrees
from rpconsole.adapters.storage.local_files import DiskFiles
from rpconsole.adapters.storage.plain import PlainCatalogue
from rpconsole.adapters.storage.test_files import DiskTestFiles
from rpconsole.adapters.storage.trees import DiskTrees
from rpconsole.commands.known_schedulers import KNOWN_SCHEDULERS
from rpconsole.domain.allocation import SitePlan
from rpconsole.domain.paths import normal_path
from rpconsole.domain.retry import RetryPolicy
from rpconsole.domain.schedule import PollPace
from rpconsole.domain.stage import Stage
from rpconsole.engine.service import Engine
from rpconsole.engine.settings import Bookkeeping, EngineSettings, WatchedLabel
from rpconsole.engine.tuning import Tuner
from rpconsole.engine.world import Haulage, World
from rpconsole.ports.journal import Owner
from rpconsole.ports.site import Answer
from rpconsole.stages.base import SiteLayout

ROOT = "/scratch3/watersc1"
LABEL = "DEMO"
SKYCELL = "skycell.1234.056"


@dataclass
class PlayedSite:
    """The site in memory, and a runner that plays the jobs: products appear, results are written."""

    site: MemorySite
    #: how a command ends: (line) -> "pass", "fail", or the ending of a product that is not made / made empty
    verdict: Callable[[str], str] = field(default=lambda line: "pass")
    #: what the dbinfo of a command holds: (text, line) -> text
    dbinfo: Callable[[str, str], str] = field(default=lambda text, line: text)
    played: list[str] = field(default_factory=list)
    #: every (job name, line) that was begun
    begun: list[tuple[str, str]] = field(default_factory=list)

    def play(self, *, cut_after: int | None = None) -> bool:
        """Run every job that waits, to its end or until so many tasks have ended; False, so that a test may go on with ``or``."""
        for job in list(self.site.moab.jobs.values()):
            if job.job not in self.played:
                self.played.append(job.job)
                job.word = type(job.word).RUNNING
                self._run(job.name, job.job, job.argv[-1], cut_after)
                job.word = type(job.word).COMPLETED
        return False

    def _run(self, name: str, job: str, script: str, cut_after: int | None) -> None:
        stem = script.removesuffix(".cmd")
        lines = self.site.files[stem + ".config"].data.decode().splitlines()
        done = self._done(stem + ".results")
        self._note(
            stem, {"mark": "start", "job": job, "name": name, "tasks": len(lines), "epoch": 1, "nodes": ["mu001"]}
        )
        ended = 0
        for number, line in enumerate(lines, start=1):
            if number in done:
                continue
            if cut_after is not None and ended >= cut_after:
                left = len(lines) - len(done) - ended
                self._end(stem, name, "wall", ended, 0, left)
                return
            self._task(stem, name, number, line)
            ended += 1
        self._end(stem, name, "finished", ended, 0, 0)

    def _done(self, results: str) -> set[int]:
        if results not in self.site.files:
            return set()
        records = [json.loads(line) for line in self.site.files[results].data.decode().splitlines()]
        return {record["task"] for record in records if record.get("code") == 0 or record.get("abandoned")}

    def _end(self, stem: str, name: str, reason: str, passed: int, failed: int, left: int) -> None:
        mark = {
            "mark": "end",
            "name": name,
            "reason": reason,
            "passed": passed,
            "failed": failed,
            "left": left,
            "epoch": 2,
        }
        self._note(stem, mark)

    def _note(self, stem: str, record: dict) -> None:
        self.site.append(stem + ".results", json.dumps(record) + "\n")

    def _task(self, stem: str, name: str, number: int, line: str) -> None:
        self.begun.append((name, line))
        verdict = self.verdict(line)
        code = 1 if verdict == "fail" else 0
        for attempt in range(1, 4 if code else 2):
            self._note(
                stem, {"task": number, "node": "mu001", "attempt": attempt, "code": code, "start": 1, "wall_s": 1}
            )
        if code:
            self._note(stem, {"task": number, "abandoned": True, "attempts": 3})
            return
        # on a disk '//' is '/'
        for path in map(normal_path, re.findall(r"touch (\S+)", line)):
            if verdict.startswith("without ") and path.endswith(verdict.removeprefix("without ")):
                continue
            empty = verdict.startswith("empty ") and path.endswith(verdict.removeprefix("empty "))
            self.site.put(path, b"" if empty else b"pixels")
        for text, path in re.findall(r"""echo -n ['\"]([^'\"]*)['\"] > (\S+)""", line):
            if normal_path(path) in self.site.files:
                self.site.put(normal_path(path), self.dbinfo(f"{text}-quality 0\n", line).encode())


@dataclass
class Bench:
    """Everything a test needs in its hand."""

    folder: Path
    rows: Gpc1Rows
    gpc1: Gpc1
    journal: Journal
    clock: MovableClock
    sessions: MemorySessions
    site: MemorySite
    player: PlayedSite
    world: World
    trees: MemoryTrees
    engine: Engine | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Engine]:
        """An engine at work; at the end it is stopped in order."""
        self.engine = Engine(self.world, OWNER)
        work = asyncio.create_task(self.engine.run())
        try:
            yield self.engine
        finally:
            self.engine.stop()
            await asyncio.wait_for(work, 60)

    async def until(self, done: Callable[[], bool], *, stride_s: float = 1.0, patience_s: float = 120.0) -> None:
        """Let the engine work, and its time pass in strides, until something is so; a busy machine only needs longer."""
        give_up = time.monotonic() + patience_s
        while time.monotonic() < give_up:
            if done():
                return
            await self.clock.advance(stride_s)
            for _ in range(20):
                await asyncio.sleep(0)
            await asyncio.sleep(0.004)
        states = {row["remote_id"]: (row["stage"], row["state"]) for row in self.rows.all(t.remote_run)}
        said = [alert.sentence for alert in self.engine.snapshot().alerts] if self.engine else []
        raise AssertionError(f"it never came to be; runs {states}; said {said}")

    def states(self, stage: Stage | None = None) -> list[str]:
        """The states of all runs, or of a stage's, as the database has them."""
        return [row["state"] for row in self.rows.all(t.remote_run) if stage is None or row["stage"] == stage]

    async def login(self) -> None:
        """A person logs in."""
        assert self.engine is not None

        async def answer(challenge):
            return [self.sessions.issue() for _ in challenge.prompts]

        await self.engine.login(answer, user=None, hosts=(), who="op")


OWNER = Owner(database="gpc1", site="practice", host="main", pid=1, since=0.0, beat=0.0)


def settings_for(folder: Path, **changes) -> EngineSettings:
    plain = EngineSettings(
        site="practice",
        database="gpc1",
        layout=SiteLayout(
            remote_root=ROOT, hostname="UNIT/Test", dbname="gpc1", references="/refs", tessellations="/tess"
        ),
        plan=SitePlan(proc_per_node=24, max_nodes=10, max_hours=8),
        scheduler=KNOWN_SCHEDULERS["moab"](""),
        retry=RetryPolicy(delays_s=(1.0, 2.0, 3.0)),
        pace=PollPace(shortest_s=1.0, longest_s=1.0),
        labels=(WatchedLabel(label=LABEL, stages=tuple(Stage), path_base="neb://any/remote/DEMO"),),
        bookkeeping=Bookkeeping(fake=True, overlap_maps=str(folder / "overlap"), stacks=True),
        tick_s=0.01,
        refresh_s=1.0,
        sweep_s=2.0,
        grace_s=1.0,
    )
    return replace(plain, **changes)


async def _journal_at(folder: Path) -> Journal:
    return await open_journal(
        f"sqlite:///{folder}/journal.sqlite", database="gpc1", site="practice", alive=lambda pid: False
    )


@pytest.fixture(scope="session")
def new_databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a gpc1 and a journal without rows, to be copied: their schemas take longer than most tests."""
    folder = tmp_path_factory.mktemp("databases")

    async def make() -> None:
        await create_schema(f"sqlite:///{folder}/gpc1.sqlite")
        await (await _journal_at(folder)).close()

    asyncio.run(make())
    return folder


@pytest.fixture
async def bench(tmp_path: Path, new_databases: Path) -> AsyncIterator[Bench]:
    """Two exposures of two OTAs, ready for chip."""
    shutil.copytree(new_databases, tmp_path, dirs_exist_ok=True)
    gpc1 = open_gpc1(f"sqlite:///{tmp_path}/gpc1.sqlite")
    rows = Gpc1Rows(gpc1.engine)
    journal = await _journal_at(tmp_path)
    clock = MovableClock()
    sessions = MemorySessions(clock)
    site = MemorySite(sessions, clock, root=ROOT)
    site.programs["mkdir"] = lambda argv: _fine()
    catalogue = PlainCatalogue(tmp_path / "ipp")
    trees = MemoryTrees(site)
    survey_of(rows, tmp_path)
    world = World(
        settings=settings_for(tmp_path),
        clock=clock,
        runs=SqlRunStore(gpc1),
        survey=SqlSurvey(gpc1),
        catalogue=catalogue,
        files=DiskFiles(),
        site=site,
        sessions=sessions,
        journal=journal.runs,
        ledger=journal.ledger,
        operations=journal.operations,
        lease=journal.lease,
        lock=owner_lock_of(gpc1),
        costs=journal.costs,
        scratch=site,
        holdings=journal.holdings,
        lineage=SqlLineage(gpc1),
        haulage=Haulage(
            books=journal.hauls,
            here=DiskTrees(),
            there=trees,
            line=trees,
            tuner=Tuner(journal.hauls, trees),
            tests=DiskTestFiles(),
            areas=(ROOT,),
        ),
    )
    yield Bench(
        folder=tmp_path,
        rows=rows,
        gpc1=gpc1,
        journal=journal,
        clock=clock,
        sessions=sessions,
        site=site,
        player=PlayedSite(site),
        world=world,
        trees=trees,
    )
    await journal.close()
    await gpc1.close()


def _fine() -> Answer:
    return Answer(rc=0, out="", err="")


def survey_of(rows: Gpc1Rows, folder: Path, *, exposures: int = 2, otas: int = 2) -> None:
    """Exposures, detrends, their files at home, overlap maps."""
    (folder / "overlap").mkdir()
    rows.detrends()
    counter = itertools.count(1)
    for _ in range(exposures):
        exp_id = rows.exposure(next(counter), otas=otas)
        rows.chip_run(exp_id, label=LABEL)
        rows.change(t.raw_imfile, {"exp_id": exp_id}, bytes=3, md5sum=None)
        name = rows.one(t.raw_exp, exp_id=exp_id)["exp_name"]
        classes = [row["class_id"] for row in rows.all(t.raw_imfile, exp_id=exp_id)]
        (folder / "overlap" / f"{name}.map").write_text("".join(f"{SKYCELL} {TESS} {one}\n" for one in classes))
    keys = [row["uri"] for row in rows.all(t.raw_imfile)]
    keys += [key.replace(".fits", ".burn.tbl") for key in keys]
    keys += [row["uri"] for table in (t.det_normalized_imfile, t.det_registered_imfile) for row in rows.all(table)]
    for key in keys:
        path = folder / "ipp" / key.split("/", 3)[3]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"raw")
