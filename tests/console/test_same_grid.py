"""Whatever a console went through, it shows what one does that was attached just now."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
from tests.console.support import NOON, SIZES, a_run, busy, busy_runs, grid, live, settled

from rpconsole.console.model import Model
from rpconsole.console.screens.run import RunScreen
from rpconsole.domain.baton import NOBODY, Baton, Seat
from rpconsole.domain.run import RunState, Step
from rpconsole.domain.snapshot import GATES, GateView
from rpconsole.protocol.delta import delta_of
from rpconsole.protocol.messages import Change, WholeSnapshot

STEPS = (
    (Step.SHIP, RunState.PENDING),
    (Step.POLL, RunState.RUN),
    (Step.RETRIEVE, RunState.AUTH),
    (Step.EXEC_STOPPED, RunState.EXEC_FAIL),
    (Step.DONE, RunState.FULL),
)
MINE, OTHER = Seat(client=1, who="ipp", place="pts/3"), Seat(client=2, who="relief", place="pts/4")


def moved(chance, before):
    """Some later moment: runs come, go and change, gates and the baton too."""
    runs = {run.remote_id: run for run in before.runs}
    for _ in range(chance.randrange(6)):
        number, (step, state) = chance.randrange(4700, 4730), chance.choice(STEPS)
        if chance.random() < 0.2:
            runs.pop(number, None)
        else:
            runs[number] = a_run(number, step, state=state, tasks_done=chance.randrange(1200))
    gates = tuple(GateView(name=name, open=chance.random() < 0.8, who="ipp", at=NOON - 60) for name in GATES)
    return replace(
        before,
        sequence=before.sequence + 1,
        runs=tuple(runs[number] for number in sorted(runs)),
        gates=gates,
        sessions=before.sessions if chance.random() < 0.7 else before.sessions[::-1],
        baton=chance.choice((NOBODY, Baton(holder=MINE, since=NOON), Baton(holder=OTHER, since=NOON))),
    )


def shown(app):
    """The screen without what tells of the past: throughput, and the toasts."""
    return re.sub(r"[▁▂▃▄▅▆▇█]+ *", "~", grid(app))


async def look_anew(pilot, app):
    # throughput is the past, and a plot of it has its own scale
    app.desk.model.rates.clear()
    await pilot.press("r", "g")
    await settled(app, pilot)
    return shown(app)


async def go_through(chance, app, pilot, model, keys):
    """Whatever comes, and keys in between; the snapshot that it ends with."""
    snapshot = model.snapshot
    for _ in range(8):
        after = moved(chance, snapshot)
        whole = chance.random() < 0.2
        model.take(WholeSnapshot(snapshot=after) if whole else Change(delta=delta_of(snapshot, after)))
        snapshot = after
        app._mark_changed()
        app.flush()
        await pilot.press(chance.choice(keys))
    return snapshot


@pytest.mark.parametrize(
    ("size", "seed"), [(SIZES[0], 0), (SIZES[0], 1), (SIZES[0], 2), (SIZES[1], 3), (SIZES[2], 4)], ids=str
)
async def test_any_sequence_of_events_comes_to_the_screen_of_a_console_attached_to_its_end(make_app, hand, seed, size):
    chance = random.Random(seed)
    model = live(Model(monotonic=hand), busy(runs=busy_runs()))
    app = make_app(model)
    async with app.run_test(size=size) as pilot:
        snapshot = await go_through(chance, app, pilot, model, "jkG")
        went_through = await look_anew(pilot, app)
    fresh = make_app(live(Model(monotonic=hand), snapshot))
    async with fresh.run_test(size=size) as pilot:
        assert await look_anew(pilot, fresh) == went_through


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_on_a_runs_own_screen_it_is_the_same(make_app, hand, size):
    chance = random.Random(size[0])
    model = live(Model(monotonic=hand), busy(runs=busy_runs()))
    app = make_app(model)
    async with app.run_test(size=size) as pilot:
        await pilot.press("g", "enter")
        snapshot = await go_through(chance, app, pilot, model, "[]jk")
        remote_id = app.screen.remote_id
        await pilot.press(*["pageup"] * 9)
        await settled(app, pilot)
        went_through = shown(app)
    fresh = make_app(live(Model(monotonic=hand), snapshot))
    async with fresh.run_test(size=size) as pilot:
        table = fresh.screen.runs
        fresh.push_screen(RunScreen(fresh.desk, remote_id, table))
        await until_on(pilot, fresh, RunScreen)
        await settled(fresh, pilot)
        assert shown(fresh) == went_through


async def until_on(pilot, app, kind):
    for _ in range(6000):
        if isinstance(app.screen, kind):
            return
        await pilot.pause(0.01)
    raise AssertionError(f"the screen never was a {kind.__name__}")
