"""What is found again the next time: how one looks at things, never what was seen; a broken file costs nothing."""

from __future__ import annotations

import json

import pytest
from tests.console.support import settled

from rpconsole.console import kept
from rpconsole.console.keeping import CALM_S
from rpconsole.console.kept import Kept


def test_what_is_saved_is_loaded(tmp_path):
    before = Kept(theme="rp-light", sorts={"runs": ["age", True]}, filters=["a"], acknowledged=[[1.0, "x"]])
    kept.save(tmp_path / "deep" / "console.json", before)
    assert kept.load(tmp_path / "deep" / "console.json") == before
    assert (tmp_path / "deep" / "console.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '"x"', "[" * 100_000, '{"theme": 3}', '{"sorts": {"runs": "age"}}', '{"sorts": {"runs": [1, 2]}}',
        '{"acknowledged": [1, [2], ["a", 1]]}', '{"filters": [3, null]}', '{"other": 1}', '{"wide": [{}]}',
    ],
    ids=lambda text: text[:24],
)  # fmt: skip
def test_a_broken_file_keeps_nothing_and_says_nothing(tmp_path, text):
    (tmp_path / "console.json").write_text(text)
    assert kept.load(tmp_path / "console.json") == Kept()


def test_filters_are_remembered_once_and_not_for_ever():
    filters: list[str] = []
    for number in range(30):
        kept.remember(filters, f"f{number}")
    kept.remember(filters, "f20")
    kept.remember(filters, "")
    assert len(filters) == kept.FILTERS
    assert filters[-1] == "f20"
    assert filters.count("f20") == 1


async def test_filters_come_back_with_the_arrows_also_the_next_day(make_app, model, tmp_path):
    file = tmp_path / "console.json"
    async with make_app(model, kept_file=file).run_test(size=(80, 24)) as pilot:
        for text in ("chip", "warp"):
            await pilot.press("slash", *["backspace"] * 6, *text, "enter")
    async with make_app(model, kept_file=file).run_test(size=(80, 24)) as pilot:
        await pilot.press("escape", "slash", "up", "up", "enter")
        await pilot.pause()
        assert pilot.app.screen.runs.filter.text == "chip"


async def test_sorting_filter_zoom_theme_and_seen_alerts_are_found_again(make_app, model, hand, tmp_path):
    file = tmp_path / "console.json"
    async with make_app(model, kept_file=file).run_test(size=(80, 24)) as pilot:
        await settled(pilot.app, pilot)
        await pilot.press("s", "r", "s", "r", "w", "slash", *"LAP", "enter", "z", "a", "space")
        await pilot.press("colon", *"theme rp-light", "enter")
        await pilot.pause()
    text = file.read_text()
    assert "4711" not in text
    assert json.loads(text)["theme"] == "rp-light"
    model.acknowledged.clear()
    async with make_app(model, kept_file=file).run_test(size=(80, 24)) as pilot:
        await settled(pilot.app, pilot)
        main = pilot.app.screen
        assert (main.runs.sorted_by, main.runs.wide, main.runs.filter.text) == (("run", True), True, "LAP")
        assert main.zoomed == "runs"
        assert main.runs.marks == set()
        assert len(model.acknowledged) == 1


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("key", ["1", "2", "3", "4", "5", "6"])
async def test_the_pane_that_is_found_again_has_the_focus_and_no_hidden_one(make_app, model, tmp_path, key, size):
    file = tmp_path / "console.json"
    async with make_app(model, kept_file=file).run_test(size=size) as pilot:
        await pilot.press(key)
        await pilot.press("z")
        await pilot.pause()
        left = pilot.app.screen.focused
    async with make_app(model, kept_file=file).run_test(size=(80, 24)) as pilot:
        await settled(pilot.app, pilot)
        focused = pilot.app.screen.focused
        assert focused is not None
        assert focused.display
        if pilot.app.screen.zoomed:
            assert focused.id == left.id


async def test_a_view_is_written_once_it_was_left_alone(make_app, model, hand, tmp_path):
    file = tmp_path / "console.json"
    app = make_app(model, kept_file=file)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("w")
        app._mark_changed()
        app.flush()
        assert not file.exists()
        hand.at += CALM_S + 1
        model.heard()
        app._mark_changed()
        app.flush()
        assert json.loads(file.read_text())["wide"] == ["runs"]


async def test_a_place_that_cannot_be_written_costs_only_the_memory(make_app, model, hand, tmp_path):
    (tmp_path / "file").write_text("")
    app = make_app(model, kept_file=tmp_path / "file" / "console.json")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("w")
        hand.at += CALM_S + 1
        model.heard()
        app._mark_changed()
        app.flush()
        await pilot.press("w")
        assert app.is_running
    assert (tmp_path / "file").read_text() == ""
