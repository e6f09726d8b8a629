"""A session lives and the helper at the site fails: runs wait, lose nothing, and go on by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.test_survival import only

from rpconsole.domain.fault import HelperAway, HelperDied
from rpconsole.domain.retry import DEATHS_TOLD
from rpconsole.domain.stage import Stage

HOUR_S = 3600.0
KILLED = "The helper at fe1 ended with exit code 137: Killed."
NO_START = f"The helper does not start. {KILLED}"


@pytest.fixture
def chip(bench):
    """The chip stage alone, with the delays of a real site."""
    only(bench, Stage.CHIP)
    retry = replace(bench.world.settings.retry, delays_s=(30.0, 300.0, 1200.0))
    bench.world = replace(bench.world, settings=replace(bench.world.settings, retry=retry))
    return bench


def run_of(engine):
    (run,) = engine.snapshot().runs
    return run


def why(engine):
    return " ".join(sentence for run in engine.snapshot().runs for sentence in run.why)


def said(engine, words):
    return [alert.sentence for alert in engine.snapshot().alerts if words in alert.sentence]


async def test_a_helper_that_does_not_start_for_hours_costs_no_try_and_the_run_goes_on_by_itself(chip):
    chip.site.ailing = lambda verb: HelperAway(NO_START)
    async with chip.running() as engine:
        await chip.login()
        await chip.until(lambda: bool(said(engine, "does not serve")))
        began = chip.clock.now()
        chip.site.calls.clear()
        await chip.until(lambda: chip.clock.now() > began + 4 * HOUR_S, stride_s=60.0)
        looks = [verb for verb in chip.site.calls if verb != "disk"]
        run = run_of(engine)
        assert (run.step, run.tries, run.attempts, run.state) == ("ship", 0, 1, "pending")
        await chip.until(lambda: f"the helper at the site does not serve: {NO_START} It is asked again" in why(engine))
        assert len(said(engine, "does not serve")) == 1, "it is said when it begins"
        # some that grow, then one each 20 minutes; how full scratch is, is looked at by itself
        assert 10 <= len(looks) <= 25
        chip.site.ailing = lambda verb: None
        await chip.until(lambda: chip.player.play() or chip.states() == ["full"], stride_s=20.0)
        assert said(engine, "the helper at the site: works again")
    assert len(chip.site.moab.jobs) == 1


async def test_a_person_who_retries_or_logs_in_need_not_wait_until_the_site_is_asked_again(chip):
    chip.site.ailing = lambda verb: HelperAway(NO_START)
    async with chip.running() as engine:
        await chip.login()
        for _ in range(6):
            await chip.until(lambda: engine._core.circuit.away() is None, stride_s=60.0)
            await chip.until(lambda: engine._core.circuit.away() is not None)
        chip.site.ailing = lambda verb: None
        assert engine._core.circuit.away().again_at - chip.clock.now() > 900
        began = chip.clock.now()
        await engine.retry(1, "op")
        await chip.until(lambda: run_of(engine).step != "ship")
    assert chip.clock.now() - began < 60


async def test_a_request_that_kills_the_helper_each_time_is_tried_ever_less_often_and_told_of(chip):
    chip.site.ailing = lambda verb: HelperDied(KILLED) if verb == "stat" else None
    async with chip.running() as engine:
        await chip.login()
        await chip.until(lambda: bool(said(engine, "times in a row over this run")), stride_s=20.0)
        began, stats = chip.clock.now(), chip.site.calls.count("stat")
        await chip.until(lambda: chip.clock.now() > began + 6 * HOUR_S, stride_s=120.0)
        run = run_of(engine)
        assert (run.step, run.tries, run.attempts) == ("ship", 0, 1)
        assert chip.site.calls.count("stat") - stats <= 6 * 3 + DEATHS_TOLD
        assert "times in a row over this run" in (await engine.why(1))[0]
        assert len(said(engine, "gives it up")) == 1
        assert not said(engine, "does not serve"), "others may go on"
        await engine.cancel(1, "op")
        await chip.until(lambda: chip.states() == ["error"])


async def test_one_success_makes_the_next_death_the_first(chip):
    chip.site.ailing = lambda verb: HelperDied(KILLED) if verb == "stat" else None
    async with chip.running() as engine:
        await chip.login()
        await chip.until(lambda: "3 times in a row" in why(engine), stride_s=5.0)
        chip.site.ailing = lambda verb: None
        await chip.until(lambda: bool(chip.site.moab.jobs), stride_s=5.0)
        chip.site.ailing = lambda verb: HelperDied(KILLED) if verb == "fetch" else None
        await chip.until(lambda: chip.player.play() or KILLED in why(engine))
        assert "in a row" not in why(engine)


async def test_a_poll_over_which_the_helper_dies_moves_nothing_is_said_and_is_repeated(chip):
    async with chip.running() as engine:
        await chip.login()
        await chip.until(lambda: bool(chip.site.moab.jobs))
        chip.site.ailing = lambda verb: HelperDied(KILLED) if verb == "poll" else None
        await chip.until(lambda: KILLED in why(engine))
        assert "its job is not touched, and it is asked again" in run_of(engine).why[0]
        assert run_of(engine).tries == 0
        chip.site.ailing = lambda verb: None
        await chip.until(lambda: chip.player.play() or chip.states() == ["full"])
    assert len(chip.site.moab.jobs) == 1


async def test_a_submit_over_which_the_helper_dies_is_in_doubt_and_made_once(chip):
    chip.site.trouble("submit", HelperDied(KILLED), is_after=True)
    async with chip.running():
        await chip.login()
        await chip.until(lambda: chip.player.play() or chip.states() == ["full"])
    assert len(chip.site.moab.jobs) == 1
    assert "SubmitUnknown" in [line.event for line in await chip.journal.runs.story(1)]
