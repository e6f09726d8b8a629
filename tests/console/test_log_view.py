"""A log: follows until one looks up, searches and keeps by the filters' grammar, says what it dropped, leads to runs."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from tests.console.support import NOON, busy, grid, live, settled
from tests.console.test_login import until

from rpconsole.console.model import LOG_LINES, Model
from rpconsole.console.screens.run import RunScreen
from rpconsole.console.widgets.log_lines import LogLine, LogLines, filter_of
from rpconsole.domain.action import Level
from rpconsole.domain.snapshot import Alert
from rpconsole.protocol.messages import WholeSnapshot


@contextmanager
def nothing(app):
    """A terminal that need not be left."""
    yield


def some(count: int, **changes) -> list[LogLine]:
    return [LogLine(f"line {number}", at=NOON + number, **changes) for number in range(count)]


@pytest.fixture
def lines() -> LogLines:
    return LogLines(limit=100, now=lambda: NOON + 3600)


def shown(lines: LogLines) -> list[str]:
    return [one.text for one in lines.laid]


def test_a_flood_leaves_the_last_lines_and_says_how_many_it_dropped(lines):
    gone = sum(lines.add(some(70)) for _ in range(10))
    assert (len(lines), lines.dropped, gone) == (100, 600, 600)
    assert shown(lines)[-1] == "line 69"


def test_adding_lays_out_only_what_is_added(lines, monkeypatch):
    lines.add(some(50))
    asked: list[LogLine] = []

    def is_shown(line: LogLine) -> bool:
        asked.append(line)
        return True

    monkeypatch.setattr(lines, "_is_shown", is_shown)
    lines.add(some(3))
    assert len(asked) == 3


def test_adding_comes_to_the_same_as_laying_anew(lines):
    lines.width = 20
    for count in (30, 50, 40):
        lines.add([*some(count), LogLine("words that are too long for one line of this width")])
    before = lines.laid
    lines.lay()
    assert lines.laid == before


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("level:warn", ["b"]),
        ("run:47", ["b", "c"]),
        ("!level:note", ["b", "c"]),
        ("age:<30m", ["c"]),
        ("re:^[ab]$", ["a", "b"]),
    ],
)
def test_the_grammar_of_filters_holds_for_logs(lines, text, kept):
    lines.add(
        [
            LogLine("a", at=NOON, level=Level.NOTE),
            LogLine("b", at=NOON, level=Level.WARN, remote_id=4711),
            LogLine("c", at=NOON + 3000, level=Level.ALERT, remote_id=4712),
        ]
    )
    lines.keep = filter_of(text)
    lines.lay()
    assert shown(lines) == kept


def test_a_key_that_no_line_has_is_said(lines):
    lines.keep = filter_of("host:mu")
    assert "nothing has host:" in lines.narrowed


def test_levels_turn_round(lines):
    lines.add([LogLine(level, level=level) for level in Level] + [LogLine("without one")])
    seen = []
    for _ in Level:
        lines.lay()
        seen.append(shown(lines))
        lines.next_level()
    assert seen == [
        ["note", "warn", "alert", "without one"],
        ["warn", "alert", "without one"],
        ["alert", "without one"],
    ]
    assert lines.least is Level.NOTE


@pytest.fixture
def said(app, model):
    """Say something to the operators and paint it."""
    count = [1]

    def say(*alerts: Alert) -> None:
        count[0] += 1
        model.take(WholeSnapshot(snapshot=busy(alerts=alerts, sequence=count[0])))
        app._mark_changed()
        app.flush()

    return say


async def test_looking_up_ends_following_and_new_lines_are_counted_until_the_end_is_looked_at(app, said):
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(app, pilot)
        await pilot.press("6", "k")
        said(Alert(at=NOON, level=Level.NOTE, sentence="one more"))
        await pilot.pause()
        assert "held · +1 new" in grid(app)
        await pilot.press("G")
        await pilot.pause()
        assert "follow · 4 lines" in grid(app)


async def test_a_line_leads_to_its_run_and_back(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(app, pilot)
        await pilot.press("6", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert app.screen.remote_id == 4715
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.focused.id == "log"


async def test_search_keep_level_time_and_wrap_by_keys(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(app, pilot)
        await pilot.press("6", "slash", *"msub", "enter")
        await pilot.pause()
        assert "/msub 1 found" in grid(app)
        await pilot.press("escape", "ampersand", *"level:note", "enter")
        await pilot.pause()
        assert "&level:note" in grid(app)
        assert "msub refused: no such account" not in grid(app).split("─6 Log")[1]
        await pilot.press("escape", "m", "t")
        await pilot.pause()
        log = grid(app).split("─6 Log")[1]
        assert "level>=warn" in log
        assert "1m alert" in log
        assert "session to mu-fe1" not in log


async def test_since_shows_only_what_is_younger_and_all_shows_the_rest_again(app, model):
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(app, pilot)
        await pilot.press("6", "colon", *"since 1m", "enter")
        await pilot.pause()
        assert len(app.screen.log_pane.lines.laid) == 2
        await pilot.press("colon", *"since all", "enter")
        await pilot.pause()
        assert len(app.screen.log_pane.lines.laid) == 3
        await pilot.press("colon", *"since soon", "enter")
        await pilot.pause()
        assert any("is no length of time" in one.message for one in app._notifications)


async def test_a_flood_between_two_looks_is_counted_and_the_end_is_shown(make_app, hand):
    model = live(Model(monotonic=hand), busy(alerts=()))
    app = make_app(model)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(app, pilot)
        alerts = tuple(Alert(at=NOON, level=Level.NOTE, sentence=f"said {number}") for number in range(LOG_LINES + 500))
        model.take(WholeSnapshot(snapshot=busy(alerts=alerts, sequence=2)))
        app._mark_changed()
        app.flush()
        await pilot.pause()
        assert f"dropped {500}" in grid(app)
        assert f"said {LOG_LINES + 499}" in grid(app)


async def test_the_pager_gets_what_is_shown(app, tmp_path, monkeypatch):
    script = tmp_path / "pager"
    script.write_text(f'#!/bin/sh\ncp "$1" {tmp_path}/got\n')
    script.chmod(0o755)
    monkeypatch.setenv("PAGER", str(script))
    monkeypatch.setattr("textual.app.App.suspend", nothing)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(app, pilot)
        await pilot.press("6", "o")
        await until(pilot, lambda: (tmp_path / "got").exists() and (tmp_path / "got").read_text())
    assert (tmp_path / "got").read_text().splitlines()[2] == "16:52:50 warn  run 4715  msub refused: no such account"


async def test_a_pager_that_is_not_there_is_a_sentence(app, monkeypatch):
    monkeypatch.setenv("PAGER", "/nowhere/pager -x")
    monkeypatch.setattr("textual.app.App.suspend", nothing)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settled(app, pilot)
        await pilot.press("6", "o")
        await until(pilot, lambda: any("/nowhere/pager cannot be started" in one.message for one in app._notifications))
