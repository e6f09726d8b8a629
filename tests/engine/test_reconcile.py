"""Submits in doubt: what the evidence makes of them, and how it is shown."""

from __future__ import annotations

import pytest
from tests.engine.conftest import Bench
from tests.engine.test_survival import only

from rpconsole.domain.evidence import WAIT, SubmitReading
from rpconsole.domain.fault import BadData
from rpconsole.domain.stage import Stage
from rpconsole.ports.site import Answer


async def in_doubt(bench: Bench) -> None:
    """The order was taken up, and no answer of the scheduler's comes."""
    assert bench.engine is not None
    engine = bench.engine
    await bench.login()
    await bench.until(lambda: any(run.step == "reconcile" for run in engine.snapshot().runs))


async def test_a_doubtful_submit_is_laid_out_with_one_act(bench):
    only(bench, Stage.CHIP)
    bench.site.is_slow = True
    async with bench.running() as engine:
        await in_doubt(bench)
        await bench.clock.advance(1000)
        (found,) = await engine.doubtful()
    assert (found.remote_id, found.attempt, found.reading) == (1, 1, SubmitReading.NONE)
    assert found.is_claimed
    assert found.claim_age_s >= 1000
    assert found.is_queue_heard
    assert found.listed == ()
    assert found.act == "rpconsole run resubmit 1"


async def test_a_job_that_shows_in_the_queue_after_all_is_adopted(bench):
    only(bench, Stage.CHIP)
    bench.site.is_slow = True
    async with bench.running() as engine:
        await in_doubt(bench)
        claim = next(iter(bench.site._claims.values()))
        bench.site.moab.run(claim.order.argv, claim.order.cwd)
        found = await engine.doubtful(1)
        await bench.until(lambda: bench.states() == ["run"])
    assert found[0].act == WAIT
    assert found[0].listed[0][0] == "Moab.1"


async def test_without_a_session_the_journals_part_is_shown_and_a_login_recommended(bench):
    only(bench, Stage.CHIP)
    bench.site.is_slow = True
    async with bench.running() as engine:
        await in_doubt(bench)
        bench.sessions.drop()
        (found,) = await engine.doubtful(1)
    assert found.name.startswith("rp1.1.")
    assert (found.is_asked, found.act) == (False, "rpconsole login")


async def test_a_run_that_there_is_not_is_a_sentence_and_none_in_doubt_is_no_row(bench):
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        with pytest.raises(BadData, match="there is no run 99"):
            await engine.doubtful(99)
        assert await engine.doubtful() == []


@pytest.mark.parametrize(
    "no",
    [
        "ERROR:  invalid account 'none' specified\n",
        "ERROR: cannot submit job - maximum number of jobs reached for user\n",
    ],
)
async def test_a_scheduler_that_says_no_and_takes_the_job_all_the_same_gets_it_once(bench, no):
    only(bench, Stage.CHIP)
    moab = bench.site.moab
    truth = moab.run

    def lying(argv, cwd):
        answer = truth(argv, cwd)
        return Answer(rc=1, out="", err=no) if argv[0] == "msub" else answer

    moab.run = lying
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bench.states() == ["run"])
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
    assert len(moab.jobs) == 1


async def test_an_attempt_after_orders_that_made_no_job_takes_nothing_over(bench):
    only(bench, Stage.CHIP)
    bench.site.moab.answer_next("msub", Answer(rc=1, out="", err="ERROR:  queue is full\n"))
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bool(bench.site.moab.jobs))
    script = next(path for path in bench.site.files if path.endswith(".cmd"))
    text = bench.site.files[script].data.decode()
    assert "rp1.2." in text
    assert "--takeover" not in text
