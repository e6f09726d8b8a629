"""The one grammar of filters, for tables and logs: words are ANDed, ``key:value``, comparisons, ``!`` negates, quotes group."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Facts = Mapping[str, object]
"""What a row is asked for by key; ``text`` is what plain words are looked for in."""

_TERM = re.compile(r"^(?P<key>[a-z]+):(?P<sign>[<>]?)(?P<value>.*)$", re.IGNORECASE)
#: ``comps:fail>0``: a comparison of a part
_PART = re.compile(r"^(?P<key>[a-z]+)(?P<sign>[<>])(?P<value>.+)$", re.IGNORECASE)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = re.compile(r"^(-?\d+(?:\.\d+)?)([smhd]?)$")


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as it was typed, and what it lets through."""

    text: str
    terms: tuple[Callable[[Facts], bool], ...]
    #: keys that nothing has: their terms are looked for as plain text
    unknown: tuple[str, ...] = ()
    #: plain words that a row has to have, for showing where they stand
    words: tuple[str, ...] = ()
    #: regular expressions: what they cost over one row has no bound
    patterns: tuple[str, ...] = ()
    #: what is wrong with patterns that are none, as sentences: their terms are looked for as plain text
    broken: tuple[str, ...] = ()

    @property
    def remark(self) -> str:
        """What a person should know of how his filter was read; empty when it was read as it stands."""
        return self.broken[0] if self.broken else f"nothing has {self.unknown[0]}:" if self.unknown else ""

    def passes(self, facts: Facts) -> bool:
        """Whether a row is shown."""
        return all(term(facts) for term in self.terms)


NOTHING = Filter("", ())


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is found on the way through a filter's words."""

    keys: Sequence[str]
    unknown: list[str] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def parse(text: str, keys: Sequence[str]) -> Filter:
    """Read a filter; nothing that can be typed is an error."""
    terms: list[Callable[[Facts], bool]] = []
    reading = _Reading(keys)
    for word in _words(text):
        negated, plain = word.startswith("!") and len(word) > 1, word.removeprefix("!")
        term = _term(plain if negated else word, reading)
        terms.append(_not(term) if negated else term)
    shown = tuple(word.lower() for word in _words(text) if word[0] != "!" and _is_plain(word, keys))
    unknown, patterns, broken = tuple(reading.unknown), tuple(reading.patterns), tuple(reading.broken)
    return Filter(text.strip(), tuple(terms), unknown, shown, patterns, broken)


def sort_key(value: object) -> tuple[int, float, str]:
    """Numbers before words, nothing last."""
    if value is None:
        return 2, 0.0, ""
    return (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, str(value))


def _is_plain(word: str, keys: Sequence[str]) -> bool:
    found = _TERM.match(word)
    return found is None or (found["key"].lower() not in keys and not word.startswith("re:"))


def _words(text: str) -> list[str]:
    try:
        return [word for word in shlex.split(text, posix=True) if word]
    except ValueError:
        # a quote that is still open while it is being typed
        return text.replace('"', " ").replace("'", " ").split()


def _pattern(text: str, reading: _Reading) -> Callable[[Facts], bool]:
    try:
        pattern = re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        reading.broken.append(f"re:{text} is no pattern ({error}), sought as it stands")
        return _contains(text)
    reading.patterns.append(text)
    return lambda facts: pattern.search(str(facts.get("text", ""))) is not None


def _term(word: str, reading: _Reading) -> Callable[[Facts], bool]:
    keys = reading.keys
    if word.startswith("re:"):
        return _pattern(word[3:], reading)
    found = _TERM.match(word)
    if found is None:
        return _contains(word)
    key, sign, value = found["key"].lower(), found["sign"], found["value"]
    if key not in keys:
        reading.unknown.append(key)
        return _contains(word)
    if sign:
        return _compares(key, sign, value)
    part = _PART.match(value)
    if part is not None and part["key"].lower() in keys:
        return _compares(part["key"].lower(), part["sign"], part["value"])
    wanted = tuple(one.lower() for one in value.split(","))
    return lambda facts: any(str(facts.get(key, "")).lower().startswith(one) for one in wanted)


def _contains(word: str) -> Callable[[Facts], bool]:
    wanted = word.lower()
    return lambda facts: wanted in str(facts.get("text", "")).lower()


def _compares(key: str, sign: str, value: str) -> Callable[[Facts], bool]:
    limit = number(value)

    def compares(facts: Facts) -> bool:
        found = facts.get(key)
        if limit is None or not isinstance(found, int | float):
            return False
        return found > limit if sign == ">" else found < limit

    return compares


def number(value: str) -> float | None:
    """``90``, ``5m``, ``2h``, ``1d`` in seconds or plain; None for what is no number."""
    found = _NUMBER.match(value)
    return float(found[1]) * _UNITS.get(found[2], 1.0) if found else None


def _not(term: Callable[[Facts], bool]) -> Callable[[Facts], bool]:
    return lambda facts: not term(facts)
