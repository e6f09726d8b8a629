"""The databases and worlds that benchmarks run in."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from rpconsole.adapters.gpc1.create import create_schema
from rpconsole.adapters.gpc1.engine import Gpc1, open_gpc1
from rpconsole.adapters.gpc1.owner_lock import owner_lock_of
from rpconsole.adapters.gpc1.run_store import SqlRunStore
from rpconsole.adapters.gpc1.survey import SqlSurvey
from rpconsole.adapters.journal.opening import Journal, open_journal
from rpconsole.adapters.memory.clock import MovableClock
from rpconsole.adapters.memory.sessions import MemorySessions
from rpconsole.adapters.memory.site import MemorySite
from rpconsole.adapters.storage.local_files import DiskFiles
from rpconsole.adapters.storage.plain import PlainCatalogue
from rpconsole.adapters.workshop.processes import Processes
from rpconsole.commands.known_schedulers import KNOWN_SCHEDULERS
from rpconsole.daemon.interpreter import settle_interpreter
from rpconsole.domain.allocation import SitePlan
from rpconsole.engine.settings import EngineSettings
from rpconsole.engine.world import World
from rpconsole.ports.journal import Owner
from rpconsole.stages.base import SiteLayout

ROOT = "/scratch3/watersc1"
SITE = "bench"
OWNER = Owner(database="gpc1", site=SITE, host="main", pid=1, since=0.0, beat=0.0)


@contextmanager
def databases(only: str = "") -> Iterator[dict[str, str]]:
    """Kind -> URL of a fresh gpc1: SQLite, and MariaDB where it is installed."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"sqlite": f"sqlite:///{folder}/gpc1.sqlite"} if only in ("", "sqlite") else {}
        with _mariadb(only) as url:
            if url:
                found["mariadb"] = url
            for each in found.values():
                asyncio.run(create_schema(each))
            yield found


@contextmanager
def _mariadb(only: str) -> Iterator[str | None]:
    sys.path.append(str(Path(__file__).parents[1]))
    from tests.servers import found
    from tests.servers.mariadb import PrivateMariadb

    if only not in ("", "mariadb") or found.mariadb() is None:
        yield None
        return
    with PrivateMariadb() as server:
        yield server.create_database("gpc1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A world with its parts at hand."""

    world: World
    gpc1: Gpc1
    journal: Journal
    home: Path
    clock: MovableClock

    def journal_engine(self) -> Engine:
        """The journal's connections, whose statements are counted."""
        found: Engine = self.journal.runs._database.engine  # type: ignore[attr-defined]
        return found


@asynccontextmanager
async def place(url: str, folder: Path) -> AsyncIterator[Place]:
    """Real databases and disks, a site in memory."""
    gpc1 = open_gpc1(url)
    journal = await open_journal(f"sqlite:///{folder}/journal.sqlite", database="gpc1", site=SITE)
    clock = MovableClock()
    sessions = MemorySessions(clock)
    home = folder / "ipp"
    world = World(
        settings=settings(),
        clock=clock,
        runs=SqlRunStore(gpc1),
        survey=SqlSurvey(gpc1),
        catalogue=PlainCatalogue(home),
        files=DiskFiles(),
        site=MemorySite(sessions, clock, root=ROOT),
        sessions=sessions,
        journal=journal.runs,
        ledger=journal.ledger,
        operations=journal.operations,
        lease=journal.lease,
        lock=owner_lock_of(gpc1),
        workshop=(workshop := Processes()),
    )
    # as the engine's own process does
    settle_interpreter()
    try:
        yield Place(world=world, gpc1=gpc1, journal=journal, home=home, clock=clock)
    finally:
        await workshop.close()
        await journal.close()
        await gpc1.close()


def settings() -> EngineSettings:
    """A site like the real one."""
    return EngineSettings(
        site=SITE,
        database="gpc1",
        layout=SiteLayout(
            remote_root=ROOT, hostname="LANL/Mustang", dbname="gpc1", references="/refs", tessellations="/tess"
        ),
        plan=SitePlan(proc_per_node=24, max_nodes=1000, max_hours=8),
        scheduler=KNOWN_SCHEDULERS["moab"](""),
    )
