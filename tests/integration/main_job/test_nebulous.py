"""The main job of a practice site whose storage at home is Nebulous: its tables, its server over HTTP, copies on volumes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.main_job.world import Engine, MainJob
from tests.servers.nebulous import NebulousStandIn

from rpconsole.practice.configuring import socket_path
from rpconsole.practice.site import PracticeSite
from rpconsole.practice.sky import Survey

pytestmark = pytest.mark.slow


async def test_chip_and_camera_of_an_exposure_run_to_full_over_nebulous(tmp_path: Path):
    databases = [f"sqlite:///{tmp_path}/neb{number}.sqlite" for number in range(2)]
    site = PracticeSite(tmp_path / "site", survey=Survey(exposures=1, otas=1))
    async with site:
        with NebulousStandIn(tmp_path / "volumes", databases) as nebulous:
            nebulous.adopt(site.paths.storage)
            text = site.paths.config.read_text().replace(
                f'kind = "plain"\nroot = "{site.paths.storage}"\n',
                f'kind = "nebulous"\n\n[storage.nebulous]\ndatabases = ["{databases[0]}", "{databases[1]}"]\n'
                f'server = "{nebulous.url}"\nvolume = "ipp001.0"\n',
            )
            site.paths.config.write_text(text + 'stages = ["chip", "camera"]\n')
            engine = Engine(site.paths.config, socket_path(site.paths), site.paths.logs / "engine.out")
            job = MainJob(site=site, engine=engine)
            try:
                await engine.start()
                job.login()
                await job.full(1)
                await job.full(2)
                said = job.types("doctor").stdout
            finally:
                engine.end()
            (base,) = job.gpc1("SELECT path_base FROM camProcessedExp")[0]
            products = nebulous.files_of(f"{base}.smf")
            assert [path.stat().st_size > 1000 for path in products] == [True]
            assert "2 databases, 4 volumes available" in said
