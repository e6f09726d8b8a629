"""Reading a dbinfo line whose sequence of options was seen before: thousands of a run differ in nothing but their values.

It reads only what is right in every respect. For anything else it gives None, and the reading word by word says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

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


Picking = Callable[[Any], Sequence[Any]]


def picking(keys: Sequence[int] | Sequence[str]) -> Picking:
    """What takes the values at these places (or under these names) out of a line's, at the cost of one call."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda values: [values[key] for key in keys]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Which of a line's values are read how."""

    names: tuple[str, ...]
    floats: Picking
    integers: Picking
    #: of each integer, the number that its column cannot hold any more
    beyond: tuple[int, ...]
    others: tuple[tuple[int, str, Reader], ...]
    #: floats, integers and others, each in its own order, back into the order of the line
    in_order: Picking

    def read(self, words: Sequence[str], source: str) -> dict[str, Value] | None:
        """name -> value, in the order of the line; None when a value is not plainly right."""
        numbers, wholes = self.floats(words), self.integers(words)
        if not (_FLOATS.fullmatch(_joined(numbers)) and _INTEGERS.fullmatch(_joined(wholes))):
            return None
        floats, integers = list(map(float, numbers)), list(map(int, wholes))
        if not -FLOAT_MAX <= min(floats, default=0.0) <= max(floats, default=0.0) <= FLOAT_MAX:
            return None
        if not all(-beyond <= value < beyond for value, beyond in zip(integers, self.beyond, strict=True)):
            return None
        try:
            others = [read(name, words[at], source) for at, name, read in self.others]
        except BadDbinfo:
            return None
        return dict(zip(self.names, self.in_order([*floats, *integers, *others]), strict=True))


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
    floats = [at for at, kind in by_place if kind is Kind.FLOAT]
    integers = [at for at, kind in by_place if kind in _BITS]
    others = [at for at, kind in by_place if kind is not Kind.FLOAT and kind not in _BITS]
    place_of = {at: place for place, at in enumerate([*floats, *integers, *others])}
    return Plan(
        names=names,
        floats=picking(floats),
        integers=picking(integers),
        # the largest value of the type stands for "none", which is left to the reading word by word
        beyond=tuple(2 ** (_BITS[kinds[names[at]]] - 1) - 1 for at in integers),
        others=tuple((at, names[at], READERS[kinds[names[at]]]) for at in others),
        in_order=picking([place_of[at] for at in range(len(names))]),
    )
