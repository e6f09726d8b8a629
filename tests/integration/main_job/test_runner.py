"""The runner inside real jobs of the practice site: both kinds, and a job that its wall time ends."""

from __future__ import annotations

import pytest
from tests.integration.main_job.test_scheduler import QUICK, hang, hangs
from tests.integration.main_job.world import MainJob, main_job
from tests.integration.real_site import whole_records

from rpconsole.practice.moab.spool import State

pytestmark = pytest.mark.slow


def results(job: MainJob) -> list[dict]:
    (path,) = job.site.paths.scratch.rglob("remote_chip.1.results")
    return whole_records(path)


async def test_a_site_that_wants_srun_multi_prog_gets_every_run_by_it_and_all_comes_home(tmp_path):
    changes: dict[str, dict[str, object]] = {"site": {"runner": "multi-prog"}}
    changes.update({section: dict(values) for section, values in QUICK.items()})
    async with main_job(tmp_path / "site", changes=changes) as job:
        await job.logged_in()
        await job.full()
        (script,) = job.site.paths.scratch.rglob("remote_chip.1.cmd")
        assert " --runner multi-prog " in script.read_text()
        ends = [record for record in results(job) if "attempt" in record]
        assert {record["code"] for record in ends} == {0}
        assert {"node", "start", "wall_s", "max_rss_kb", "log"} <= set(ends[0])
        assert [record["reason"] for record in results(job) if record.get("mark") == "end"] == ["finished"]
        assert job.submitted() == 1


async def test_what_the_wall_time_cut_runs_in_a_second_job_and_what_was_done_does_not(tmp_path):
    """Moab removes it with code 0; the runner's own marks tell what is left."""
    async with main_job(tmp_path / "site", changes=QUICK) as job:
        hang(job)
        await job.logged_in()
        await job.until(lambda: hangs(job))
        with job.site.spool.changing():
            (first,) = job.site.spool.jobs()
            job.site.spool.change(first, walltime_s=1)
            job.site.spool.ring()
        await job.full()
        ended = job.site.spool.job(first.job)
        assert ended is not None
        assert (ended.state, ended.code) == (State.REMOVED, "0")
        assert [record["reason"] for record in results(job) if record.get("mark") == "end"] == ["term", "finished"]
        assert job.submitted() == 2
        passed = [record["task"] for record in results(job) if record.get("code") == 0]
        assert len(passed) == len(set(passed)), "nothing that was done is done again"
