"""What a run's job is submitted with, and what becomes of orders that the scheduler does not take."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.test_survival import only

from rpconsole.commands.jobscript import Directives
from rpconsole.domain.run import FINAL_STEPS
from rpconsole.domain.stage import Stage
from rpconsole.ports.site import Answer


def wanting(bench, **changes):
    """Chip only, and these words about its jobs."""
    only(bench, Stage.CHIP)
    script = replace(bench.world.settings.script, **changes)
    bench.world = replace(bench.world, settings=replace(bench.world.settings, script=script))


def said(engine) -> str:
    return " ".join(word for run in engine.snapshot().runs for word in run.why)


async def test_a_stages_own_account_queue_and_options_reach_the_scheduler(bench):
    own = Directives(account="deep", queue="large", qos="high", features=("ib",), submit_options=("-p", "5"))
    wanting(bench, directives=Directives(account="survey"), of_stages={Stage.CHIP: own})
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bool(bench.site.moab.jobs))
    job = next(iter(bench.site.moab.jobs.values()))
    words = " ".join(job.argv)
    assert "-A deep -q large -p 5 " in words
    script = bench.site.files[job.argv[-1]].data.decode()
    assert "#MSUB -l qos=high\n#MSUB -l feature=ib\n" in script


async def test_a_job_that_would_be_charged_to_nobody_is_refused_with_a_sentence_and_nothing_is_sent(bench):
    wanting(bench, account_required=True)
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: {run.step for run in engine.snapshot().runs} & FINAL_STEPS)
        why = " ".join(await engine.why(1))
    assert "charged to nobody" in why
    assert "site.stages.chip.account" in why
    assert bench.site.moab.jobs == {}
    assert "submit" not in bench.site.calls


async def test_a_full_queue_is_waited_for_as_long_as_it_lasts_and_shown_in_the_schedulers_words(bench):
    only(bench, Stage.CHIP)
    full = Answer(rc=1, out="", err="ERROR:  cannot submit job - maximum number of jobs reached for user\n")
    bench.site.moab.answer_next("msub", *[full] * 8)
    async with bench.running() as engine:
        await bench.login()
        for number in range(1, 9):
            await bench.until(lambda number=number: bench.site.calls.count("submit") == number)
            await bench.until(lambda: "maximum number of jobs" in said(engine))
            assert bench.states() == ["pending"]
            await bench.clock.advance(300)
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
    assert len(bench.site.moab.jobs) == 1
