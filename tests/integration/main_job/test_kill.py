"""``kill -9`` of the engine at moments spread over a run: after a restart and a login everything finishes, and nothing is done twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest
from tests.integration.main_job.world import HOLDABLE, MainJob, main_job

pytestmark = pytest.mark.slow


def results_are_there_once(job: MainJob) -> None:
    """One chip: one job at the site, one row, one component passed."""
    assert job.submitted() == 1
    assert job.gpc1("SELECT class_id, fault, path_base IS NOT NULL FROM chipProcessedImfile") == [("XY33", 0, 1)]
    assert job.gpc1("SELECT state FROM chipRun") == [("full",)]
    assert job.gpc1("SELECT count(*) FROM camRun") == [(1,)]
    assert job.components() == Counter({"pass": 1})


async def killed_and_restarted(job: MainJob) -> None:
    job.engine.kill()
    await job.engine.start()
    await job.logged_in()


async def test_killed_at_every_step_it_takes_up_that_step(job):
    """Applying and advancing pass too fast to be met each time."""
    seen = []
    job.hold(*HOLDABLE)
    await job.logged_in()
    for step in ("ship", "submit", "poll", "retrieve", "apply", "advance", "done"):
        await job.until(lambda step=step: job.step() in (step, "done"), every_s=0.01)
        job.engine.kill()
        seen.append(job.step())
        job.let_go(step)
        await job.engine.start()
        await job.logged_in()
    await job.full()
    results_are_there_once(job)
    assert set(seen) >= {"ship", "submit", "poll", "retrieve"}


@pytest.mark.parametrize(
    ("script", "mark"),
    [
        ('touch "$site/mark"; waits; exec "$real" "$@"', "the scheduler has heard of nothing"),
        ('"$real" "$@" >"$site/said"; touch "$site/mark"; waits; cat "$site/said"', "a job was made"),
    ],
    ids=["before the scheduler heard", "before the receipt"],
)
async def test_killed_between_claim_and_receipt_it_finds_the_receipt(job, script, mark):
    waits = 'waits() { while [ ! -e "$site/go" ]; do sleep 0.05; done; }'
    job.stand_in("msub", f"site={job.folder}\n{waits}\n{script}")
    await job.logged_in()
    await job.until((job.folder / "mark").exists, every_s=0.01)
    assert not any(job.site.paths.scratch.rglob("receipt")), mark
    job.engine.kill()
    (job.folder / "go").touch()
    await job.engine.start()
    await job.logged_in()
    await job.full()
    results_are_there_once(job)
    assert job.journal("SELECT number, state FROM rp_job") == [(1, "ended")]


async def test_killed_with_a_receipt_that_the_journal_never_heard_of(job):
    """The journal is held from the claim on, so that nothing the site says can be written down."""
    job.hold("submit")
    await job.logged_in()
    await job.until(lambda: job.step() == "submit", every_s=0.01)
    with job.held(job.site.paths.state / "journal.db"):
        job.let_go("submit")
        await job.until(lambda: any(job.site.paths.scratch.rglob("*.claim/*/receipt")), every_s=0.01)
        job.engine.kill()
        assert job.step() == "submit"
    await job.engine.start()
    await job.logged_in()
    await job.full()
    results_are_there_once(job)


async def test_killed_while_the_database_takes_nothing(job):
    """The products are home and right; not one word of them is in the database yet."""
    job.hold("retrieve")
    await job.logged_in()
    await job.until(lambda: job.step() == "retrieve", every_s=0.01)
    with job.held(job.site.paths.gpc1):
        job.let_go("retrieve")
        await job.until(lambda: job.journal("SELECT state FROM rp_verdict") == [("home",)], every_s=0.01)
        job.engine.kill()
    await job.engine.start()
    await job.logged_in()
    await job.full()
    results_are_there_once(job)


async def test_killed_at_random_moments_four_stages_come_to_their_end(tmp_path):
    """A number of moves apart and not of seconds: the slower the machine, the more often would it be killed at the same place."""
    dice = random.Random(5)
    async with main_job(tmp_path / "site", exposures=2, stages=("chip", "camera", "warp", "stack")) as job:
        await job.logged_in()
        killed = 0
        while job.state(4) != "full":

            def has_moved_on(enough: int = job.moves() + dice.randint(0, 6)) -> bool:
                return job.moves() >= enough or job.state(4) == "full"

            await job.until(has_moved_on, every_s=0.01)
            await asyncio.sleep(dice.uniform(0.0, 0.3))
            await killed_and_restarted(job)
            killed += 1
        assert killed >= 5
        await job.full(4)
        assert job.submitted() == 4
        assert job.gpc1("SELECT stage, state FROM remoteRun ORDER BY remote_id") == [
            (stage, "full") for stage in ("chip", "camera", "warp", "stack")
        ]
        for result in ("chipProcessedImfile", "camProcessedExp", "warpSkyfile", "stackSumSkyfile"):
            (counted,) = job.gpc1(f"SELECT count(*), sum(path_base IS NULL), sum(fault != 0) FROM {result}")
            assert counted[0] > 0, result
            assert counted[1:] == (0, 0), result
