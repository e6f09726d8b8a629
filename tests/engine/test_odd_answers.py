"""Answers of a scheduler that fit one job badly: they cost that job its news, and no other one anything."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.test_poll import at_rest, listing, polls, row, seen, submitted
from tests.engine.test_survival import only

from rpconsole.commands.jobscript import log_path
from rpconsole.domain.schedule import PollPace
from rpconsole.domain.stage import Stage
from rpconsole.ports.site import Answer

TWO_JOBS = ["run", "run"]


@pytest.fixture
def chip(bench):
    """Chip only, and polls as far apart as at a real site, so that none comes between what a test looks at."""
    only(bench, Stage.CHIP)
    bench.world = replace(bench.world, settings=replace(bench.world.settings, pace=PollPace()))
    return bench


@pytest.fixture
def pair(bench):
    """Two runs of one exposure each."""
    only(bench, Stage.CHIP)
    watched = replace(bench.world.settings.labels[0], limit=1)
    bench.world = replace(bench.world, settings=replace(bench.world.settings, labels=(watched,), sweep_s=2.0))
    return bench


@pytest.fixture
def brisk(chip):
    """Polls near together, so that several cost little of the clock."""
    pace = PollPace(shortest_s=12.0, longest_s=24.0)
    chip.world = replace(chip.world, settings=replace(chip.world.settings, pace=pace))
    return chip


async def two_submitted(bench) -> None:
    await bench.login()
    await bench.until(lambda: bench.states() == TWO_JOBS)
    await at_rest(bench)


def empty_queue() -> Answer:
    return Answer(rc=0, out='<Data><queue option="active"/></Data>', err="")


async def test_a_job_whose_id_is_a_pattern_stops_no_look_at_the_others(pair):
    """A wrapper of ``msub`` made an array of it: such an id must not be given to Moab."""
    pair.site.moab.answer_next("msub", Answer(rc=0, out="\n77[]\n", err=""))
    async with pair.running():
        await two_submitted(pair)
        job = next(iter(pair.site.moab.jobs.values()))
        pair.player.played.append(job.job)
        pair.site.moab.finish(job.name, code=0)
        await pair.until(lambda: len(pair.site.moab.jobs) == 2 and pair.states() == TWO_JOBS)


async def test_a_job_that_checkjob_prints_nonsense_of_leaves_the_others_their_turn(pair):
    async with pair.running():
        await two_submitted(pair)
        first, second = pair.site.moab.jobs.values()
        for job in (first, second):
            pair.player.played.append(job.job)
            pair.site.moab.finish(job.name, code=0)
        nonsense = Answer(rc=139, out="Segmentation fault", err="")
        pair.site.moab.answer_next("showq", empty_queue(), nonsense)
        pair.site.moab.answer_next("checkjob", nonsense)
        await pair.engine.poll_now("op")
        await pair.until(lambda: len(pair.site.moab.named(first.name)) + len(pair.site.moab.jobs) > 3)


async def test_a_cancel_of_an_id_that_is_a_pattern_is_told_and_given_to_nobody(chip):
    chip.site.moab.answer_next("msub", Answer(rc=0, out="\n77[]\n", err=""))
    async with chip.running() as engine:
        await chip.login()
        await chip.until(lambda: chip.states() == ["run"])
        await engine.cancel(1, "op")
        await chip.until(
            lambda: any("cannot be cancelled from here" in each.sentence for each in engine.snapshot().alerts)
        )
        assert "canceljob" not in chip.site.moab.asked


async def test_a_number_of_a_greeting_that_is_anothers_job_is_not_followed(chip):
    """Only names tell whose job it is."""
    async with chip.running():
        await submitted(chip)
        ours = next(iter(chip.site.moab.jobs.values()))
        other = f'<job JobID="{ours.job}" JobName="other" State="BatchHold"/>'
        text = listing(chip, "active", row("Running")).out
        mixed = text.replace(f'JobID="{ours.job}"', 'JobID="4711"').replace("<job ", other + "<job ", 1)
        assert "held" not in await seen(chip, Answer(rc=0, out=mixed, err=""))


async def test_a_killed_job_is_told_with_what_its_output_says(chip):
    async with chip.running():
        await submitted(chip)
        job = next(iter(chip.site.moab.jobs.values()))
        path = log_path(chip.world.settings.layout.remote_root, "chip", 1)
        chip.site.put(path, b"date\nMOAB_INFO:  job exceeded wallclock limit\n")
        chip.player.played.append(job.job)
        chip.site.moab.finish(job.name, code=0)
        await chip.until(lambda: len(chip.site.moab.jobs) == 2)
        assert "job exceeded wallclock limit" in str(await chip.engine.story(1))


async def test_an_end_that_the_scheduler_takes_back_makes_no_second_job(chip):
    async with chip.running():
        await submitted(chip)
        job = next(iter(chip.site.moab.jobs.values()))
        chip.player.played.append(job.job)
        over = f"job {job.job}\n\nState: Completed\nCompletion Code: 0\n"
        for _ in range(3):
            await seen(chip, empty_queue(), checkjob=over)
            await seen(chip, listing(chip, "active", row("Running")))
        assert (len(chip.site.moab.jobs), chip.states()) == (1, ["run"])


async def test_a_job_that_is_said_to_have_ended_while_its_results_still_come_is_not_replaced(chip):
    async with chip.running():
        await submitted(chip)
        job = next(iter(chip.site.moab.jobs.values()))
        chip.player.played.append(job.job)
        chip.site.moab.finish(job.name, code=0)
        stem = job.argv[-1].removesuffix(".cmd")
        for task in (1, 2, 3):
            line = {"task": task, "attempt": 1, "code": 0, "node": "mu001", "start": 1.0, "wall_s": 1.0}
            chip.player._note(stem, line)
            await chip.engine.poll_now("op")
            await at_rest(chip)
        assert len(chip.site.moab.jobs) == 1
        await chip.until(lambda: len(chip.site.moab.jobs) == 2)


async def test_a_cancel_ends_the_jobs_that_bear_the_name_whatever_id_was_printed(chip):
    chip.site.moab.answer_next("msub", Answer(rc=0, out="\n4711\n", err=""))
    async with chip.running() as engine:
        await chip.login()
        await chip.until(lambda: chip.states() == ["run"])
        await at_rest(chip)
        name = engine._core.book.runs[1].attempt.job_name(1)
        mine = f'<job JobID="12" JobName="{name}" State="Running"/><job JobID="4711" JobName="other" State="Running"/>'
        queue = f'<Data><queue option="active">{mine}</queue></Data>'
        ended: list[str] = []

        def note(job: str) -> Answer:
            ended.append(job)
            return Answer(rc=0, out=f"job '{job}' cancelled", err="")

        chip.site.moab._canceljob = note
        chip.site.moab.answer_next("showq", *[Answer(rc=0, out=queue, err="")] * 20)
        await engine.cancel(1, "op")
        await chip.until(lambda: bool(ended))
        assert set(ended) == {"12"}


async def test_a_cancel_spares_a_job_that_bears_another_name(chip):
    async with chip.running() as engine:
        await submitted(chip)
        job = next(iter(chip.site.moab.jobs.values()))
        other = f'<Data><queue option="active"><job JobID="{job.job}" JobName="other" State="Running"/></queue></Data>'
        chip.site.moab.answer_next("showq", *[Answer(rc=0, out=other, err="")] * 20)
        await engine.cancel(1, "op")
        await chip.until(lambda: any("it is 'other'" in each.sentence for each in engine.snapshot().alerts))


async def test_an_end_of_a_job_of_another_name_is_not_the_end_of_ours(brisk):
    """A wrong id in the answer to the submit may be anybody's job."""
    async with brisk.running():
        await submitted(brisk)
        job = next(iter(brisk.site.moab.jobs.values()))
        brisk.player.played.append(job.job)
        over = f"job {job.job}\n\nAName: somebody\nState: Completed\nCompletion Code: 0\n"
        other = listing(brisk, "active", row("Running")).out.replace(f'JobName="{job.name}"', 'JobName="somebody"')
        for queue in (empty_queue(), Answer(rc=0, out=other, err="")):
            brisk.site.moab.answer_next("showq", *[queue] * 3)
            brisk.site.moab.answer_next("checkjob", *[Answer(rc=0, out=over, err="")] * 3)
            await brisk.until(lambda: not brisk.site.moab.scripted("showq"))
            await at_rest(brisk)
        assert (len(brisk.site.moab.jobs), brisk.states()) == (1, ["run"])


