"""The main screen as text, at three sizes."""

from __future__ import annotations

import pytest
from tests.console.support import SIZES, assert_grid, busy, empty, grid, live, settled

from rpconsole.console.model import Model
from rpconsole.domain.snapshot import GATES, GateView

sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


async def shown(app, name, size):
    async with app.run_test(size=size) as pilot:
        await settled(app, pilot)
        assert_grid(app, f"{name}-{size[0]}x{size[1]}")


@sizes
async def test_a_busy_screen(app, size):
    await shown(app, "busy", size)


@sizes
async def test_an_empty_screen_says_what_to_do(make_app, hand, size):
    await shown(make_app(live(Model(monotonic=hand), empty())), "empty", size)


@sizes
async def test_a_stale_screen_keeps_the_view_and_says_how_old_it_is(make_app, model, hand, size):
    model.lost("the engine ended the connection")
    hand.at += 38
    await shown(make_app(model), "stale", size)


@sizes
async def test_a_read_only_screen_says_so(make_app, hand, size):
    await shown(make_app(live(Model(monotonic=hand, read_only=True), busy())), "read-only", size)


async def test_a_closed_gate_shows_its_age_at_80_columns(make_app, hand):
    gates = tuple(
        GateView(name=name, open=name not in ("poll", "define"), who="ipp", at=1_400_000_000.0 - 11520)
        for name in GATES
    )
    app = make_app(live(Model(monotonic=hand), busy(gates=gates)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        first = grid(app).splitlines()[0]
        assert " POLL off 3h12 " in first
        assert " DEFINE off 3h12 " in first
        assert "net 2/3" in first


async def test_a_terminal_that_is_too_small_gets_a_sentence(app):
    async with app.run_test(size=(52, 12)) as pilot:
        await pilot.pause()
        assert grid(app).splitlines()[:3] == ["rpconsole needs 60x16,", "has 52x12.", "q quits · sessions 2/3"]


async def test_before_the_first_snapshot_the_screen_says_what_it_waits_for(make_app, hand):
    app = make_app(Model(monotonic=hand))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "Looking for the engine" in grid(app)


async def test_with_every_gate_closed_none_is_cut_and_the_countdown_stays(make_app, hand):
    names = (*GATES, "prepare.warp", "prepare.stack")
    gates = tuple(GateView(name=name, open=False, who="ipp", at=1_400_000_000.0 - 11520) for name in names)
    app = make_app(live(Model(monotonic=hand), busy(gates=gates)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        first = grid(app).splitlines()[0]
        assert all(name.upper() in first for name in GATES)
        assert first.rstrip().endswith("net 2/3 ◐ 0:41")
