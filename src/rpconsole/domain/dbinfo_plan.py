"""Reading a dbinfo line whose sequence of options was seen before: thousands of a run differ in nothing but their values.

It reads only what is right in every respect. For anything else it gives None, and the reading word by word says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from rpconsole.domain.dbinfo_flags import COMPLETIONS, Kind
from rpconsole.domain.dbinfo_words import FLOAT_MAX, READERS, BadDbinfo, Reader

Value = int | float | str | None

#: sequences of options that are remembered; a release of the survey's programs has one a stage
PLANS = 64
_FLOATS = re.compile(r"(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?')*+")
_INTEGERS = re.compile(r"(?:[+-]?[0-9]{1,18}')*+")
_BITS = {Kind.SMALL: 16, Kind.INT: 32, Kind.BIG: 64}
_KINDS: Mapping[str, Mapping[str, Kind]] = {
    one.tool: {**{name: option.kind for name, option in one.options.items()}, **one.ids} for one in COMPLETIONS.values()
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Which of a line's values are read how."""

    names: tuple[str, ...]
    floats: tuple[int, ...]
    integers: tuple[int, ...]
    #: of each integer, the number that its column cannot hold any more
    beyond: tuple[int, ...]
    others: tuple[tuple[int, str, Reader], ...]

    def read(self, words: Sequence[str], source: str) -> dict[str, Value] | None:
        """name -> value, in the order of the line; None when a value is not plainly right."""
        numbers = [words[at] for at in self.floats]
        wholes = [words[at] for at in self.integers]
        if not (_FLOATS.fullmatch(_joined(numbers)) and _INTEGERS.fullmatch(_joined(wholes))):
            return None
        floats, integers = list(map(float, numbers)), list(map(int, wholes))
        if not -FLOAT_MAX <= min(floats, default=0.0) <= max(floats, default=0.0) <= FLOAT_MAX:
            return None
        if not all(-beyond <= value < beyond for value, beyond in zip(integers, self.beyond, strict=True)):
            return None
        return self._placed(words, floats, integers, source)

    def _placed(
        self, words: Sequence[str], floats: list[float], integers: list[int], source: str
    ) -> dict[str, Value] | None:
        values: list[Value] = [*words]
        for at, number in zip(self.floats, floats, strict=True):
            values[at] = number
        for at, whole in zip(self.integers, integers, strict=True):
            values[at] = whole
        try:
            for at, name, read in self.others:
                values[at] = read(name, words[at], source)
        except BadDbinfo:
            return None
        return dict(zip(self.names, values, strict=True))


def _joined(words: Sequence[str]) -> str:
    # a quote ends each: no word holds one, while a blank may stand in a word that was quoted
    return "'".join([*words, ""])


def quick_options(words: Sequence[str], tool: str, mode: str, source: str) -> dict[str, Value] | None:
    """The values of a line that is ``-mode`` and then options with one value each; None for any other line."""
    if len(words) % 2 == 0 or words[0] != f"-{mode}":
        return None
    plan = _plan(tool, tuple(words[1::2]))
    return plan.read(words[2::2], source) if plan else None


@lru_cache(maxsize=PLANS)
def _plan(tool: str, options: tuple[str, ...]) -> Plan | None:
    kinds = _KINDS[tool]
    names = tuple(option[1:] for option in options)
    known = all(option[:1] == "-" and kinds.get(option[1:], Kind.SWITCH) is not Kind.SWITCH for option in options)
    if not known or len(set(names)) < len(names):
        return None
    by_place = list(enumerate(kinds[name] for name in names))
    integers = [(at, _BITS[kind]) for at, kind in by_place if kind in _BITS]
    return Plan(
        names=names,
        floats=tuple(at for at, kind in by_place if kind is Kind.FLOAT),
        integers=tuple(map(itemgetter(0), integers)),
        # the largest value of the type stands for "none", which is left to the reading word by word
        beyond=tuple(2 ** (bits - 1) - 1 for _, bits in integers),
        others=tuple(
            (at, names[at], READERS[kind]) for at, kind in by_place if kind is not Kind.FLOAT and kind not in _BITS
        ),
    )
