"""The recurring look at the jobs: how often, at what cost, and what is said of what it finds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import event
from tests.engine.conftest import Bench
from tests.engine.test_survival import only

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.memory.moab import JobWord
from rpconsole.domain.schedule import PollPace
from rpconsole.domain.stage import Stage
from rpconsole.ports.site import Answer


@pytest.fixture
def chip(bench):
    """Chip only, and polls as far apart as at a real site."""
    only(bench, Stage.CHIP)
    bench.world = replace(bench.world, settings=replace(bench.world.settings, pace=PollPace()))
    return bench


def job_of(bench):
    return next(iter(bench.site.moab.jobs.values()))


def row(state: str, **attributes: str) -> str:
    return "".join(f' {name}="{value}"' for name, value in {"State": state, **attributes}.items())


def listing(bench, queue: str, words: str) -> Answer:
    job = job_of(bench)
    rows = f'<job JobID="{job.job}" JobName="{job.name}"{words}/>'
    text = f'<Data><cluster time="{int(bench.clock.now())}"/><queue option="{queue}">{rows}</queue></Data>'
    return Answer(rc=0, out=text, err="")


async def submitted(bench) -> None:
    await bench.login()
    await bench.until(lambda: bool(polls(bench)) and bench.states() == ["run"])
    await at_rest(bench)


async def at_rest(bench) -> None:
    await bench.until(lambda: not bench.engine._core.busy)


async def seen(bench, *answers: Answer, checkjob: str = "") -> str:
    """What ``why`` says once the scheduler has printed this."""
    if checkjob:
        bench.site.moab.answer_next("checkjob", Answer(rc=0, out=checkjob, err=""))
    bench.site.moab.answer_next("showq", *answers)
    await bench.engine.poll_now("op")
    await bench.until(lambda: not bench.site.moab.scripted("showq"))
    await at_rest(bench)
    return " ".join(await bench.engine.why(1))


def polls(bench: Bench) -> int:
    return bench.site.calls.count("poll")


@pytest.mark.parametrize(
    ("queue", "words", "checkjob", "told"),
    [
        ("blocked", row("UserHold"), "", "mjobctl -u user"),
        ("blocked", row("BatchHold"), "State: BatchHold\nHolds: Batch:RMFailure\nBLOCK MSG: node mu007 is down\n", "node mu007 is down"),
        ("blocked", row("Deferred"), "", "tries again by itself"),
        ("blocked", row("Idle"), "State: Idle\nNOTE: job violates active SOFT MAXPROC limit\n", "MAXPROC"),
        ("blocked", row("Idle", BlockReason="MAXJOB"), "", "when one of them has ended"),
        ("eligible", row("NotQueued"), "", "resource manager"),
    ],
)  # fmt: skip
async def test_a_job_that_does_not_start_is_shown_with_the_schedulers_words_and_what_would_help(
    chip, queue, words, checkjob, told
):
    async with chip.running():
        await submitted(chip)
        job = job_of(chip)
        text = f"job {job.job}\n\n{checkjob}" if checkjob else ""
        why = await seen(chip, listing(chip, queue, words), checkjob=text)
        assert told in why
        assert job.job in why
        assert chip.states() == ["run"]


async def test_a_hold_is_told_to_operators_once_and_is_gone_with_it(chip):
    async with chip.running() as engine:
        await submitted(chip)
        held = listing(chip, "blocked", row("UserHold"))
        for _ in range(3):
            await seen(chip, held)
        said = [alert for alert in engine.snapshot().alerts if "is held" in alert.sentence]
        assert len(said) == 1
        assert "held" not in await seen(chip, listing(chip, "active", row("Running")))


async def test_a_held_job_is_asked_about_once_and_not_at_every_poll(chip):
    async with chip.running():
        await submitted(chip)
        asked = chip.site.calls.count("run")
        for _ in range(4):
            await seen(chip, listing(chip, "blocked", row("BatchHold")))
        assert chip.site.calls.count("run") == asked + 1


async def test_a_job_that_runs_for_hours_is_polled_seldom_and_at_once_when_an_operator_asks(chip):
    hours = row("Running", ReqAWDuration="28800", StartTime="{}")
    async with chip.running():
        await submitted(chip)
        await seen(chip, listing(chip, "active", hours.format(int(chip.clock.now()))))
        before = polls(chip)
        await chip.clock.advance(2500)
        for _ in range(50):
            await chip.clock.advance(1)
        assert polls(chip) == before
        await chip.engine.poll_now("op")
        await chip.until(lambda: polls(chip) > before)


async def test_the_end_of_the_wall_time_wakes_the_poll(chip):
    async with chip.running():
        await submitted(chip)
        now = int(chip.clock.now())
        nearly_over = row("Running", ReqAWDuration="3600", StartTime=str(now - 3600 + 60))
        await seen(chip, listing(chip, "active", nearly_over))
        before, begun = polls(chip), chip.clock.now()
        await chip.until(lambda: polls(chip) > before)
        assert 60 <= chip.clock.now() - begun <= 90


async def test_a_silent_scheduler_is_told_once_asked_less_and_moves_nothing(chip):
    silence = Answer(rc=1, out="", err="ERROR:  client timed out after 30 seconds (hostname:port=H:42559)\n")
    async with chip.running() as engine:
        await submitted(chip)
        chip.site.moab.answer_next("showq", *[silence] * 6)
        before, begun = polls(chip), chip.clock.now()
        await engine.poll_now("op")
        for number in range(1, 6):
            await chip.until(lambda number=number: polls(chip) >= before + number, stride_s=20.0)
        assert chip.clock.now() - begun > 240 + 480 + 960
        said = [alert.sentence for alert in engine.snapshot().alerts if "gives no queue" in alert.sentence]
        assert len(said) == 1
        assert "client timed out after 30 seconds" in said[0]
        assert chip.states() == ["run"]


@pytest.mark.parametrize(("purge_s", "is_told"), [(300, True), (86400, False)])
async def test_a_scheduler_that_forgets_sooner_than_it_is_asked_is_told_with_the_key_to_set(chip, purge_s, is_told):
    async with chip.running() as engine:
        await chip.login()
        chip.site.moab.purge_s = purge_s
        await chip.until(lambda: bool(chip.site.moab.jobs))
        await chip.until(lambda: chip.states() == ["run"])
        await engine.poll_now("op")
        await chip.until(lambda: not chip.engine._core.busy)
        said: list[str] = []

        def told() -> bool:
            said[:] = [alert.sentence for alert in engine.snapshot().alerts if "forgets" in alert.sentence]
            return len(said) == int(is_told)

        await chip.until(told)
        assert not is_told or "engine.poll_max_s to 150 or less" in said[0]


async def test_many_runs_share_one_round_trip_and_one_statement(bench):
    only(bench, Stage.CHIP)
    watched = replace(bench.world.settings.labels[0], limit=1)
    bench.world = replace(
        bench.world, settings=replace(bench.world.settings, labels=(watched,), sweep_s=2.0, pace=PollPace())
    )
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bench.states() == ["run", "run"])
        await at_rest(bench)
        updates: list[str] = []
        event.listen(bench.gpc1.engine, "before_cursor_execute", lambda *args: updates.append(args[2]))
        before = len(bench.site.calls)
        await engine.poll_now("op")
        await bench.until(lambda: bench.site.calls[before:] == ["poll"])
        await at_rest(bench)
        assert bench.site.calls[before:] == ["poll"]
        assert [each for each in updates if each.startswith("UPDATE")] == [
            'UPDATE "remoteRun" SET last_poll=CURRENT_TIMESTAMP WHERE "remoteRun".remote_id IN (1, 2)'
        ]


async def test_jobs_that_went_together_are_looked_for_in_one_listing_of_the_ended(bench):
    only(bench, Stage.CHIP)
    watched = replace(bench.world.settings.labels[0], limit=1)
    bench.world = replace(bench.world, settings=replace(bench.world.settings, labels=(watched,), sweep_s=2.0))
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bench.states() == ["run", "run"])
        # a poll under way may ask for the first run alone
        await at_rest(bench)
        jobs = list(bench.site.moab.jobs.values())
        bench.site.moab.asked.clear()
        for job in jobs:
            bench.player.played.append(job.job)
            bench.site.moab.finish(job.name, code=0)
        await bench.until(lambda: len(bench.site.moab.jobs) == 4)
        assert "checkjob" not in bench.site.moab.asked


async def test_a_fresh_job_that_the_scheduler_does_not_know_yet_is_not_called_out(chip):
    empty = Answer(rc=0, out='<Data><queue option="active"/></Data>', err="")
    unknown = Answer(rc=1, out="", err="ERROR:  invalid job specified (Moab.1)\n")
    async with chip.running() as engine:
        await submitted(chip)
        chip.site.moab.answer_next("checkjob", unknown)
        assert "in no list" not in await seen(chip, empty)
        assert "in no list" not in await seen(chip, listing(chip, "eligible", row("Idle")))
        chip.site.moab.answer_next("checkjob", unknown)
        await seen(chip, empty)
        assert [alert for alert in engine.snapshot().alerts if "in no list" in alert.sentence] == []


async def test_when_a_job_may_start_is_shown_from_the_queue_and_asked_for_only_when_a_person_asks(chip):
    async with chip.running():
        await submitted(chip)
        told = await seen(chip, listing(chip, "eligible", row("Idle", RsvStartTime="1553436000", StartTime="0")))
        assert "means to start it at 2019-03-24 14:00 UTC" in told
        await seen(chip, listing(chip, "eligible", row("Idle")))
        job = job_of(chip).job
        guess = f"job {job} requires 2 procs for 0:33:20\nEarliest start in 1:04:55 on Fri Jul 15 12:53:40\n"
        chip.site.moab.answer_next("showstart", Answer(rc=0, out=guess, err=""))
        await chip.engine.run_detail(1)
        assert chip.site.moab.scripted("showstart"), "a screen that is drawn anew asks nothing"
        assert (await chip.engine.why(1))[-1].endswith("Earliest in 1 h 4 min")


async def test_a_job_that_is_known_by_its_number_alone_has_not_ended_with_the_one_before_it(chip):
    """A person submitted our script again, and put the job's number into the row."""
    async with chip.running() as engine:
        await submitted(chip)
        await engine.set_gates(["poll"], open=False, who="op")
        first = job_of(chip)
        chip.player.play(cut_after=1)
        chip.site.moab.jobs["777"] = replace(first, job="777", word=JobWord.IDLE)
        chip.player.played.append("777")
        chip.rows.change(t.remote_run, {"remote_id": 1}, job_id=777)
        await chip.until(lambda: engine.snapshot().runs[0].job == "777")
        await engine.set_gates(["poll"], open=True, who="op")
        for word in (JobWord.IDLE, JobWord.RUNNING):
            chip.site.moab.jobs["777"].word = word
            before = polls(chip)
            await engine.poll_now("op")
            await chip.until(lambda before=before: polls(chip) > before)
            await at_rest(chip)
            assert chip.states() == ["run"]
        chip.player._run(first.name, "777", first.argv[-1], None)
        chip.site.moab.jobs["777"].word = JobWord.COMPLETED
        await engine.poll_now("op")
        await chip.until(lambda: chip.states() == ["full"])
    assert chip.site.moab.asked.count("msub") == 1
