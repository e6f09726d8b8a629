"""Theme files: the shipped ones can be read by everybody, broken ones are told and left out."""

from __future__ import annotations

import os

import pytest
from rich.color import Color
from tests.console.test_login import until

from rpconsole.console import keymap
from rpconsole.console.own_files import MOST_BYTES
from rpconsole.console.theme import COLOURLESS, GLYPHS, TOKENS, ThemeFiles, chosen, load, shipped
from rpconsole.console.widgets.painting import strip_of
from rpconsole.domain.fault import BadConfiguration

PALETTES, COMPLAINTS = load(shipped())
COLOURED = [palette for palette in PALETTES.values() if not palette.ansi]


def luminance(colour: Color) -> float:
    parts = [part / 255 for part in colour.get_truecolor()]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_five_themes_are_shipped_without_a_complaint():
    assert sorted(PALETTES) == ["rp-16", "rp-contrast", "rp-dark", "rp-light", "rp-mono"]
    assert COMPLAINTS == []


@pytest.mark.parametrize("palette", COLOURED, ids=lambda palette: palette.name)
@pytest.mark.parametrize("token", [token for token in TOKENS if token not in ("rule", "cursor")])
def test_every_token_can_be_read_on_the_background_and_on_the_cursor_row(palette, token):
    style = palette.style(token)
    assert contrast(style.color, style.bgcolor) >= 4.5
    if style.bgcolor == palette.plain.bgcolor:
        assert contrast(style.color, Color.parse(palette.base["cursor"])) >= 4.5


