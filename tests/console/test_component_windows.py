"""The components of a large run: the console is sent the rows in sight, and asks for others as it goes."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest
from tests.console.test_windows import comes, console, shows
from tests.fakes.engine import FakeEngine, a_run_row

from rpconsole.domain.run import Component, ComponentState
from rpconsole.protocol.client import EngineClient
from rpconsole.protocol.codec import encode
from rpconsole.protocol.messages import Answer

COUNT = 2500


class LargeRun(FakeEngine):
    """A run of thousands of components, one of them failed."""

    async def run_detail(self, remote_id):
        found = await super().run_detail(remote_id)
        one = Component(remote_id=remote_id, stage_id=1, jobs=60, state=ComponentState.PREP_DONE, path_base="/p")
        components = tuple(replace(one, stage_id=number) for number in range(1, COUNT + 1))
        failed = replace(components[1999], state=ComponentState.FAIL)
        failure = replace(found.failures[0], stage_id=2000)
        return replace(found, components=(*components[:1999], failed, *components[2000:]), failures=(failure,))


@pytest.fixture
def engine():
    return LargeRun(rows=[a_run_row(1)])


@pytest.fixture
def sizes(monkeypatch):
    """Bytes of each answer, by what is in it."""
    taken, settle = [], EngineClient._settle

    def noted(client, message):
        taken.append(message)
        settle(client, message)

    monkeypatch.setattr(EngineClient, "_settle", noted)
    return lambda: [len(encode(one)) for one in taken if isinstance(one, Answer)]


async def test_a_runs_screen_tells_of_thousands_of_components_in_few_bytes(engine, tmp_path, sizes):
    async with console(engine, tmp_path, size=(200, 60)) as (app, pilot):
        await pilot.press("enter")
        await shows(app, pilot, "Components 2,500", "fail 1", "prep_done 2,499", "component 2000 XY11")
    assert max(sizes()) < 4096


async def test_the_components_in_sight_come_and_the_last_ones_too(engine, tmp_path, sizes):
    async with console(engine, tmp_path) as (app, pilot):
        await pilot.press("enter", "c")
        await shows(app, pilot, "2,500 components", "prep_done")
        await pilot.press("G")
        await comes(app, pilot, lambda: app.screen.rows.row(app.screen.table.cursor) is not None)
        assert app.screen.rows.row(app.screen.table.cursor)["stage_id"] == COUNT
    assert max(sizes()) < 40_000


async def test_the_engine_filters_and_sorts_components(engine, tmp_path):
    async with console(engine, tmp_path) as (app, pilot):
        await pilot.press("enter", "c")
        await shows(app, pilot, "2,500 components")
        app.screen.table.set_filter("state:fail")
        await shows(app, pilot, "1 of 2,500", "2000", "XY11: no product x.fits")
        app.screen.table.set_filter("re:^1?2000.")
        await shows(app, pilot, "1 of 2,500", "XY11: no product x.fits")
        app.screen.table.set_filter("")
        app.screen.table.sort_by("stage_id")
        app.screen.table.sort_by("stage_id")
        await comes(app, pilot, lambda: app.screen.table.order[0] == ("Components", COUNT))


async def test_an_export_of_components_is_of_all_of_them(engine, tmp_path):
    async with console(engine, tmp_path) as (app, pilot):
        await pilot.press("enter", "c")
        await shows(app, pilot, "2,500 components", "prep_done")
        await pilot.press("E", "c")
        await comes(app, pilot, lambda: list(tmp_path.glob("*.csv")))
    rows = list(csv.DictReader(next(tmp_path.glob("*.csv")).read_text().splitlines()))
    assert [int(row["stage_id"]) for row in rows] == list(range(1, COUNT + 1))
    assert (rows[1999]["state"], rows[1999]["worst"]) == ("fail", "XY11: no product x.fits")


async def test_a_component_says_why_it_does_not_move(engine, tmp_path):
    async with console(engine, tmp_path) as (app, pilot):
        await pilot.press("enter", "c")
        await shows(app, pilot, "2,500 components")
        app.screen.table.set_filter("state:fail")
        await shows(app, pilot, "1 of 2,500")
        await pilot.press("g", "W")
        await shows(app, pilot, "Why component 2000 does not move", "XY11: no product x.fits")
