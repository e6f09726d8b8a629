"""A configuration without a file, around the fake engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.fakes.engine import FakeEngine, a_run_row

from rpconsole.cli.configured import Configured
from rpconsole.cli.findings import Finding
from rpconsole.domain.allocation import SitePlan
from rpconsole.domain.cost import Learned
from rpconsole.domain.fault import BadConfiguration, ExitCode
from rpconsole.domain.stage import Stage


class FakeUpkeep:
    """Databases as told."""

    def __init__(self) -> None:
        self.broken = False

    async def gpc1(self) -> Finding:
        if self.broken:
            return Finding(
                name="gpc1",
                ok=False,
                found="the database does not answer",
                remedy="start it",
                exit_code=ExitCode.SYSTEM,
            )
        return Finding(name="gpc1", ok=True, found="schema 1.1.81")

    async def journal(self) -> Finding:
        return Finding(name="journal", ok=True, found="schema 3")

    async def storage(self) -> list[Finding]:
        return []

    async def upgrade_journal(self) -> str:
        return "4"

    async def index_gpc1(self) -> list[str]:
        return ["remoteComponent_remote_id"]


def fake_settings(
    folder: Path, engine: FakeEngine | None = None, *, known_hosts: Path | None = None, log_file: Path | None = None
) -> Configured:
    """Everything below one folder."""
    (folder / "known_hosts").write_text("gate ssh-ed25519 AAAA\n")
    served = engine or FakeEngine(rows=[a_run_row(7), a_run_row(8)])

    @asynccontextmanager
    async def open_engine() -> AsyncIterator[FakeEngine]:
        yield served

    async def learned(stage: Stage, label: str | None, filter: str | None) -> Learned | None:
        return Learned(tasks=600, runs=3, mean_s=75.0, longest_s=99.0, of=f"label {label}") if label == "L" else None

    def site_plan(name: str | None) -> tuple[str, SitePlan]:
        if name not in (None, "practice"):
            raise BadConfiguration(f"there is no site '{name}'; did you mean 'practice'?")
        return "practice", SitePlan(proc_per_node=24, max_nodes=1000, max_hours=8)

    return Configured(
        source="a fake",
        warnings=(),
        text='[site]\nname = "practice"\n',
        socket_path=folder / "run" / "engine.sock",
        log_file=log_file,
        storage_roots=(folder,),
        known_hosts=known_hosts or folder / "known_hosts",
        open_engine=open_engine,
        open_patient_engine=open_engine,
        site_plan=site_plan,
        learned=learned,
        path_base_of=lambda label: f"/data/remote/{label}",
        upkeep=FakeUpkeep(),
    )
