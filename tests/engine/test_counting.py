"""What a cycle costs: no more queries for many runs than for few, no look at all components, nothing asked of the site."""

from __future__ import annotations

import asyncio
from collections import Counter

from sqlalchemy import event
from tests.builders.runs import row_of
from tests.engine.conftest import LABEL, OWNER, Bench

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.event import SessionGone, SessionOpened
from rpconsole.domain.run import ComponentState, Step
from rpconsole.engine.counting import IN_TURN, ComponentCounts
from rpconsole.engine.service import Engine
from rpconsole.ports.run_store import ComponentChange


def waiting_runs(bench: Bench, first: int, count: int) -> None:
    """Prepared runs of three components each, that wait for a session."""
    row = {"state": "auth", "stage": "chip", "label": LABEL, "path_base": "neb://any/remote/DEMO", "fault": 0}
    numbers = range(first, first + count)
    bench.rows.add_many(t.remote_run, [{**row, "remote_id": number, "job_id": number} for number in numbers])
    component = {"jobs": 1, "state": "prep_done", "path_base": None}
    bench.rows.add_many(
        t.remote_component,
        [{**component, "remote_id": number, "stage_id": number * 10 + i} for number in numbers for i in range(3)],
    )


class Asked:
    """Remote ids of every query for counts."""

    def __init__(self, bench: Bench, monkeypatch) -> None:
        self.ids: list[list[int]] = []
        plain = bench.world.runs.component_counts

        async def counts(remote_ids):
            self.ids.append(sorted(remote_ids))
            return await plain(remote_ids)

        monkeypatch.setattr(bench.world.runs, "component_counts", counts)


async def test_start_and_refresh_take_as_many_queries_for_many_runs_as_for_few(bench):
    seen = []
    for first, count in ((1, 5), (6, 1200)):
        waiting_runs(bench, first, count)
        core = Engine(bench.world, OWNER)._core
        engine = Engine(bench.world, OWNER)
        sent: Counter[str] = Counter()

        def keep(connection, cursor, statement, *rest, sent=sent) -> None:
            sent[statement.split()[0]] += 1

        event.listen(bench.gpc1.engine, "before_cursor_execute", keep)
        await core.book.refresh()
        await core.book.refresh()
        await engine._core.book.refresh()
        await engine._views.refresh()
        await engine._views.count()
        event.remove(bench.gpc1.engine, "before_cursor_execute", keep)
        seen.append(sent["SELECT"])
        assert len(core.book.live()) == first + count - 1
    assert seen == [4, 4]
    assert not bench.site.calls


async def test_a_session_that_is_missing_parks_all_runs_and_one_login_revives_them_in_as_many_statements(bench):
    seen = []
    for first, count in ((1, 4), (5, 900)):
        waiting_runs(bench, first, count)
        book = Engine(bench.world, OWNER)._core.book
        await book.refresh()
        sent: list[str] = []

        def keep(connection, cursor, statement, *rest, sent=sent) -> None:
            sent.append(statement)

        engines = [bench.gpc1.engine, bench.journal.runs._database.engine]
        for engine in engines:
            event.listen(engine, "before_cursor_execute", keep)
        await book.apply_to_all(list(book.runs), SessionOpened())
        states = set(bench.states())
        await book.apply_to_all(list(book.runs), SessionGone())
        for engine in engines:
            event.remove(engine, "before_cursor_execute", keep)
        assert states == {"run"}
        assert set(bench.states()) == {"auth"}
        assert all(run.parked and run.tries == 0 for run in book.runs.values())
        told = await bench.world.journal.story(first)
        assert [line.event for line in told] == ["SessionOpened", "SessionGone"]
        assert (await bench.world.journal.load([row_of(book.runs[first])]))[first] == book.runs[first]
        # the rows of jobs that the journal had not heard of are its own affair, once
        ours = [one for one in sent if "rp_job" not in one and not one.startswith("BEGIN")]
        seen.append(len([one for one in ours if "count(*)" not in one]))
    assert seen[0] == seen[1]


