"""A scheduler that answers wrongly, late or never: one job an attempt, and the run says what it waits for."""

from __future__ import annotations

import json

import pytest
from tests.integration.main_job.world import MainJob, main_job

from rpconsole.domain.retry import RetryPolicy
from rpconsole.practice.moab.spool import State

pytestmark = pytest.mark.slow

QUICK = {
    "engine": {
        "submit_wait_s": 20.0,
        "queue_wait_s": 20.0,
        "unlisted_wait_s": 60.0,
        "poll_min_s": 0.3,
        "poll_max_s": 1.0,
    },
    "retry": {"queue_full_s": 0.2, "reconcile_s": 0.3, "away_s": 0.3},
}


def quick(**waits: float) -> dict[str, dict[str, float]]:
    """The same, with shorter waits of the engine where they are what a test waits for; elsewhere they would only hurry the machine."""
    return {**QUICK, "engine": {**QUICK["engine"], **waits}}


@pytest.fixture
async def job(tmp_path, request):
    async with main_job(tmp_path / "site", changes=quick(**getattr(request, "param", {}))) as job:
        yield job


def waiting(**waits: float) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("job", [waits], indirect=True, ids=["quick"])


async def one_by_one(job: MainJob, remote_id: int) -> None:
    """Define one more run, of one exposure."""
    done = job.types("define", "--label", "demo", "--stage", "chip", "--limit", "1")
    assert f"run {remote_id}" in done.stdout, done.stdout + done.stderr


async def test_a_reply_that_is_lost_late_or_never_comes_makes_no_second_job(tmp_path):
    faults = ("lost", "timeout", "hang")
    async with main_job(
        tmp_path / "site", exposures=len(faults), stages=("stack",), changes=quick(submit_wait_s=1.0)
    ) as job:
        await job.logged_in()
        for remote_id, fault in enumerate(faults, start=1):
            job.site.faults.stage("msub", fault, times=1)
            await one_by_one(job, remote_id)
            await job.full(remote_id)
            assert "SubmitUnknown" in job.story(remote_id), fault
            assert job.submitted() == remote_id, fault


async def test_a_doubtful_submit_without_a_queue_to_look_into_stays_in_doubt(job):
    """The job is held, so that nothing but the queue can tell of it; then the queue answers again."""
    job.site.faults.stage("msub", "lost", times=1)
    job.site.faults.stage("hold", "user", times=1)
    job.site.faults.stage("showq", "garbage")
    await job.logged_in()
    await job.until(lambda: job.step() == "reconcile")
    await job.until(lambda: job.story().count("StepFailed") >= 2)
    assert "a submit is in doubt" in job.why()
    job.site.faults.clear("showq")
    await job.until(lambda: "JobHeld" in job.story())
    assert "is held" in job.why()
    release(job)
    await job.full()
    assert job.submitted() == 1
    assert job.journal("SELECT attempts FROM rp_run") == [(1,)]


async def test_a_refusal_is_told_in_the_schedulers_words_and_a_person_orders_the_next_try(job):
    job.site.faults.stage("msub", "refuse", times=1)
    await job.logged_in()
    await job.until(lambda: job.state() == "exec_fail")
    why = job.why()
    assert "account is not permitted to use this partition" in why
    assert "rpconsole run retry 1" in why
    assert job.submitted() == 0
    assert job.types("run", "retry", "1").returncode == 0
    await job.full()
    assert job.submitted() == 1


async def test_a_full_queue_is_waited_for_and_its_refusals_are_no_jobs_of_the_budget(job):
    """The run's only job is killed: it is followed by another, however often the queue was full."""
    refusals = RetryPolicy().job_attempts + 1
    job.site.faults.stage("msub", "full", times=refusals)
    hang(job)
    await job.logged_in()
    await job.until(lambda: "QueueFull" in job.story())
    [(told,)] = job.journal("SELECT detail FROM rp_story WHERE event = 'QueueFull' ORDER BY number LIMIT 1")
    assert "maximum number of jobs reached" in told
    await job.until(lambda: hangs(job))
    assert (job.story().count("QueueFull"), job.submitted()) == (refusals, 1)
    job.site.kill_job(job.site.jobs()[0].job)
    await job.full()
    assert job.submitted() == 2


@waiting(queue_wait_s=2.0)
async def test_a_queue_that_cannot_be_read_ends_no_run(job):
    hang(job)
    await job.logged_in()
    await job.until(lambda: hangs(job))
    for fault in ("garbage", "timeout", "empty", "hang"):
        job.site.faults.stage("showq", fault, times=2)
        await job.until(lambda: not job.site.faults.read())
        assert (job.step(), job.state()) == ("poll", "run"), fault
    assert not {"JobKilled", "JobNotListed", "JobEnded"} & set(job.story())
    job.site.kill_job(job.site.jobs()[0].job)
    await job.full()


async def test_a_killed_job_is_followed_by_one_new_attempt(job):
    """Moab shows it as completed with code 0; only our own end mark can tell."""
    hang(job)
    await job.logged_in()
    await job.until(lambda: hangs(job))
    (first,) = job.site.jobs()
    job.site.kill_job(first.job)
    await job.full()
    assert "JobKilled" in job.story()
    assert job.submitted() == 2
    assert job.journal("SELECT number, job FROM rp_job ORDER BY number") == [
        (number, one.job) for number, one in enumerate(job.site.jobs(), start=1)
    ]
    assert job.gpc1("SELECT class_id FROM chipProcessedImfile WHERE path_base IS NOT NULL") == [("XY33",)]


@waiting(unlisted_wait_s=2.0)
async def test_a_job_that_the_scheduler_has_forgotten_is_called_out_and_not_replaced(job):
    hang(job)
    await job.logged_in()
    await job.until(lambda: hangs(job))
    (first,) = job.site.jobs()
    job.types("pause", "poll")
    job.site.kill_job(first.job)
    await job.until(lambda: [one.state for one in job.site.jobs()] == [State.COMPLETED])
    job.site.purge()
    job.types("resume", "poll")
    await job.until(lambda: "JobNotListed" in job.story())
    assert f"job {first.job} is in no list of the scheduler" in job.why()
    assert job.submitted() == 1
    assert job.types("run", "resubmit", "1").returncode == 0
    await job.full()
    assert job.submitted() == 2


def hang(job: MainJob) -> None:
    """The next ppImage will hold its job for ever; the one after it is well."""
    job.site.paths.program_faults.write_text(json.dumps([{"program": "ppImage", "mode": "hang", "times": 1}]))


def hangs(job: MainJob) -> bool:
    return job.site.paths.program_faults.with_name("program_faults.json.rule0.0").exists()


def release(job: MainJob) -> None:
    """The scheduler's people release what they held."""
    with job.site.spool.changing():
        for one in job.site.spool.jobs():
            job.site.spool.change(one, state=State.IDLE)
    job.site.spool.ring()
