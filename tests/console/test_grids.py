"""Every screen as text, at three sizes of one terminal that is resized, busy, empty, stale and read-only."""

from __future__ import annotations

import pytest
from tests.console.support import NOON, SIZES, assert_grid, busy, empty, grid, live, settled

from rpconsole.console.model import Model
from rpconsole.console.theme import ThemeFiles
from rpconsole.domain.snapshot import GATES, GateView

STATES = ("busy", "empty", "stale", "read-only")
#: screen -> the keys that lead to it from the main screen
WAYS = {
    "main": (),
    "run": ("enter",),
    "components": ("enter", "c"),
    "commands": ("enter", "c", "enter"),
    "command-log": ("enter", "c", "enter", "enter"),
    "failures": ("enter", "x"),
    "story": ("enter", "t"),
    "files": ("enter", "f"),
    "raw": ("y",),
    "why": ("W",),
    "job-log": ("l",),
    "log": ("6",),
    "transfer": ("5", "z"),
    "sessions": ("1",),
    "queues": ("2", "z"),
    "alerts": ("exclamation_mark",),
    "journal": ("J",),
    "doubts": ("D",),
    "themes": ("colon", *"theme", "enter"),
    "help": ("question_mark",),
    "palette": ("colon", *"gate"),
    "export": ("E",),
    "cancel": ("space", "space", "X"),
    "login": ("L",),
    "renewal": ("K",),
}
#: they open only where one may act
ACTS = ("cancel", "login", "renewal")
#: screens of one run: where there is no run there is no way to them
OF_A_RUN = {
    *("run", "components", "commands", "command-log", "failures", "story", "files", "raw", "why", "job-log", "cancel"),
}


@pytest.fixture
def in_state(make_app, model, hand, orders, tmp_path):
    """A console whose model is as a test says."""
    files = ThemeFiles(tmp_path / "none")

    def make(state):
        if state == "empty":
            orders.answers |= {
                "reconcile": lambda: {"runs": []},
                "acts": lambda limit: {"acts": []},
            }
            return make_app(live(Model(monotonic=hand), empty()), theme_files=files)
        if state == "read-only":
            return make_app(live(Model(monotonic=hand, read_only=True), busy()), theme_files=files)
        return make_app(model, theme_files=files)

    return make


def pairs():
    for screen in WAYS:
        for state in STATES:
            if (state == "empty" and screen in OF_A_RUN) or (screen in ACTS and state in ("empty", "read-only")):
                continue
            yield pytest.param(screen, state, id=f"{screen}-{state}")


@pytest.mark.parametrize(("screen", "state"), pairs())
async def test_the_screen_is_as_committed_at_every_size(in_state, model, hand, screen, state):
    app = in_state(state)
    async with app.run_test(size=SIZES[0]) as pilot:
        await settled(app, pilot)
        for key in WAYS[screen]:
            await pilot.press(key)
            await settled(app, pilot)
        if state == "stale":
            model.lost("the engine ended the connection")
            hand.at += 38
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await settled(app, pilot)
            for shown in app.screen_stack:
                shown.touch(None)
            await pilot.pause()
            assert_grid(app, f"{screen}-{state}-{size[0]}x{size[1]}")


async def test_a_closed_gate_shows_its_age_at_80_columns(make_app, hand):
    gates = tuple(
        GateView(name=name, open=name not in ("poll", "define"), who="ipp", at=NOON - 11520) for name in GATES
    )
    app = make_app(live(Model(monotonic=hand), busy(gates=gates)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        first = grid(app).splitlines()[0]
        assert " POLL off 3h12 " in first
        assert " DEFINE off 3h12 " in first
        assert "net 2/3" in first


@pytest.mark.parametrize("keys", [(), ("enter",), ("enter", "c"), ("J",), ("question_mark",)])
async def test_a_terminal_that_is_too_small_gets_a_sentence_on_every_screen_and_the_screen_comes_back(app, keys):
    async with app.run_test(size=(80, 24)) as pilot:
        for key in keys:
            await pilot.press(key)
            await settled(app, pilot)
        before = grid(app)
        await pilot.resize_terminal(52, 12)
        await settled(app, pilot)
        assert grid(app).splitlines()[3:] == [""] * 9
        assert grid(app).splitlines()[:3] == ["rpconsole needs 60x16,", "has 52x12.", "q quits · sessions 2/3"]
        await pilot.resize_terminal(80, 24)
        await settled(app, pilot)
        assert grid(app) == before


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
