"""Parts of the world that go away and come back: the helper, the journal, the whole site, and a job that a person ends."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from random import Random

import pytest
from tests.integration.main_job.world import MainJob, main_job
from tests.servers.processes import command_lines, tell

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
    scratch = bytes(job.site.paths.scratch)
    return [
        pid for pid, words in command_lines() if b"serve" in words and any(word.startswith(scratch) for word in words)
    ]


def barred(job: MainJob) -> Path:
    """While this file is there, every helper is killed as it starts."""
    flag = job.site.paths.root / "barred"
    flag.touch()
    job.stand_in("python3", f'case "$*" in *" serve "*) [ -e {flag} ] && kill -9 $$;; esac\nexec "$real" "$@"')
    return flag


async def test_helpers_killed_at_their_start_and_in_service_cost_no_second_job_and_no_try(tmp_path):
    quick = {"retry": {"away_s": 0.5}}
    async with main_job(tmp_path / "site", exposures=2, changes=quick) as job:
        flag = barred(job)
        await job.logged_in()
        await job.until(lambda: job.story().count("HelperAway") >= 2)
        assert "The helper does not start." in job.why()
        flag.unlink()
        moments = Random(5)
        for _ in range(6):
            await asyncio.sleep(moments.uniform(0.1, 0.7))
            for pid in helpers(job):
                tell(pid, signal.SIGKILL)
        await job.full()
        assert job.submitted() == 1
        assert job.journal("SELECT detail FROM rp_story WHERE event = 'StepFailed' AND detail LIKE '%transient%'") == []


async def test_a_journal_that_is_lost_under_a_running_job_costs_no_second_job(job):
    """The database's row tells which job it is; everything else is found at the site."""
    job.hold("poll")
    await job.logged_in()
    await job.until(lambda: job.state() == "run", every_s=0.01)
    job.engine.kill()
    for path in job.site.paths.state.glob("journal.db*"):
        path.unlink()
    job.let_go("poll")
    await job.engine.start()
    await job.logged_in()
    await job.full()
    assert job.submitted() == 1
    assert job.gpc1("SELECT class_id FROM chipProcessedImfile WHERE path_base IS NOT NULL") == [("XY33",)]


async def test_a_site_that_goes_down_with_the_job_is_waited_for_and_the_job_begun_anew(job):
    await a_job_that_hangs(job)
    await job.site.down()
    await job.until(lambda: job.state() == "auth")
    assert "'rpconsole login' (L) moves it" in job.why()
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