async def test_all_runs_are_counted_in_one_query_and_then_only_a_few_in_turn(bench, monkeypatch):
    waiting_runs(bench, 1, 3 * IN_TURN)
    asked = Asked(bench, monkeypatch)
    engine = Engine(bench.world, OWNER)
    await engine._core.book.refresh()
    await engine._views.refresh()
    assert asked.ids == [], "a refresh does not wait for counts"
    await engine._views.count()
    assert [len(ids) for ids in asked.ids] == [3 * IN_TURN]
    asked.ids.clear()
    await engine._views.count()
    assert asked.ids == [], "nothing waits, so nothing is asked between refreshes"
    await engine._views.refresh()
    await engine._views.count()
    assert [len(ids) for ids in asked.ids] == [IN_TURN]
    assert all(run.components == {ComponentState.PREP_DONE: 3} for run in engine.snapshot().runs)


async def test_components_are_unknown_and_not_zero_until_they_are_counted(bench, monkeypatch):
    waiting_runs(bench, 1, 3)
    counted, plain = asyncio.Event(), bench.world.runs.component_counts

    async def slow(remote_ids):
        await counted.wait()
        return await plain(remote_ids)

    monkeypatch.setattr(bench.world.runs, "component_counts", slow)
    async with bench.running() as engine:
        await bench.until(lambda: engine.snapshot().runs)
        assert [run.components for run in engine.snapshot().runs] == [None] * 3
        counted.set()
        await bench.until(lambda: engine.snapshot().runs[2].components)
        assert [run.components for run in engine.snapshot().runs] == [{ComponentState.PREP_DONE: 3}] * 3


async def test_a_run_that_moved_or_is_at_work_is_counted_at_the_next_refresh(bench, monkeypatch):
    waiting_runs(bench, 1, 3 * IN_TURN)
    engine = Engine(bench.world, OWNER)
    book = engine._core.book
    await book.refresh()
    await engine._views.refresh()
    await engine._views.count()
    asked = Asked(bench, monkeypatch)
    moved, last = 25, 3 * IN_TURN
    book.runs[moved] = book.runs[moved].with_(tries=1)
    book.runs[last] = book.runs[last].with_(step=Step.APPLY)
    for _ in range(2):
        await engine._views.refresh()
        await engine._views.count()
    assert {moved, last} <= set(asked.ids[0])
    assert last in asked.ids[1]
    assert moved not in asked.ids[1]


async def test_another_hands_change_of_components_is_seen_in_turn(bench):
    waiting_runs(bench, 1, 2 * IN_TURN)
    counts = ComponentCounts(bench.world)
    engine = Engine(bench.world, OWNER)
    await engine._core.book.refresh()
    runs = engine._core.book.runs
    counts.want(runs)
    await counts.count(runs)
    await bench.world.runs.change_components(20, [ComponentChange(stage_id=200, state=ComponentState.FAIL)])
    for _ in range(3):
        counts.want(runs)
        await counts.count(runs)
    assert counts.of[20] == {ComponentState.PREP_DONE: 2, ComponentState.FAIL: 1}


async def test_a_run_that_is_gone_is_forgotten(bench):
    waiting_runs(bench, 1, 3)
    counts = ComponentCounts(bench.world)
    engine = Engine(bench.world, OWNER)
    await engine._core.book.refresh()
    runs = dict(engine._core.book.runs)
    counts.want(runs)
    await counts.count(runs)
    del runs[2]
    counts.want(runs)
    assert set(counts.of) == {1, 3}


async def test_an_engine_that_begins_shows_the_runs_that_wait_for_a_person(bench):
    row = {"stage": "chip", "label": LABEL, "path_base": "neb://any/remote/DEMO", "fault": 5}
    states = ("exec_fail", "full", "error", "prep_fail")
    bench.rows.add_many(
        t.remote_run, [{**row, "remote_id": number, "state": state} for number, state in enumerate(states, 1)]
    )
    book = Engine(bench.world, OWNER)._core.book
    await book.refresh()
    assert sorted(book.runs) == [1, 3, 4]
    assert book.live() == []
    await book.refresh()
    assert sorted(book.runs) == [1, 3, 4]
