"""A person's own keys: taken as a whole or left out as a whole, and every mistake named with its line."""

from __future__ import annotations

import pytest
from tests.console.support import grid, settled
from tests.console.test_login import until

from rpconsole.console.actions import ACTIONS, BY_ID
from rpconsole.console.keymap import Keymap, load, textual_key
from rpconsole.console.screens.dialog import Dialog


def loaded(tmp_path, text):
    file = tmp_path / "keys.toml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def test_no_file_is_no_complaint(tmp_path):
    keymap, complaints = load(tmp_path / "none.toml")
    assert (keymap.own, complaints) == ({}, [])


@pytest.mark.parametrize("name", ['"run.cancel"', "run.cancel"])
def test_own_keys_replace_the_shipped_ones(tmp_path, name):
    keymap, complaints = loaded(tmp_path, f'[keys]\n{name} = "f8 ctrl+x"\n')
    assert complaints == []
    assert keymap.keys_of(BY_ID["run.cancel"]) == ["f8", "ctrl+x"]
    assert keymap.keys_of(BY_ID["run.revert"]) == ["R"]


def test_two_actions_may_change_places(tmp_path):
    keymap, complaints = loaded(tmp_path, '[keys]\n"run.cancel" = "R"\n"run.revert" = "X"\n')
    assert complaints == []
    assert keymap.keys_of(BY_ID["run.cancel"]) == ["R"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[keys", "is no TOML"),
        ('[kyes]\n"run.cancel" = "X"', "there is no [kyes]"),
        ('keys = "x"', "keys is no table"),
        ('[keys]\n"run.cancle" = "X"', "line 2: run.cancle is no action; did you mean 'run.cancel'?"),
        ('[keys]\n"run.cancel" = 3', "line 2: run.cancel = 3 is not a text"),
        ('[keys]\n"run.cancel" = ["X"]', "is not a text"),
        ('[keys]\n\n"run.cancel" = "f88"', "line 3: run.cancel = 'f88' is no key; did you mean 'f8'?"),
        ('[keys]\n"run.cancel" = "hyper+x"', "'hyper+x' is no key"),
        ('[keys]\n"run.cancel" = "ctrl+m"', "a terminal sends the same as for enter"),
        ('[keys]\n"run.cancel" = "Ctrl+I"', "a terminal sends the same as for tab"),
        ('[keys]\n"run.cancel" = "ctrl+s"', "flow control takes it"),
        ('[keys]\n"run.cancel" = "ctrl+b"', "tmux takes it"),
        ('[keys]\n"help" = ""', "help must have a key"),
        ('[keys]\n"run.cancel" = " "', "has no key; leave the line out"),
        ('[keys]\n"run.cancel" = "R"', "line 2: 'R' of run.cancel would hide run.revert"),
        ('[keys]\n"nav.down" = "p"', "line 2: 'p' of nav.down would hide gate.poll"),
        ('[keys]\n"journal" = "j"', "'j' of nav.down would hide journal"),
        ('[keys]\n"log.wrap" = "4"', "'4' of log.wrap would hide pane.4"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_the_shipped_keys_hold(tmp_path, text, sentence):
    keymap, complaints = loaded(tmp_path, text)
    assert keymap.own == {}
    assert any(sentence in one and str(tmp_path) in one for one in complaints), complaints
    assert complaints[-1].endswith("the shipped keys hold")


def test_a_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / "keys.toml").write_bytes(b"\xff\xfe[keys]")
    assert "it is no UTF-8" in load(tmp_path / "keys.toml")[1][0]


def test_a_directory_in_its_place_is_told(tmp_path):
    (tmp_path / "keys.toml").mkdir()
    assert "cannot be read" in load(tmp_path / "keys.toml")[1][0]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("X", "X"), ("[", "left_square_bracket"), ("/", "slash"), ("&", "ampersand"), ("esc", "escape"),
        ("pgdn", "pagedown"), ("ctrl+x", "ctrl+x"), ("f5", "f5"), ("space", "space"), ("-", "minus"), ("nonsense", None),
    ],
)  # fmt: skip
def test_keys_are_written_as_people_call_them(word, name):
    assert textual_key(word) == name


def test_every_shipped_key_can_be_written_in_a_file():
    keymap = Keymap()
    for action in ACTIONS:
        for word, raw in zip(keymap.keys_of(action), keymap.raw(action), strict=True):
            assert textual_key(word) == raw


async def test_an_own_key_works_is_in_footer_help_and_line_and_the_shipped_one_does_nothing(
    make_app, model, tmp_path, orders
):
    keymap, _ = loaded(tmp_path, '[keys]\n"run.cancel" = "f8"\n"run.why" = "H"\n')
    app = make_app(model, keymap=keymap)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(app, pilot)
        assert "H why" in grid(app)
        await pilot.press("X")
        await pilot.pause()
        assert orders.acts() == []
        assert "preview" not in orders.verbs()
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        await pilot.press("escape", "question_mark")
        await pilot.pause()
        assert any("f8" in line.text and "Cancel" in line.text for line in app.screen.view.lines)
        await pilot.press("escape", "colon", *"run-cancel")
        await pilot.pause()
        assert "(f8)" in grid(app)


async def test_what_is_wrong_with_a_persons_files_stays_in_the_log(make_app, model):
    app = make_app(model, complaints=["keys.toml, line 2: run.cancle is no action"])
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(app, pilot)
        await pilot.press("6", "z")
        await settled(app, pilot)
        assert "keys.toml, line 2: run.cancle is no action" in grid(app)
