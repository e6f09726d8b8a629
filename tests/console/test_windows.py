"""A console on an engine with far more runs than it shows: over the real socket only what is shown crosses, and nothing is missed."""

from __future__ import annotations

import csv
import random
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from tests.console.support import SIZES, grid
from tests.fakes.engine import FakeEngine, a_run_row
from tests.fakes.serving import serving

from rpconsole.console.app import ConsoleApp
from rpconsole.console.starting import Options, straight
from rpconsole.console.theme import load, shipped
from rpconsole.domain.run import RunState, Step
from rpconsole.domain.stage import Stage

RUNS = 500
PATIENCE = 3000


@pytest.fixture
def engine():
    rows = [a_run_row(number, stage=Stage.WARP if number % 100 == 0 else Stage.CHIP) for number in range(1, RUNS + 1)]
    return FakeEngine(rows=rows)


def a_console(path, exports):
    palettes, _ = load(shipped())
    return ConsoleApp(
        Options(
            who="ann", palette=palettes["rp-dark"], palettes=palettes, exports=exports,
            crash_file=exports / "crash.txt",
        ),
        arrive=straight(path),
    )  # fmt: skip


@asynccontextmanager
async def console(engine, exports, size=(120, 40)):
    """A console whose first rows are there."""
    async with serving(engine) as path:
        app = a_console(path, exports)
        async with app.run_test(size=size) as pilot:
            await shows(app, pilot, "1 chip")
            yield app, pilot


async def comes(app, pilot, condition):
    for _ in range(PATIENCE):
        app.flush()
        await pilot.pause(0.01)
        if condition():
            return
    raise AssertionError(f"it never came:\n{grid(app)}")


async def shows(app, pilot, *words):
    await comes(app, pilot, lambda: all(word in grid(app) for word in words))


def move(engine, remote_id, **changes):
    runs = tuple(replace(one, **changes) if one.remote_id == remote_id else one for one in engine.snapshot().runs)
    engine.change(runs=runs)


async def test_only_the_rows_in_sight_are_there_and_the_last_one_comes_when_it_is_gone_to(engine, tmp_path):
    async with console(engine, tmp_path) as (app, pilot):
        assert len(app.desk.model.ids) == RUNS
        await comes(app, pilot, lambda: len(app.desk.model.runs) <= 4 * app.screen.runs.size.height)
        await pilot.press("G")
        await shows(app, pilot, f"{RUNS} warp", f"{RUNS} runs")
        await comes(app, pilot, lambda: 1 not in app.desk.model.runs)


async def test_every_row_on_the_way_down_comes(engine, tmp_path):
    async with console(engine, tmp_path, size=(80, 24)) as (app, pilot):
        for _ in range(12):
            await pilot.press("pagedown")
            await comes(app, pilot, lambda: app.screen.runs.cursor in app.desk.model.runs)
            await shows(app, pilot, f"▌{app.screen.runs.cursor:>6} ")


async def test_the_engine_filters_and_tells_what_passes_later(engine, tmp_path):
    async with console(engine, tmp_path) as (app, pilot):
        await pilot.press("slash", *"stage:warp", "enter")
        await shows(app, pilot, "5 of 500", "100 warp", "500 warp")
        move(engine, 250, stage=Stage.WARP)
        await shows(app, pilot, "6 of 500", "250 warp")
        await pilot.press("escape")
        await shows(app, pilot, "500 runs", "2 chip")


async def test_the_engine_sorts(engine, tmp_path):
    move(engine, 77, tries=3)
    async with console(engine, tmp_path) as (app, pilot):
        app.screen.runs.sort_by("tries")
        app.screen.runs.sort_by("tries")
        await comes(app, pilot, lambda: app.screen.runs.order[0] == 77)
        await pilot.press("g")
        await shows(app, pilot, "77 chip")


async def test_a_regular_expression_is_matched_by_the_engine_which_sends_numbers_only(engine, tmp_path):
    asked = []
    async with console(engine, tmp_path) as (app, pilot):
        call = app.desk.link.call

        async def noted(verb, **args):
            asked.append((verb, args))
            return await call(verb, **args)

        app.desk.link.call = noted
        app.screen.runs.set_filter("re:^4[0-9]0.warp")
        await shows(app, pilot, "1 of 500", "400 warp")
    assert "find_runs" in {verb for verb, _ in asked}
    assert "status" not in {verb for verb, _ in asked}