async def test_a_job_is_asked_for_under_the_id_by_which_the_queue_listed_its_name(brisk):
    async with brisk.running():
        await submitted(brisk)
        job = next(iter(brisk.site.moab.jobs.values()))
        brisk.player.played.append(job.job)
        text = listing(brisk, "active", row("Running")).out.replace(f'JobID="{job.job}"', 'JobID="4711"')
        await seen(brisk, Answer(rc=0, out=text, err=""))
        over = f"job 4711\n\nAName: {job.name}\nState: Removed\nCompletion Code: 0\n"
        brisk.site.moab.answer_next("showq", *[empty_queue()] * 20)
        brisk.site.moab.answer_next("checkjob", *[Answer(rc=0, out=over, err="")] * 20)
        await brisk.engine.poll_now("op")
        await brisk.until(lambda: len(brisk.site.moab.jobs) == 2)


async def test_a_job_that_gives_signs_of_life_is_not_replaced_however_often_it_is_said_to_be_over(brisk):
    async with brisk.running():
        await submitted(brisk)
        job = next(iter(brisk.site.moab.jobs.values()))
        brisk.player.played.append(job.job)
        brisk.site.moab.finish(job.name, code=0)
        stem = job.argv[-1].removesuffix(".cmd")
        for _ in range(6):
            brisk.player._note(stem, {"mark": "alive", "name": job.name, "epoch": brisk.clock.now()})
            at = polls(brisk)
            await brisk.until(lambda at=at: polls(brisk) > at)
            await at_rest(brisk)
        assert len(brisk.site.moab.jobs) == 1
        await brisk.until(lambda: len(brisk.site.moab.jobs) == 2)


