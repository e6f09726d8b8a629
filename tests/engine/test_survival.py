"""What the main job survives: a kill at every write, a session cut at every verb."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest
from tests.engine.conftest import LABEL, OWNER, Bench
from tests.engine.mortal import Fate, mortal

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.fault import DatabaseAway
from rpconsole.domain.run import Step
from rpconsole.domain.stage import Stage
from rpconsole.engine.logins import LoginDesk
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.service import Engine
from rpconsole.engine.settings import WatchedLabel


def only(bench: Bench, *stages: Stage) -> None:
    """Only these stages, and no sweep but those that a move makes due."""
    watched = WatchedLabel(label=LABEL, stages=stages, path_base="neb://any/remote/DEMO")
    settings = replace(bench.world.settings, labels=(watched,), sweep_s=1e9)
    bench.world = replace(bench.world, settings=settings)


async def live_and_die(bench: Bench, die_at: int | None) -> Fate:
    """One engine's life up to the given write, or to the end of the chip run."""
    fate = Fate(die_at)
    # the dead wait for nothing
    hasty = replace(bench.world, settings=replace(bench.world.settings, grace_s=0.01))
    bench.engine = Engine(mortal(hasty, fate), OWNER)
    work = asyncio.create_task(bench.engine.run())
    login = asyncio.create_task(bench.login())
    with suppress(asyncio.CancelledError):
        await bench.until(lambda: bench.player.play() or fate.dead.is_set() or bench.states() == ["full"])
        if not fate.dead.is_set():
            await bench.until(lambda: bool(bench.rows.count(t.cam_run)) or fate.dead.is_set())
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.gather(work, login, return_exceptions=True)
    bench.sessions.drop()
    return fate


async def finish(bench: Bench) -> None:
    """A new engine, a new login, to the end."""
    async with bench.running():
        await bench.login()
        await bench.until(
            lambda: bench.player.play() or (bench.states() == ["full"] and bench.rows.count(t.cam_run) == 2)
        )
        for _ in range(10_000):
            row = await bench.world.runs.run(1)
            if row and (await bench.journal.runs.load([row]))[1].step is Step.DONE:
                return
            await bench.clock.advance(1.0)
            await asyncio.sleep(0.004)
    raise AssertionError("no engine works on the run, and the journal does not say that it is done")


def assert_done_once(bench: Bench) -> None:
    assert bench.states() == ["full"]
    assert [row["state"] for row in bench.rows.all(t.remote_component)] == ["pass", "pass"]
    assert bench.rows.count(t.chip_processed_imfile) == 4
    assert bench.rows.count(t.cam_run) == 2
    names = Counter(job.name for job in bench.site.moab.jobs.values())
    assert len(names) == 1, f"one job for the run, not {names}"
    assert set(names.values()) == {1}


#: more than a chip run writes; the last lives come to their end undisturbed
BORDERS = range(48)


@pytest.mark.parametrize("border", BORDERS)
async def test_a_kill_at_any_write_loses_nothing_and_does_nothing_twice(bench, border):
    only(bench, Stage.CHIP)
    await live_and_die(bench, border)
    await finish(bench)
    assert_done_once(bench)


async def test_the_borders_above_cover_every_write_of_a_run(bench):
    only(bench, Stage.CHIP)
    fate = await live_and_die(bench, None)
    assert len(fate.writes) <= len(BORDERS), fate.writes
    assert {"journal.save", "site.submit", "survey.apply", "runs.change_components"} <= set(fate.writes)


VERBS = ("stat", "send", "run", "submit", "poll", "fetch")


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("nth", [1, 2])
async def test_a_session_cut_at_any_verb_spends_no_attempt_and_one_login_revives_the_run(bench, verb, nth, is_after):
    only(bench, Stage.CHIP)
    bench.site.trouble(verb, nth=nth, is_after=is_after)
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: bench.player.play() or not bench.sessions.alive() or bench.states() == ["full"])
        if not bench.sessions.alive():
            await bench.until(lambda: all(run.why for run in engine.snapshot().runs))
            assert all(run.tries == 0 and run.fault == 0 for run in engine.snapshot().runs)
            calls = len(bench.site.calls)
            await bench.clock.advance(3600)
            await asyncio.sleep(0.1)
            assert len(bench.site.calls) == calls, "nothing is tried without a session"
            await bench.login()
        await bench.until(
            lambda: bench.player.play() or (bench.states() == ["full"] and bench.rows.count(t.cam_run) == 2)
        )
    assert_done_once(bench)


