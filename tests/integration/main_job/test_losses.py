"""Parts of the world that go away and come back: the helper, the journal, the whole site, and a job that a person ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest
from tests.integration.main_job.world import STOPPED, MainJob, main_job

from rpconsole.practice.moab.spool import State

pytestmark = pytest.mark.slow


async def a_job_that_hangs(job: MainJob) -> None:
    """A job whose ppImage never ends; the next attempt's will."""
    rules = job.site.paths.program_faults
    rules.write_text(json.dumps([{"program": "ppImage", "mode": "hang", "times": 1}]))
    await job.logged_in()
    await job.until(rules.with_name(f"{rules.name}.rule0.0").exists)


def helpers(job: MainJob) -> list[int]:
    """The helpers that serve at the front ends."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"serve" in words and any(word.startswith(bytes(job.site.paths.scratch)) for word in words):
            found.append(int(path.parent.name))
    return found


async def test_a_helper_that_is_killed_again_and_again_costs_no_second_job_and_no_try(tmp_path):
    async with main_job(tmp_path / "site", exposures=2) as job:
        await job.logged_in()
        killed = 0
        while job.step() not in ("done", *STOPPED):
            for pid in helpers(job):
                os.kill(pid, signal.SIGKILL)
                killed += 1
            await asyncio.sleep(0.3)
        await job.full()
        assert killed > 0
        assert job.submitted() == 1


async def test_a_journal_that_is_lost_under_a_running_job_costs_no_second_job(job):
    """The database's row tells which job it is; everything else is found at the site."""
    job.slow_down()
    await job.logged_in()
    await job.until(lambda: job.state() == "run", every_s=0.005)
    job.engine.kill()
    for path in job.site.paths.state.glob("journal.db*"):
        path.unlink()
    await job.engine.start()
    await job.logged_in()
    await job.full()
    assert job.submitted() == 1
    assert job.gpc1("SELECT class_id FROM chipProcessedImfile WHERE path_base IS NOT NULL") == [("XY33",)]


async def test_a_site_that_goes_down_with_the_job_is_waited_for_and_the_job_begun_anew(job):
    await a_job_that_hangs(job)
    await job.site.down()
    await job.until(lambda: job.state() == "auth")
    assert "'rpconsole login' moves it" in job.why()
    await job.site.up(tied=True)
    await job.logged_in()
    await job.full()
    assert job.submitted() == 2


async def test_a_cancelled_run_waits_for_a_person_and_his_retry_brings_it_to_its_end(job):
    await a_job_that_hangs(job)
    assert job.types("run", "cancel", "1").returncode == 0
    await job.until(lambda: job.state() == "error")
    assert [one.state for one in job.site.jobs()] == [State.REMOVED]
    assert "cancelled by an operator" in job.why()
    assert job.types("run", "retry", "1").returncode == 0
    await job.full()
    assert job.submitted() == 2
