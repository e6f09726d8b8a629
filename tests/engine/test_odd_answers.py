"""Answers of a scheduler that fit one job badly: they cost that job its news, and no other one anything."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.test_poll import at_rest, listing, row, seen, submitted
from tests.engine.test_survival import only

from rpconsole.commands.jobscript import log_path
from rpconsole.domain.stage import Stage
from rpconsole.ports.site import Answer

TWO_JOBS = ["run", "run"]


@pytest.fixture
def chip(bench):
    only(bench, Stage.CHIP)
    return bench


@pytest.fixture
def pair(bench):
    """Two runs of one exposure each."""
    only(bench, Stage.CHIP)
    watched = replace(bench.world.settings.labels[0], limit=1)
    bench.world = replace(bench.world, settings=replace(bench.world.settings, labels=(watched,), sweep_s=2.0))
    return bench


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