async def test_a_cut_in_mid_transfer_sends_only_the_rest_after_the_next_login(bench):
    only(bench, Stage.CHIP)
    bench.site.trouble("send", after_files=5)
    async with bench.running():
        await bench.login()
        await bench.until(lambda: not bench.sessions.alive())
        there = set(bench.site.files)
        mtimes = {path: bench.site.files[path].mtime_ns for path in there}
        await bench.clock.advance(60)
        await bench.login()
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
    assert len(there) == 5
    assert all(bench.site.files[path].mtime_ns == mtimes[path] for path in there)


async def test_a_database_that_goes_away_is_waited_for_and_said_once(bench, monkeypatch):
    only(bench, Stage.CHIP)
    true_runs = bench.world.runs.runs
    away = True

    async def runs(*args, **kwargs):
        if away:
            raise DatabaseAway("the database at db.example.org does not answer")
        return await true_runs(*args, **kwargs)

    monkeypatch.setattr(bench.world.runs, "runs", runs, raising=False)
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: any("waiting for the database" in one.sentence for one in engine.snapshot().alerts))
        await bench.clock.advance(600)
        await asyncio.sleep(0.1)
        assert sum("waiting for the database" in one.sentence for one in engine.snapshot().alerts) == 1
        away = False
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
    assert_done_once_or_more(bench)


@pytest.mark.parametrize("place", ["gpc1", "journal"])
async def test_whoever_meets_a_database_that_is_away_it_is_one_sentence_and_its_return_is_another(
    bench, monkeypatch, place
):
    calls = {
        "gpc1": [(bench.world.runs, "runs"), (bench.world.runs, "change_run")],
        "journal": [(bench.world.journal, "save"), (bench.world.ledger, "bytes_of")],
    }
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: len(bench.site.moab.jobs) == 1 and bench.states() == ["run"])
        with monkeypatch.context() as away:
            for port, name in calls[place]:
                away.setattr(port, name, unanswered, raising=False)
            bench.player.play()
            await bench.until(lambda: about_the_database(engine))
            for _ in range(30):
                await bench.clock.advance(1.0)
                await asyncio.sleep(0.02)
            said = about_the_database(engine)
        await bench.until(lambda: bench.states() == ["full"])
        said_then = about_the_database(engine)
    assert said == ["waiting for the database: the database at db.example.org does not answer"]
    assert said_then == [*said, "the database answers again"]
    assert_done_once_or_more(bench)


async def unanswered(*args, **kwargs):
    raise DatabaseAway("the database at db.example.org does not answer")


def about_the_database(engine) -> list[str]:
    return [alert.sentence for alert in engine.snapshot().alerts if "database" in alert.sentence]


def assert_done_once_or_more(bench: Bench) -> None:
    assert bench.states() == ["full"]
    assert len(bench.site.moab.jobs) == 1


async def test_who_opened_a_session_is_seen_by_all_and_its_end_is_said_at_once(bench):
    only(bench, Stage.CHIP)
    async with bench.running() as engine:
        await bench.login()
        assert {view.opened_by for view in engine.snapshot().sessions} == {"op"}
        bench.sessions.drop()
        await bench.until(
            lambda: sum("ended (cut by the site)" in one.sentence for one in engine.snapshot().alerts) == 2
        )
        past = await bench.world.operations.past_sessions()
    assert [(one.opened_by, one.end) for one in past] == [("op", "cut by the site")] * 2


async def test_an_end_that_two_look_at_together_is_noted_once(bench):
    desk = LoginDesk(bench.world, NoticeBoard(bench.clock))

    async def answer(challenge):
        return [bench.sessions.issue() for _ in challenge.prompts]

    await desk.login(answer, user=None, hosts=(), who="op")
    bench.sessions.drop()
    await asyncio.gather(desk.note_changes(), desk.note_changes())
    past = await bench.world.operations.past_sessions()
    assert [one.end for one in past] == ["cut by the site"] * 2