async def test_a_pattern_that_takes_for_ever_stops_neither_engine_nor_console_and_is_named(engine, tmp_path):
    engine.change(runs=tuple(replace(run, label="a" * 60) for run in engine.snapshot().runs))
    async with console(engine, tmp_path, (200, 60)) as (app, pilot):
        app.screen.runs.set_filter("re:(a+)+$!")
        await shows(app, pilot, "not sought: re:(a+)+$! takes too long")
        assert "500 runs" in grid(app)
        app.screen.runs.set_filter("re:^4[0-9]0.warp")
        await shows(app, pilot, "1 of 500", "400 warp")


async def test_a_pattern_that_is_none_is_sought_as_it_stands_and_says_so(engine, tmp_path):
    async with console(engine, tmp_path, (200, 60)) as (app, pilot):
        app.screen.runs.set_filter("re:([")
        await shows(app, pilot, "re:([ is no pattern (unterminated character set at position 1)", "0 of 500")


async def test_marks_belong_to_runs_out_of_sight_too_and_survive_filters(engine, tmp_path):
    async with console(engine, tmp_path) as (app, pilot):
        await pilot.press("space", "G", "space")
        app.screen.runs.set_filter("stage:warp")
        await shows(app, pilot, "5 of 500", "2 marked")
        assert app.screen.runs.chosen_runs() == [1, 500]
        await pilot.press("asterisk")
        await shows(app, pilot, "6 marked")


async def test_an_export_is_of_the_whole_table(engine, tmp_path):
    async with console(engine, tmp_path) as (app, pilot):
        await pilot.press("E", "c")
        await comes(app, pilot, lambda: list(tmp_path.glob("*.csv")))
    rows = list(csv.reader(next(tmp_path.glob("*.csv")).read_text().splitlines()))
    assert [row[0] for row in rows] == ["run", *(str(number) for number in range(1, RUNS + 1))]
    assert all(row[2] == "run" for row in rows[1:])


async def test_a_filter_kept_from_another_day_is_asked_for_once_an_engine_is_there(engine, tmp_path):
    async with serving(engine) as path:
        app = a_console(path, tmp_path)
        async with app.run_test(size=(80, 24)) as pilot:
            app.screen.runs.set_filter("stage:warp")
            await shows(app, pilot, "5 of 500", "300 warp")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_whatever_came_and_went_the_screen_is_that_of_a_console_attached_just_now(engine, tmp_path, size):
    chance = random.Random(size[0])
    async with serving(engine) as path:
        app, fresh = a_console(path, tmp_path), a_console(path, tmp_path)
        async with app.run_test(size=size) as pilot:
            await shows(app, pilot, "1 chip")
            for _ in range(8):
                engine.change(runs=tuple(shuffled(chance, engine.snapshot().runs)))
                await pilot.press(*chance.choices(["j", "G", "g", "pagedown", "pageup"], k=2))
                app.flush()
            went_through = await rested(app, pilot, engine)
        async with fresh.run_test(size=size) as pilot:
            await shows(fresh, pilot, "1 chip")
            assert await rested(fresh, pilot, engine) == went_through


def shuffled(chance, runs):
    """Some later moment: some runs moved on, some are gone."""
    for run in runs:
        if chance.random() < 0.02:
            continue
        step, state = chance.choice(((Step.SHIP, RunState.PENDING), (Step.DONE, RunState.FULL)))
        moved = replace(run, step=step, state=state, tasks_done=chance.randrange(8))
        yield moved if chance.random() < 0.1 else run


async def rested(app, pilot, engine):
    """The table of runs when everything has come."""
    await pilot.press("r", "g")
    table, there = app.screen.runs, {run.remote_id: run for run in engine.snapshot().runs}

    def is_there():
        shown, model = table.order[: table.size.height], app.desk.model
        return tuple(model.ids) == tuple(there) and all(model.runs.get(key) == there[key] for key in shown)

    await comes(app, pilot, is_there)
    return [table.render_line(y).text for y in range(table.size.height)]