@pytest.mark.parametrize("palette", COLOURED, ids=lambda palette: palette.name)
def test_what_needs_a_person_differs_from_what_runs_in_more_than_its_hue(palette):
    run, fault, auth = (palette.style(f"state-{word}") for word in ("run", "fault", "auth"))
    assert len({(luminance(one.color) // 0.04, bool(one.bold)) for one in (run, fault, auth)}) == 3


def test_the_colourless_theme_has_no_colour():
    palette = PALETTES[COLOURLESS]
    assert all(palette.style(token).color is None and palette.style(token).bgcolor is None for token in TOKENS)


def test_no_colour_beats_every_wish():
    assert chosen(PALETTES, "rp-light", colourless=True).name == COLOURLESS


def test_both_sets_have_the_same_glyphs_one_cell_wide():
    assert GLYPHS["unicode"].keys() == GLYPHS["ascii"].keys()
    assert all(ord(ch) < 128 for glyph in GLYPHS["ascii"].values() for ch in glyph)
    emoji_forms = "\u25b6\u23f8\u2714\u26a0\u2716"
    assert not any(ch in emoji_forms for glyph in GLYPHS["unicode"].values() for ch in glyph)


def test_a_theme_inherits_what_it_does_not_say(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\ninherits = "rp-dark"\n[state]\nauth = "#ffcc00 bold"\n[glyphs]\nset = "ascii"\n')
    palettes, complaints = load([*shipped(), file])
    assert complaints == []
    assert palettes["mine"].tokens["state-auth"] == "#ffcc00 bold"
    assert palettes["mine"].tokens["state-run"] == PALETTES["rp-dark"].tokens["state-run"]
    assert palettes["mine"].glyphs["full"] == "+"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = ", "is no TOML"),
        ('inherits = "rp-dark"', "has no name"),
        ('name = "x"\n[stat]\nrun = "red"', "there is no [stat]; did you mean 'state'?"),
        ('name = "x"\n[state]\nruns = "red"', "[state] has no 'runs'; did you mean 'run'?"),
        ('name = "x"\n[state]\nrun = "purpleish"', "[state] run = 'purpleish' is no colour"),
        ('name = "x"\n[state]\nrun = 3', "[state] run = 3 is not a text"),
        ('name = "x"\n[base]\npanel = "nothing"', "[base] panel = 'nothing' is no colour"),
        ('name = "x"\n[glyphs]\nset = "emoji"', "one of unicode, ascii"),
        ('name = "x"\ninherits = "rp-drak"', "there is no such theme; did you mean 'rp-dark'?"),
        ('name = "x"\ninherits = "x"', "in a circle"),
        ('name = "x"\ndark = "yes"', "is not true or false"),
        ('name = "x"', "is missing, and nothing is inherited"),
    ],
)
def test_a_broken_file_is_told_with_its_place_and_the_others_stay(tmp_path, text, sentence):
    file = tmp_path / "broken.toml"
    file.write_text(text)
    palettes, complaints = load([*shipped(), file])
    assert sorted(palettes) == sorted(PALETTES)
    assert len(complaints) == 1
    assert str(file) in complaints[0]
    assert sentence in complaints[0]


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    assert "cannot be read" in load([*shipped(), tmp_path / "none.toml"])[1][0]


def test_an_unknown_theme_names_the_nearest():
    with pytest.raises(BadConfiguration, match="did you mean 'rp-light'"):
        chosen(PALETTES, "rp-lihgt", colourless=False)


def test_files_are_read_anew_when_they_change_and_a_broken_one_leaves_the_theme_as_it_was(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\ninherits = "rp-dark"\n[state]\nauth = "#ffcc00"\n')
    files = ThemeFiles(tmp_path)
    assert files.fresh() is False
    file.write_text('name = "mine"\ninherits = "rp-dark"\n[state]\nauth = "#ffcc00 bold"\n')
    assert files.fresh() is True
    assert files.palettes["mine"].tokens["state-auth"] == "#ffcc00 bold"
    file.write_text('name = "mine"\ninherits = "rp-drak"\n')
    assert files.fresh() is True
    assert "did you mean 'rp-dark'" in files.complaints[0]
    assert files.palettes["mine"].tokens["state-auth"] == "#ffcc00 bold"
    file.unlink()
    assert files.fresh() is True
    assert "mine" not in files.palettes


async def test_the_list_tries_themes_keeps_one_and_follows_its_file(make_app, model, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\ninherits = "rp-dark"\n[state]\nauth = "#ffcc00"\n')
    files = ThemeFiles(tmp_path)
    app = make_app(model, theme_files=files)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("colon", *"theme", "enter", "j")
        await pilot.pause()
        assert app.desk.look.palette.name == "rp-light"
        await pilot.press("escape")
        await pilot.pause()
        assert app.desk.look.palette.name == "rp-dark"
        await pilot.press("colon", *"theme", "enter", "G")
        await pilot.press("g", "slash", *"mine", "enter")
        await pilot.pause()
        assert app.desk.look.palette.name == "mine"
        file.write_text('name = "mine"\ninherits = "rp-dark"\n[state]\nauth = "#aabbcc"\n')
        app.screen.look()
        assert app.desk.look.palette.tokens["state-auth"] == "#aabbcc"
        file.write_text("name = ")
        app.screen.look()
        assert app.desk.look.palette.tokens["state-auth"] == "#aabbcc"
        await until(pilot, lambda: any("is no TOML" in one.message for one in app._notifications))
        await pilot.press("enter")
        await pilot.pause()
        assert app.desk.look.palette.name == "mine"


@pytest.mark.parametrize("text", ["state 宽 …", "a·b—c ×2 → ← • ’", "e\u0301 \u202e", "plain"])
def test_with_ascii_glyphs_nothing_else_is_drawn(text):
    palette = load(shipped(), ascii_only=True)[0]["rp-dark"]
    assert palette.is_ascii
    strip = strip_of([(text, "text")], 40, palette)
    assert strip.text.isascii()
    assert len(strip.text) == 40 == strip.cell_length


@pytest.mark.parametrize("reads", [lambda file: load([file])[1], lambda file: keymap.load(file)[1]])
@pytest.mark.parametrize("make", ["pipe", "folder", "deep", "long", "bytes", "loop"])
def test_a_file_that_cannot_be_read_to_its_end_is_left_out_with_a_sentence(tmp_path, reads, make):
    file = tmp_path / "own.toml"
    match make:
        case "pipe":
            os.mkfifo(file)
        case "folder":
            file.mkdir()
        case "deep":
            file.write_text("a = " + "[" * 100_000)
        case "long":
            file.write_text("#" * (MOST_BYTES + 1))
        case "bytes":
            file.write_bytes(bytes(range(256)))
        case "loop":
            file.symlink_to(file)
    said = reads(file)
    assert said
    assert all(sentence.startswith(str(file)) for sentence in said)
