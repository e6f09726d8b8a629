"""Components that fail, products that are missing, dbinfo that is not what it must be, jobs that are cut."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from tests.engine.test_survival import only

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.run import FINAL_STEPS
from rpconsole.domain.stage import Stage
from rpconsole.ports.site import Answer


async def run_chip(bench):
    """Play the chip run to its end."""
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bench.player.play() or {run.step for run in engine.snapshot().runs} & FINAL_STEPS)


def component_states(bench):
    return sorted(row["state"] for row in bench.rows.all(t.remote_component))


async def test_a_component_that_always_fails_is_abandoned_named_and_the_rest_goes_on(bench):
    bench.player.verdict = lambda line: "fail" if "ch.1.XY01" in line else "pass"
    await run_chip(bench)
    assert bench.states() == ["full"]
    assert component_states(bench) == ["fail", "pass"]
    why = " ".join(await bench.engine.why(1))
    assert "component 1 XY01" in why
    assert "abandoned after 3 attempts" in why
    assert bench.rows.count(t.chip_processed_imfile) == 3, "the good OTA of the failed exposure is kept"
    assert bench.rows.count(t.cam_run) == 1, "only the whole exposure goes on to the camera stage"


async def test_a_strict_label_stops_for_a_person(bench):
    retry = replace(bench.world.settings.retry, strict_labels=frozenset({"DEMO"}))
    bench.world = replace(bench.world, settings=replace(bench.world.settings, retry=retry))
    bench.player.verdict = lambda line: "fail" if "ch.1.XY01" in line else "pass"
    await run_chip(bench)
    assert bench.states() == ["error"]


@pytest.mark.parametrize(("verdict", "word"), [("without .mdl.fits", "is missing"), ("empty .mdl.fits", "is empty")])
async def test_a_product_that_is_missing_or_empty_is_named_and_its_component_is_not_pass(bench, verdict, word):
    bench.player.verdict = lambda line: verdict if "ch.2.XY02" in line else "pass"
    await run_chip(bench)
    assert component_states(bench) == ["fail", "pass"]
    why = " ".join(await bench.engine.why(1))
    assert "XY02.mdl.fits" in why
    assert word in why


EVIL = {
    "shell text": lambda text: text.replace("-quality 0", "-quality 0; touch /tmp/owned"),
    "a substitution": lambda text: text.replace("-quality 0", "-quality `id`"),
    "another run's id": lambda text: text.replace("-chip_id 1", "-chip_id 2"),
    "an unknown option": lambda text: text.replace("-quality", "-dropdatabase"),
    "another tool": lambda text: text.replace("chiptool", "regtool"),
    "nothing": lambda text: "",
    "two lines": lambda text: text + "chiptool -dropall\n",
    "another path_base": lambda text: text.replace("/demo/", "/elsewhere/"),
}


@pytest.mark.parametrize("kind", EVIL)
async def test_a_dbinfo_that_is_not_what_it_must_be_is_refused_by_name_and_nothing_runs(bench, kind):
    bench.player.dbinfo = lambda text, line: EVIL[kind](text) if "ch.1.XY01" in line else text
    await run_chip(bench)
    assert component_states(bench) == ["fail", "pass"]
    rows = bench.rows.all(t.chip_processed_imfile)
    assert sorted((row["chip_id"], row["class_id"]) for row in rows) == [(1, "XY02"), (2, "XY01"), (2, "XY02")]
    assert ".ch.1.XY01.dbinfo" in " ".join(await bench.engine.why(1))


@pytest.mark.parametrize("verdict", ["without .dbinfo", "empty .dbinfo"])
async def test_an_empty_or_missing_dbinfo_fails_its_component_by_name_and_the_run_ends(bench, verdict):
    bench.player.verdict = lambda line: verdict if "ch.1.XY01" in line else "pass"
    bench.player.dbinfo = lambda text, line: "" if verdict == "empty .dbinfo" and "ch.1.XY01" in line else text
    await run_chip(bench)
    assert bench.states() == ["full"]
    assert component_states(bench) == ["fail", "pass"]
    assert ".ch.1.XY01.dbinfo" in " ".join(await bench.engine.why(1))
    assert bench.rows.count(t.chip_processed_imfile) == 3


async def test_a_run_of_which_nothing_came_home_is_never_full(bench):
    bench.player.verdict = lambda line: "fail"
    await run_chip(bench)
    assert bench.states() == ["error"]
    assert component_states(bench) == ["fail", "fail"]


async def test_tasks_cut_by_the_wall_time_run_in_a_second_job_and_only_they(bench):
    only(bench, Stage.CHIP)
    first = True

    def play():
        nonlocal first
        if first and bench.site.moab.jobs:
            bench.player.play(cut_after=2)
            first = False
        elif not first:
            bench.player.play()

    async with bench.running():
        await bench.login()
        await bench.until(lambda: play() or bench.states() == ["full"])
    lines = [line for _, line in bench.player.begun]
    assert len(bench.site.moab.jobs) == 2
    assert len(lines) == len(set(lines)), "no task ran twice"
    assert component_states(bench) == ["pass", "pass"]


async def test_a_killed_job_is_known_by_the_schedulers_record_and_its_successor_takes_over(bench):
    only(bench, Stage.CHIP)
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bool(bench.site.moab.jobs))
        job = next(iter(bench.site.moab.jobs.values()))
        bench.player.played.append(job.job)
        bench.site.moab.finish(job.name, code=0)
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
    scripts = [path for path in bench.site.files if path.endswith(".cmd")]
    assert len(bench.site.moab.jobs) == 2
    assert "--takeover" in bench.site.files[scripts[0]].data.decode()


async def test_a_job_that_the_scheduler_forgot_stays_in_run_until_a_person_decides(bench):
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bool(bench.site.moab.jobs))
        job = next(iter(bench.site.moab.jobs.values()))
        bench.player.played.append(job.job)
        bench.site.moab.forget(job.name)
        await bench.until(lambda: "in no list" in " ".join(engine.snapshot().runs[0].why))
        await bench.clock.advance(86400)
        assert bench.states() == ["run"]
        await engine.resubmit(1, "op")
        bench.player.played.clear()
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])


async def test_a_lost_answer_to_the_submit_is_reconciled_and_never_submitted_again(bench):
    only(bench, Stage.CHIP)
    bench.site.is_slow = True
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: any(run.step == "reconcile" for run in engine.snapshot().runs))
        claim = next(iter(bench.site._claims.values()))
        bench.site.moab.run(claim.order.argv, claim.order.cwd)
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
    assert len(bench.site.moab.jobs) == 1


async def test_a_claim_without_receipt_or_job_asks_a_person_in_the_end(bench):
    only(bench, Stage.CHIP)
    bench.site.is_slow = True
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: any(run.step == "reconcile" for run in engine.snapshot().runs))
        await bench.clock.advance(1000)
        await bench.until(lambda: "run resubmit 1" in " ".join(engine.snapshot().runs[0].why))
        assert bench.site.moab.jobs == {}
        bench.site.is_slow = False
        await engine.resubmit(1, "op")
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])


async def test_a_refused_submit_shows_the_schedulers_own_words(bench):
    bench.site.moab.answer_next("msub", Answer(rc=1, out="", err="ERROR:  invalid account 'none' specified\n"))
    await run_chip(bench)
    assert bench.states() == ["exec_fail"]
    assert "invalid account" in " ".join(await bench.engine.why(1))


async def test_a_garbled_queue_is_no_answer_and_moves_nothing(bench):
    only(bench, Stage.CHIP)
    garbage = [Answer(rc=0, out="<Data><queue", err="")] * 30
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bench.states() == ["run"])
        bench.site.moab.answer_next("showq", *garbage)
        for _ in range(20):
            await bench.clock.advance(2)
        assert bench.states() == ["run"]
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])


async def test_a_closed_gate_starts_nothing_of_its_kind_and_says_so(bench):
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await engine.set_gates(["exec"], open=False, who="op")
        await bench.login()
        await bench.until(lambda: bench.states() == ["pending"])
        await bench.clock.advance(600)
        assert bench.states() == ["pending"]
        assert "the exec gate is closed" in " ".join(await engine.why(1))
        await engine.set_gates(["all"], open=True, who="op")
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])


async def test_a_raw_file_that_is_missing_at_home_fails_its_component_for_a_person_and_the_rest_is_prepared(bench):
    uri = bench.rows.one(t.raw_imfile, exp_id=1, class_id="XY01")["uri"]
    (bench.folder / "ipp" / uri.split("/", 3)[3]).unlink()
    await run_chip(bench)
    assert bench.states() == ["full"]
    assert component_states(bench) == ["fail", "pass"]
    assert uri.split("/")[-1] in " ".join(await bench.engine.why(1))


async def test_a_component_that_cannot_be_prepared_keeps_its_state_and_is_named(bench):
    bench.rows.change(t.chip_run, {"chip_id": 1}, reduction="NOSUCH")
    await run_chip(bench)
    assert bench.states() == ["full"]
    assert component_states(bench) == ["pass", "prep_fail"]
    assert "NOSUCH" in " ".join(await bench.engine.why(1))


async def test_results_that_are_longer_than_one_answer_are_read_to_their_end_at_once(bench):
    bench.site.results_limit = 250
    await run_chip(bench)
    assert bench.states() == ["full"]
    assert bench.site.calls.count("poll") > 5


async def test_failed_components_that_are_reverted_are_defined_anew_and_only_what_failed_is_redone(bench):
    bench.player.verdict = lambda line: "fail" if "ch.1.XY01" in line else "pass"
    await run_chip(bench)
    bench.player.verdict = lambda line: "pass"
    begun = len(bench.player.begun)
    async with bench.running() as engine:
        await bench.login()
        await engine.revert(1, "op")
        await bench.until(lambda: bench.player.play() or bench.states() == ["full", "full"])
    assert [line for _, line in bench.player.begun[begun:] if "ppImage" in line and "XY01" not in line] == []
    assert bench.rows.count(t.chip_processed_imfile) == 4


async def test_a_state_that_another_hand_set_in_the_database_is_followed(bench):
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bench.states() == ["run"])
        bench.rows.change(t.remote_run, {"remote_id": 1}, state="error")
        await bench.until(lambda: engine.snapshot().runs[0].state == "error")
        assert any("by another hand" in alert.sentence for alert in engine.snapshot().alerts)


async def test_every_move_of_a_run_is_in_its_story_with_its_cause(bench):
    await run_chip(bench)
    story = await bench.engine.story(1)
    events = [line.event for line in story]
    assert events[:4] == ["RunPrepared", "SubmitIntended", "InputsVerified", "JobAccepted"]
    assert "DbinfoApplied" in events
    assert json.dumps([line.detail for line in story])


async def test_a_scheduler_that_does_not_answer_is_said_once_and_why_and_its_return_too(bench):
    only(bench, Stage.CHIP)
    down = Answer(rc=1, out="", err="ERROR:    cannot connect to server 'mu-fe1'")
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bench.states() == ["run"] and engine.snapshot().polled_at)
        heard_at = engine.snapshot().polled_at
        bench.site.moab.answer_next("showq", *[down] * 50)
        await bench.until(lambda: "cannot connect to server" in " ".join(engine.snapshot().runs[0].why))
        for _ in range(20):
            await bench.clock.advance(5)
            await asyncio.sleep(0.02)
        silent_at = engine.snapshot().polled_at
        said = [alert.sentence for alert in engine.snapshot().alerts if "scheduler" in alert.sentence]
        bench.site.moab.answer_truly()
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
        said_then = [alert.sentence for alert in engine.snapshot().alerts if "scheduler" in alert.sentence]
    assert said == ["the scheduler gives no queue: it printed 'ERROR: cannot connect to server 'mu-fe1''"]
    assert said_then == [*said, "the scheduler: works again"]
    assert silent_at - heard_at < 30, "silence is no answer"


async def test_a_run_of_which_nothing_could_be_prepared_is_prepared_when_it_is_mended_and_retried(bench):
    only(bench, Stage.CHIP)
    for chip_id in (1, 2):
        bench.rows.change(t.chip_run, {"chip_id": chip_id}, workdir="NULL")
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bench.states() == ["prep_fail"])
        assert "workdir is 'NULL'" in " ".join(await engine.why(1))
        bench.rows.change(t.chip_run, {"chip_id": 1}, workdir="neb://any/demo")
        await engine.retry(1, "op")
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
        why = " ".join(await engine.why(1))
    assert component_states(bench) == ["pass", "prep_fail"]
    assert "chipRun 2: workdir" in why
    assert "chipRun 1: workdir" not in why, "what was mended is past"


async def test_a_component_that_a_script_has_prepared_again_is_not_held_to_its_first_refusal(bench):
    only(bench, Stage.CHIP)
    bench.rows.change(t.chip_run, {"chip_id": 1}, workdir="NULL")
    async with bench.running() as engine:
        await engine.set_gates(["exec"], open=False, who="op")
        await bench.login()
        await bench.until(lambda: bench.states() == ["pending"])
        bench.rows.change(t.chip_run, {"chip_id": 1}, workdir="neb://any/demo")
        bench.rows.change(t.remote_component, {"remote_id": 1, "stage_id": 1}, state="new")
        bench.rows.change(t.remote_run, {"remote_id": 1}, state="new")
        await bench.until(lambda: component_states(bench) == ["prep_done", "prep_done"])
        await engine.set_gates(["exec"], open=True, who="op")
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
    assert component_states(bench) == ["pass", "pass"]
