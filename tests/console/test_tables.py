"""Tables: sorting by a letter or a click, wide columns, marks by ranges that survive filters; the map and the plot."""

from __future__ import annotations

import pytest
from tests.console.support import a_run, busy, grid, live, settled

from rpconsole.console.model import Model
from rpconsole.console.panes.component_map import component_map, map_note
from rpconsole.console.panes.plot import plot_lines, round_top
from rpconsole.console.text import skipped, width_of, wrapped
from rpconsole.console.theme import GLYPHS
from rpconsole.console.widgets.columns import Column, laid_out, letters
from rpconsole.domain.components import failure_kinds
from rpconsole.domain.filters import parse
from rpconsole.ports.journal import Verdict

UNICODE = GLYPHS["unicode"]


async def test_a_letter_sorts_by_its_column_and_again_the_other_way_round(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(app, pilot)
        runs = app.screen.runs
        await pilot.press("s")
        await pilot.pause()
        assert "sort by  r run  s stage" in grid(app) or "s arrival" in grid(app)
        await pilot.press("r")
        assert runs.sorted_by == ("run", False)
        await pilot.press("s", "r")
        assert [*runs.order] == sorted(runs.order, reverse=True)
        await pilot.press("s", "s")
        assert runs.sorted_by is None
        assert [*runs.order] == sorted(runs.order)


@pytest.mark.parametrize("key", ["escape", "X", "p"])
async def test_a_key_that_is_no_column_ends_the_choice_and_does_nothing_else(app, orders, key):
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("s", key)
        await pilot.pause()
        assert app.screen.runs.sorting is False
        assert orders.acts() == []
        assert len(app.screen_stack) == 1


async def test_a_click_on_a_head_sorts(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        await pilot.click(app.screen.runs, offset=(6, 1))
        assert app.screen.runs.sorted_by == ("run", False)


async def test_wide_columns_are_scrolled_over_and_nothing_is_left_out(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        assert "label" not in grid(app).splitlines()[9]
        await pilot.press("w")
        for _ in range(5):
            await pilot.press("right")
        await pilot.pause()
        head = grid(app).splitlines()[9]
        assert "label" in head
        assert "run stage" not in head
        await pilot.press("w")
        await pilot.pause()
        assert "run stage" in grid(app).splitlines()[9]


async def test_a_range_is_marked_and_marks_survive_a_filter(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        await pilot.press("j", "v", "j", "j", "v")
        runs = app.screen.runs
        assert runs.marks == {4712, 4713, 4714}
        await pilot.press("slash", *"stage:stack", "enter")
        assert [*runs.order] == [4716]
        assert runs.marks == {4712, 4713, 4714}
        assert "3 marked" in grid(app)
        await pilot.press("escape", "backslash")
        assert runs.marks == set()


async def test_a_range_upwards_and_one_whose_begin_was_filtered_away(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        runs = app.screen.runs
        await pilot.press("G", "v", "k", "v")
        assert runs.marks == {4715, 4716}
        await pilot.press("backslash", "g", "v", "slash", *"stage:stack", "enter", "v", "v")
        assert runs.marks == {4716}


async def test_an_act_is_about_marked_rows_also_those_out_of_sight(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        await pilot.press("space", "slash", *"stage:stack", "enter", "X")
        await pilot.pause()
        asked = next(args for verb, args in orders.ordered if verb == "preview")
        assert asked == {"order": "cancel", "remote_ids": [4711]}


def test_each_column_has_a_letter_of_its_own():
    columns = [
        Column(key=str(n), title=title, width=3) for n, title in enumerate(["state", "stage", "s", "t", "", "宽"])
    ]
    found = letters(columns)
    assert len(found) == len(columns)
    assert [column.key for column in found.values()] == [column.key for column in columns]


@pytest.mark.parametrize("width", [1, 10, 40, 78, 200])
def test_columns_never_take_more_than_there_is(width):
    columns = [Column(key=str(n), title="t", width=10 + n, rank=n, grows=n == 2) for n in range(6)]
    layout = laid_out(columns, width)
    assert layout.columns
    assert layout.width <= max(width, 11)


def test_scrolling_cuts_wide_characters_into_spaces():
    assert skipped([("宽字", "a"), ("bc", "b")], 1) == [(" 字", "a"), ("bc", "b")]
    assert skipped([("ab", "a"), ("c", "b")], 2) == [("c", "b")]
    assert skipped([("ab", "a")], 9) == []


@pytest.mark.parametrize("count", [0, 1, 39, 620, 40_000])
def test_a_map_has_room_for_any_number_and_hides_no_failure(count):
    states = ["pass"] * count
    if count:
        states[count // 2] = "fail"
    lines = component_map(states, UNICODE, 80, 5)
    assert len(lines) <= 5
    assert all(width_of(line) <= 80 for line in lines)
    assert any(token == "state-fault" for line in lines for _, token in line) is bool(count)


def test_a_state_that_nobody_knows_is_counted():
    assert map_note(["pass", "pass", "strange"]) == "pass 2  other 1"
    component_map(["strange"], UNICODE, 80, 1)


@pytest.mark.parametrize("values", [[], [0.0], [1.0], [5.0] * 300, [1e-9, 1e15], [3.0, 0.0, -1.0]])
@pytest.mark.parametrize("height", [1, 3, 8])
def test_a_plot_fits_and_its_peak_reaches_no_higher_than_its_top(values, height):
    lines = plot_lines(values, 60, height, UNICODE, token="state-ship")
    assert len(lines) == height
    assert all(width_of(line) <= 60 for line in lines)


@pytest.mark.parametrize(
    ("peak", "rows", "top"),
    [
        (0, 6, 6),
        (1, 1, 1),
        (3, 1, 5),
        (54.5e6, 1, 1e8),
        (1e8, 1, 1e8),
        (0.3, 1, 0.5),
        (2.0e6, 6, 3e6),
        (54.5e6, 6, 6e7),
    ],
)
def test_every_row_of_a_plot_has_a_round_name(peak, rows, top):
    assert round_top(peak, rows) == pytest.approx(top)


def test_failures_that_say_the_same_are_one_kind_the_most_frequent_first():
    said = [(n, f"XY{n}", f"ppImage rc 3 (XY{n})") for n in range(30, 42)] + [(1, "", "no product x.fits")]
    kinds = failure_kinds(
        [
            Verdict(remote_id=1, stage_id=stage_id, item=item, state="fail", sentence=sentence)
            for stage_id, item, sentence in said
        ]
    )
    assert [(count, first) for _, count, first in kinds] == [(12, "component 30 XY30"), (1, "component 1 ")]


def test_an_indent_holds_for_every_line():
    assert wrapped("  one two three", 8) == ["  one", "  two", "  three"]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("age:>1h", [4711]), ("age:<1h", [4712]), ("wall:<30m", [4711]), ("comps:fail>0", [4715]),
            ("nonsense:fail>0", []),
        ("step:poll", [4711, 4712]), ("!stage:chip", [4714, 4715, 4716]), ('"no such account"', [4715]),
            ("state:run,auth", [4711, 4712, 4714]),
    ],
)  # fmt: skip
async def test_filters_of_runs(app, text, runs):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.screen.runs.set_filter(text)
        assert [*app.screen.runs.order] == runs


@pytest.mark.parametrize(
    "text", ["!", '"', "'", "re:[", "re:", "age:>", "age:>x", "a:b:c>1", ":", "!!x", "\\", "x" * 5000, "\x00"]
)
def test_nothing_that_can_be_typed_is_an_error(text):
    parse(text, ("age", "run")).passes({"text": "x", "age": 1.0})


async def test_a_dialog_for_many_runs_scrolls_and_its_keys_stay(make_app, hand):
    app = make_app(live(Model(monotonic=hand), busy(runs=tuple(a_run(number) for number in range(1, 31)))))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        await pilot.press("asterisk", "X")
        await pilot.pause()
        await settled(app, pilot)
        assert "type 30 to go on" in grid(app)
        assert "run 1, chip" in grid(app)
        for _ in range(12):
            await pilot.press("pagedown")
        await pilot.pause()
        assert "run 30, chip" in grid(app)
        assert "type 30 to go on" in grid(app)
