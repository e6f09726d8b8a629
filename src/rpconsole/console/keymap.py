"""The keys of the actions: the shipped ones, and a person's own from one TOML file that is checked as a whole. Pure but for the file."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from rpconsole.console.actions import ACTIONS, BY_ID, Action, Place, named_key
from rpconsole.console.own_files import own_text
from rpconsole.domain.nearest import nearest

#: which places are valid at once: what one of them binds hides the same key of the others
TOGETHER: Sequence[tuple[Place, ...]] = (
    (Place.TABLE, Place.RUNS, Place.MAIN, Place.ALL),
    (Place.SESSIONS, Place.MAIN, Place.ALL),
    (Place.QUEUES, Place.MAIN, Place.ALL),
    (Place.RUN_PANE, Place.MAIN, Place.ALL),
    (Place.LOG, Place.MAIN, Place.ALL),
    (Place.RUN, Place.RUNS, Place.ALL),
    (Place.TABLE, Place.COMPONENTS, Place.RUNS, Place.ALL),
    (Place.TABLE, Place.COMMANDS, Place.ALL),
)
#: without these a person is lost
ESSENTIAL = ("quit", "help", "back", "palette")
_NAMED = {key.value for key in Keys} | {"space", "enter", "tab", "backspace"}
_TAKEN = {
    **{f"ctrl+{letter}": f"a terminal sends the same as for {same}" for letter, same in zip(
        "imjh[", ("tab", "enter", "newline", "backspace", "esc"), strict=True
    )},
    **{f"ctrl+{letter}": f"{who} takes it" for letter, who in zip("absq", ("screen", "tmux", "flow control", "flow control"), strict=True)},
    "ctrl+c": "it interrupts",
    "ctrl+space": "some terminals send nothing for it",
}  # fmt: skip


class Keymap:
    """Keys by action; what a person did not change is as shipped."""

    def __init__(self, own: Mapping[str, str] | None = None) -> None:
        #: action id -> keys as Textual names them, with commas between them
        self.own = dict(own or {})

    def raw(self, action: Action) -> list[str]:
        """The keys as Textual names them."""
        return self.own.get(action.id, action.keys).split(",")

    def keys_of(self, action: Action) -> list[str]:
        """The keys as people call them."""
        return [named_key(key) for key in self.raw(action)]

    def clashes(self) -> list[tuple[str, Action, Action]]:
        """Keys that two actions have where both are valid: (key, the one that hides, the one that is hidden)."""
        found: dict[tuple[str, str], tuple[str, Action, Action]] = {}
        for places in TOGETHER:
            first: dict[str, Action] = {}
            for action in sorted(
                (one for one in ACTIONS if one.place in places), key=lambda one: places.index(one.place)
            ):
                for key in self.raw(action):
                    other = first.setdefault(key, action)
                    if other is not action:
                        found[other.id, action.id] = (key, other, action)
        return list(found.values())


def load(file: Path) -> tuple[Keymap, list[str]]:
    """A person's keys; with a sentence for each thing that is wrong the shipped ones hold."""
    try:
        text = own_text(file)
    except FileNotFoundError:
        return Keymap(), []
    except (OSError, UnicodeDecodeError) as error:
        return Keymap(), [
            f"{file}: cannot be read: {getattr(error, 'strerror', None) or 'it is no UTF-8'}; the shipped keys hold"
        ]
    own, complaints = _read(file, text)
    if not complaints:
        complaints = [_clash(file, text, *clash) for clash in Keymap(own).clashes()]
    if complaints:
        return Keymap(), [*complaints, f"{file}: was left out; the shipped keys hold"]
    return Keymap(own), []


def _read(file: Path, text: str) -> tuple[dict[str, str], list[str]]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return {}, [f"{file}: is no TOML: {error}"]
    except RecursionError:
        return {}, [f"{file}: is nested too deeply"]
    complaints = [f"{file}: there is no [{key}]; keys stand under [keys]" for key in table if key != "keys"]
    keys = table.get("keys", {})
    if not isinstance(keys, dict):
        return {}, [*complaints, f"{file}: keys is no table; write [keys]"]
    own: dict[str, str] = {}
    for id, value in _flat(keys):
        place = f"{file}{_line(text, id)}: {id}"
        wrong = _wrong(id, value)
        if wrong:
            complaints.append(f"{place}{wrong}")
        else:
            own[id] = ",".join(textual_key(key) or "" for key in value.split())
    return own, complaints


def _flat(keys: Mapping[str, Any], head: str = "") -> list[tuple[str, Any]]:
    """``run.cancel = "X"`` without quotes around its name is a table in TOML."""
    found: list[tuple[str, Any]] = []
    for name, value in keys.items():
        found += _flat(value, f"{head}{name}.") if isinstance(value, dict) else [(f"{head}{name}", value)]
    return found


def _wrong(id: str, value: Any) -> str:
    if id not in BY_ID:
        return f" is no action{nearest(id, BY_ID)}"
    if not isinstance(value, str):
        return f" = {value!r} is not a text; several keys are written with spaces between them"
    if not value.split() and id in ESSENTIAL:
        return " must have a key: without it nobody finds the way"
    if not value.split():
        return " has no key; leave the line out for the shipped one"
    for key in value.split():
        if key.lower() in _TAKEN:
            return f" = {key!r}: {_TAKEN[key.lower()]}"
        if textual_key(key) is None:
            return f" = {key!r} is no key{nearest(key, _NAMED)}"
    return ""


def textual_key(word: str) -> str | None:
    """``X``, ``ctrl+x``, ``[``, ``f5`` as Textual names them; None for what is no key."""
    *modifiers, key = word.split("+") if len(word) > 1 else [word]
    if any(one not in ("ctrl", "shift", "alt") for one in modifiers):
        return None
    if len(key) == 1:
        name = _name_of(key)
        return "+".join([*modifiers, name]) if name else None
    key = {"esc": "escape", "pgdn": "pagedown", "pgup": "pageup"}.get(key, key)
    known = key in _NAMED or key in {action_key for one in ACTIONS for action_key in one.keys.split(",")}
    return "+".join([*modifiers, key]) if known else None


def _name_of(character: str) -> str | None:
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace(" ", "_").replace("-", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name) or None


def _clash(file: Path, text: str, key: str, hides: Action, hidden: Action) -> str:
    line = _line(text, hides.id) or _line(text, hidden.id)
    return f"{file}{line}: '{named_key(key)}' of {hides.id} would hide {hidden.id}; give one of them another key"


def _line(text: str, id: str) -> str:
    """``, line 3``, where the name stands."""
    last = id.rpartition(".")[2]
    for number, line in enumerate(text.split("\n"), start=1):
        if re.match(rf'\s*"?({re.escape(id)}|{re.escape(last)})"?\s*=', line):
            return f", line {number}"
    return ""
