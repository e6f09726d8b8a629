"""Scratch with real processes: a quota that Lustre's program prints, a purge that takes files, and the commands for both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.integration.main_job.world import Engine, MainJob, main_job

from rpconsole.practice.configuring import socket_path
from rpconsole.practice.site import PracticeSite
from rpconsole.practice.sky import Survey

pytestmark = pytest.mark.slow


def scratch(job: MainJob) -> dict:
    done = job.types("scratch", "--json")
    assert done.returncode == 0, done.stderr
    found: dict = json.loads(done.stdout)
    return found


async def test_chips_are_watched_swept_and_missed_and_what_is_safe_is_removed(tmp_path: Path):
    async with main_job(tmp_path / "site", changes={"scratch": {"look_s": 1.0}}) as job:
        await job.logged_in()
        await job.full()
        await job.answers("scratch", lambda told: told["holdings"] and told["holdings"][0]["holding"]["seen"])
        found = scratch(job)
        (held,) = found["holdings"]
        assert found["room"]["source"] == "quota"
        assert found["room"]["total"] == 4_000_000_000 // 1024 * 1024
        assert (held["holding"]["state"], held["holding"]["files"], held["holding"]["missing"]) == ("needed", 4, 0)
        assert held["purge_at"] > found["at"] + 13 * 86400
        images = sorted((job.site.paths.scratch / "demo").rglob("*.ch.fits"))
        assert len(images) == 1
        listed = job.types("scratch", "safe", "1").stdout
        assert "later stages have not yet read 1 of its 1 components" in listed
        assert str(images[0]) not in listed
        removed = job.types("scratch", "clean", "1", "--yes")
        assert removed.returncode == 0, removed.stderr
        assert images[0].exists()
        assert not list((job.site.paths.scratch / "demo").rglob("*.dbinfo"))
        assert list((job.site.paths.storage / "demo").rglob("*.dbinfo"))
        links = [path for path in job.site.paths.scratch.rglob("*") if path.is_symlink() and path.name != "stask"]
        assert [path for path in links if not path.exists()] == []
        job.site.faults.stage("scratch_purge_s", 0.0)
        await job.until(lambda: not images[0].exists())
        await job.answers("status", lambda told: "are gone from scratch" in json.dumps(told))
        assert "are gone from scratch" in job.types("status").stdout


async def test_new_exposures_wait_for_room_and_say_so_until_there_is_some(tmp_path: Path):
    site = PracticeSite(tmp_path / "site", survey=Survey(exposures=1, otas=1))
    async with site:
        site.paths.config.write_text(site.paths.config.read_text() + 'stages = ["chip"]\n')
        engine = Engine(site.paths.config, socket_path(site.paths), site.paths.logs / "engine.out")
        job = MainJob(site=site, engine=engine)
        # nothing may be prepared before the room is known
        assert job.types("pause", "define").returncode == 0
        site.faults.stage("scratch_used", 3.9)
        try:
            await engine.start()
            await job.logged_in()
            await job.answers("scratch", lambda told: (told["room"] or {}).get("used", 0) > 3.8e9)
            job.types("resume", "define")
            await job.answers("status", lambda told: "3.9 GB of 4.0 GB are used" in json.dumps(told["runs"]))
            assert (job.state(), "3.9 GB of 4.0 GB are used" in job.why()) == ("new", True)
            site.faults.clear("scratch_used")
            await job.full()
        finally:
            engine.end()
