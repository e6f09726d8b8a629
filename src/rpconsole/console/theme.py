"""Themes: one TOML file each, colours by meaning. What is wrong in a file is told with its place and never stops the console."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.errors import StyleSyntaxError
from rich.style import Style
from textual.color import Color
from textual.color import ColorParseError as BadColor
from textual.theme import BUILTIN_THEMES, Theme

import rpconsole
from rpconsole.console.own_files import own_text
from rpconsole.domain.fault import BadConfiguration
from rpconsole.domain.nearest import nearest

DEFAULT = "rp-dark"
#: what NO_COLOR gives, always
COLOURLESS = "rp-mono"

#: table of a theme file -> its keys; ``[state] auth`` is the token ``state-auth``, ``[chrome] dim`` is ``dim``
TABLES: Mapping[str, tuple[str, ...]] = {
    "base": ("foreground", "background", "panel", "cursor", "primary"),
    "state": ("new", "prep", "pend", "ship", "ret", "run", "full", "auth", "fault"),
    "comp": ("part",),
    "session": ("open", "soon", "cut"),
    "chrome": ("dim", "key", "title", "rule", "mark", "cursor", "gate-off", "stale", "alert", "alarm", "quote"),
    "glyphs": ("set",),
}
TOKENS = tuple(
    name if table == "chrome" else f"{table}-{name}"
    for table, names in TABLES.items()
    if table not in ("base", "glyphs")
    for name in names
)

_UNICODE = {
    **{
        "new": "·",
        "prep": "◌",
        "pend": "◌",
        "ship": "↑",
        "ret": "↓",
        "run": "►",
        "full": "✓",
        "auth": "‖",
        "fault": "✗",
    },
    **{"open": "●", "soon": "◐", "cut": "○", "alert": "▲", "mark": "✓", "cursor": "▌", "rule": "─", "fence": "│"},
    **{"done": "▓", "todo": "░", "dash": "—", "more": "▾", "enter": "⏎", "crumb": "›", "sparks": "▁▂▃▄▅▆▇█"},
    **{"tee": "┬", "corners": "┌┐└┘", "bullet": "•", "quote": "│"},
    **{"range": "┆", "rises": "▴", "falls": "▾", "part": "▒", "waits": "·", "axis": "┤"},
}
_ASCII = {
    **{
        "new": ".",
        "prep": "o",
        "pend": "o",
        "ship": "^",
        "ret": "v",
        "run": ">",
        "full": "+",
        "auth": "=",
        "fault": "x",
    },
    **{"open": "*", "soon": "~", "cut": "-", "alert": "!", "mark": "+", "cursor": ">", "rule": "-", "fence": "|"},
    **{"done": "#", "todo": ".", "dash": "-", "more": "v", "enter": "enter", "crumb": ">", "sparks": "_.:-=+*#"},
    **{"tee": "+", "corners": "++++", "bullet": "*", "quote": "|"},
    **{"range": ":", "rises": "^", "falls": "v", "part": "%", "waits": ".", "axis": "|"},
}
GLYPHS = {"unicode": _UNICODE, "ascii": _ASCII}


@dataclass(frozen=True, kw_only=True)
class Palette:
    """One theme, ready to paint with."""

    name: str
    dark: bool
    #: colours are the terminal's own sixteen
    ansi: bool
    base: Mapping[str, str]
    tokens: Mapping[str, str]
    glyphs: Mapping[str, str]
    _styles: dict[str, Style] = field(default_factory=dict, repr=False, compare=False)

    def style(self, token: str) -> Style:
        """How a token is painted; an unknown one, like ``text``, as plain text."""
        if token not in self._styles:
            own = Style.parse(self.tokens[token]) if token in self.tokens else Style()
            self._styles[token] = self.plain + own
        return self._styles[token]

    @property
    def plain(self) -> Style:
        """Plain text on the background."""
        if self.ansi:
            return Style()
        return Style(color=self.base["foreground"], bgcolor=self.base["background"])

    @property
    def is_ascii(self) -> bool:
        """Nothing beyond ASCII is drawn, whatever a text holds."""
        return self.glyphs["rule"].isascii()

    def textual(self) -> Theme:
        """The theme as Textual wants it, for the few places that its style sheet paints."""
        if self.ansi:
            # Textual's own style sheets need the variables of its own theme for the terminal's colours
            return replace(BUILTIN_THEMES["ansi-dark" if self.dark else "ansi-light"], name=self.name)
        return Theme(
            name=self.name,
            primary=self.base["primary"],
            foreground=self.base["foreground"],
            background=self.base["background"],
            surface=self.base["background"],
            panel=self.base["panel"],
            dark=self.dark,
        )


class ThemeFiles:
    """The theme files of the program and of a person, read again when one of them has changed."""

    def __init__(self, own: Path, *, ascii_only: bool = False) -> None:
        self._own, self._ascii_only = own, ascii_only
        self._stamp: tuple[tuple[str, int, int], ...] = ()
        self.palettes: dict[str, Palette] = {}
        self.complaints: list[str] = []
        self.fresh()

    def fresh(self) -> bool:
        """Look at the files; True when they were read anew. A palette that a broken file took away stays as it was."""
        files = [*shipped(), *sorted(self._own.glob("*.toml"))]
        stamp = tuple(_stamp(file) for file in files)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        found, self.complaints = load(files, ascii_only=self._ascii_only)
        self.palettes = {**self.palettes, **found} if self.complaints else found
        return True


def _stamp(file: Path) -> tuple[str, int, int]:
    try:
        seen = file.stat()
    except OSError:
        return str(file), 0, -1
    return str(file), seen.st_mtime_ns, seen.st_size


def shipped() -> list[Path]:
    """The theme files of the installed package, or of the source tree."""
    package = Path(rpconsole.__file__).parent
    found = next(place for place in (package / "themes", package.parents[1] / "themes") if place.is_dir())
    return sorted(found.glob("*.toml"))


def load(files: Sequence[Path], *, ascii_only: bool = False) -> tuple[dict[str, Palette], list[str]]:
    """Palettes by name, and a sentence for each file that was left out."""
    tables: dict[str, dict[str, Any]] = {}
    complaints: list[str] = []
    for file in files:
        try:
            tables |= _read(file)
        except BadConfiguration as error:
            complaints.append(str(error))
    palettes: dict[str, Palette] = {}
    for name in tables:
        try:
            palettes[name] = _palette(name, tables, ascii_only=ascii_only)
        except BadConfiguration as error:
            complaints.append(str(error))
    return palettes, complaints


def chosen(palettes: Mapping[str, Palette], wanted: str | None, *, colourless: bool) -> Palette:
    """The palette to begin with; NO_COLOR beats every wish."""
    if colourless:
        return palettes[COLOURLESS]
    if wanted is None:
        return palettes[DEFAULT]
    if wanted not in palettes:
        raise BadConfiguration(
            f"there is no theme '{wanted}'{nearest(wanted, palettes)}; there are {', '.join(palettes)}"
        )
    return palettes[wanted]


def _read(file: Path) -> dict[str, dict[str, Any]]:
    try:
        table = tomllib.loads(own_text(file))
    except OSError as error:
        raise BadConfiguration(f"{file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{file}: is no TOML: {error}") from None
    except RecursionError:
        raise BadConfiguration(f"{file}: is no TOML that a theme needs: it is nested too deeply") from None
    for key, value in table.items():
        _check(file, key, value)
    if not isinstance(table.get("name"), str):
        raise BadConfiguration(f'{file}: has no name; write name = "my-theme" at its top')
    return {table["name"]: {**table, "file": file}}


def _check(file: Path, key: str, value: Any) -> None:
    if key in ("name", "inherits", "dark", "ansi"):
        wanted = bool if key in ("dark", "ansi") else str
        if not isinstance(value, wanted):
            raise BadConfiguration(
                f"{file}: {key} = {value!r} is not {'true or false' if wanted is bool else 'a text'}"
            )
        return
    if key not in TABLES or not isinstance(value, dict):
        raise BadConfiguration(f"{file}: there is no [{key}]{nearest(key, TABLES)}")
    for name, text in value.items():
        if name not in TABLES[key]:
            raise BadConfiguration(f"{file}: [{key}] has no '{name}'{nearest(name, TABLES[key])}")
        _check_value(f"{file}: [{key}] {name} = {text!r}", key, text)


def _check_value(place: str, table: str, text: Any) -> None:
    if not isinstance(text, str):
        raise BadConfiguration(f"{place} is not a text")
    if table == "glyphs":
        if text not in GLYPHS:
            raise BadConfiguration(f"{place}: a set of glyphs is one of {', '.join(GLYPHS)}")
        return
    try:
        if table == "base":
            Color.parse(text)
        else:
            Style.parse(text)
    except (BadColor, StyleSyntaxError) as error:
        raise BadConfiguration(f"{place} is no colour: {error}") from None


def _palette(name: str, tables: Mapping[str, dict[str, Any]], *, ascii_only: bool) -> Palette:
    chain = _chain(name, tables)
    merged: dict[str, dict[str, str]] = {table: {} for table in TABLES}
    for one in reversed(chain):
        for table in TABLES:
            merged[table] |= tables[one].get(table, {})
    missing = [f"[{table}] {key}" for table, keys in TABLES.items() for key in keys if key not in merged[table]]
    if missing:
        raise BadConfiguration(f"{tables[name]['file']}: {missing[0]} is missing, and nothing is inherited for it")
    first = {key: next((tables[one][key] for one in chain if key in tables[one]), False) for key in ("dark", "ansi")}
    tokens = {
        key if table == "chrome" else f"{table}-{key}": text
        for table in ("state", "comp", "session", "chrome")
        for key, text in merged[table].items()
    }
    glyphs = GLYPHS["ascii" if ascii_only else merged["glyphs"]["set"]]
    return Palette(name=name, dark=first["dark"], ansi=first["ansi"], base=merged["base"], tokens=tokens, glyphs=glyphs)


def _chain(name: str, tables: Mapping[str, dict[str, Any]]) -> list[str]:
    chain = [name]
    while (parent := tables[chain[-1]].get("inherits")) is not None:
        place = f"{tables[chain[-1]]['file']}: inherits = {parent!r}"
        if parent not in tables:
            raise BadConfiguration(f"{place}: there is no such theme{nearest(parent, tables)}")
        if parent in chain:
            raise BadConfiguration(f"{place}: the themes inherit from each other in a circle")
        chain.append(parent)
    return chain