async def test_two_looks_close_together_are_not_two_words(chip):
    """An operator may ask as often as he likes: a living runner has had no time to write."""
    async with chip.running():
        await submitted(chip)
        job = next(iter(chip.site.moab.jobs.values()))
        chip.player.played.append(job.job)
        chip.site.moab.finish(job.name, code=0)
        began = chip.clock.now()
        for _ in range(3):
            await chip.engine.poll_now("op")
            await at_rest(chip)
        assert chip.clock.now() - began < 60.0
        assert len(chip.site.moab.jobs) == 1


async def test_a_job_that_is_said_to_run_without_any_sign_of_life_is_shown_as_odd_and_not_replaced(brisk):
    async with brisk.running():
        await submitted(brisk)
        job = next(iter(brisk.site.moab.jobs.values()))
        brisk.player.played.append(job.job)
        stem, now = job.argv[-1].removesuffix(".cmd"), brisk.clock.now()
        start = {"mark": "start", "name": job.name, "job": job.job, "tasks": 5, "epoch": now}
        brisk.player._note(stem, start)
        brisk.player._note(stem, {"mark": "alive", "name": job.name, "epoch": now})
        assert "no sign of life" not in await seen(brisk, listing(brisk, "active", row("Running")))
        await brisk.clock.advance(31)
        assert "no sign of life" in await seen(brisk, listing(brisk, "active", row("Running")))
        brisk.player._note(stem, {"mark": "alive", "name": job.name, "epoch": brisk.clock.now()})
        assert "no sign of life" not in await seen(brisk, listing(brisk, "active", row("Running")))
        assert len(brisk.site.moab.jobs) == 1
