"""Reading a command line of the IPP's kind: single dashes, a value behind its option, the mode among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rpconsole.cli.remotetool.grammar import GLOBAL, MODES, Kind, Mode, Option
from rpconsole.domain.fault import BadConfiguration
from rpconsole.domain.foreign import visible
from rpconsole.domain.nearest import nearest

_BITS = {Kind.S16: 16, Kind.S32: 32, Kind.S64: 64}
_LENGTHS = {Kind.WORD: 64, Kind.PATH: 255}
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_DATE = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ,](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,6})\d*)?)?)?Z?"
)
#: the IPP's own ways to name a server; an account may stand behind them, and a password must never stand in a process list
_ADDRESSES = frozenset({"dbserver", "dbuser", "dbpassword", "dbport"})


class BadUsage(BadConfiguration):
    """The command line cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A command line, read."""

    mode: Mode
    #: option -> its values in their order; an empty text is None, which stands for NULL
    values: dict[str, list[Any]]

    def last(self, name: str) -> Any:
        """The last value of an option; None when it was not given."""
        return self.values[name][-1] if name in self.values else None

    def has(self, name: str) -> bool:
        """Whether the option was given."""
        return name in self.values


def read_order(words: Sequence[str]) -> Order:
    """The mode and the values of its options; BadUsage names the word that is wrong, and the nearest right one."""
    mode = _mode(words)
    values: dict[str, list[Any]] = {}
    for option, text in _options(mode, words):
        found = values.setdefault(option.name, [])
        if not option.any_of:
            found.clear()
        found.append(True if text is None else _value(option, text))
    for option in mode.options:
        if option.required and values.get(option.name, [None])[-1] is None:
            raise BadUsage(f"-{mode.name} needs -{option.name} ({option.help})")
    return Order(mode=mode, values=values)


def _mode(words: Sequence[str]) -> Mode:
    by_name = {f"-{mode.name}": mode for mode in MODES}
    given = list(dict.fromkeys(word for word in words if word in by_name))
    if len(given) > 1:
        raise BadUsage(f"{' and '.join(given)} are two modes; one at a time")
    if given:
        return by_name[given[0]]
    near = nearest(words[0], by_name) if words else ""
    said = f"'{visible(words[0][:40])}' is no mode{near}" if words else "no mode was given"
    raise BadUsage(f"{said}; the modes are {', '.join(by_name)}")


def _options(mode: Mode, words: Sequence[str]) -> Iterator[tuple[Option, str | None]]:
    """Each option with the text behind it; None for a switch."""
    names = {f"-{option.name}" for option in (*mode.options, *GLOBAL)}
    rest = iter(words)
    for word in rest:
        if word == f"-{mode.name}":
            continue
        option = mode.option(word[1:]) if word.startswith("-") else None
        if option is None:
            raise BadUsage(_unknown(word, mode, names))
        if option.kind is Kind.SWITCH:
            yield option, None
            continue
        text = next(rest, None)
        if text is None or text in names or text == f"-{mode.name}":
            behind = "at the end" if text is None else f"before {text}"
            raise BadUsage(f"-{option.name} has no value {behind}")
        yield option, text


def _unknown(word: str, mode: Mode, names: set[str]) -> str:
    if word.lstrip("-") in _ADDRESSES:
        # what stands behind it is not repeated
        return f"{word} is not taken: server, account and password of a database stand in the configuration"
    shown = visible(word[:40])
    if not word.startswith("-"):
        return f"'{shown}' is no option of -{mode.name}, and no option in front of it takes a value"
    return f"'{shown}' is no option of -{mode.name}{nearest(word, sorted(names))}"


def _value(option: Option, text: str) -> int | str | datetime | None:
    if option.kind in _BITS:
        return _whole(option, text, _BITS[option.kind])
    if text == "":
        return None
    return _moment(option, text) if option.kind is Kind.TIME else _text(option, text)


def _whole(option: Option, text: str, bits: int) -> int | None:
    value = int(text) if _WHOLE.fullmatch(text) else None
    most = 2 ** (bits - 1) - 1
    if value is None or not -most - 1 <= value <= most:
        raise BadUsage(f"-{option.name} takes a whole number of {bits} bits, not '{visible(text[:40])}'")
    if option.name == "limit" and value < 0:
        raise BadUsage(f"-limit takes 0 (no limit) to {most}, not {value}")
    # the largest number of a type is the IPP's way to write NULL
    return None if value == most and option.name != "limit" else value


def _text(option: Option, text: str) -> str:
    longest = _LENGTHS[option.kind]
    if len(text) > longest:
        raise BadUsage(f"-{option.name} has {len(text)} characters, its column holds {longest}")
    try:
        text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BadUsage(f"-{option.name}: the database cannot hold the character {text[error.start]!a}") from None
    if not text.isprintable():
        raise BadUsage(f"-{option.name} holds a control character: {text[:60]!a}")
    if text.strip() != text:
        raise BadUsage(f"-{option.name} begins or ends with a blank: '{text[:60]}'")
    return text


def _moment(option: Option, text: str) -> datetime:
    found = _DATE.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError(text)
        *parts, fraction = found.groups()
        numbers = [int(part or 0) for part in parts]
        return datetime(*numbers, int((fraction or "0").ljust(6, "0")), tzinfo=UTC).replace(tzinfo=None)  # type: ignore[misc,arg-type]
    except ValueError:
        raise BadUsage(f"-{option.name} takes a time like 2014-07-01T02:03:04, not '{visible(text[:40])}'") from None
