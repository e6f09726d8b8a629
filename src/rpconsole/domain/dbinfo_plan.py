"""Reading a dbinfo line whose sequence of options was seen before: thousands of a run differ in nothing but their values.

It reads only what is right in every respect. For anything else it gives None, and the reading word by word says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from operator import itemgetter, le, lt
from typing import Any

from rpconsole.domain.dbinfo_flags import COMPLETIONS, Kind
from rpconsole.domain.dbinfo_words import FLOAT_MAX, LONGEST, NULL_TEXTS, READERS, BadDbinfo, Reader

Value = int | float | str | None

#: sequences of options that are remembered; a release of the survey's programs has one a stage
PLANS = 64
_OF_FLOATS = b"0123456789.+-eE"
_OF_INTEGERS = b"0123456789+-"
#: that many digits are within any column, but for the range that is looked at
_DIGITS = 18
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

    #: as the line has them
    options: list[str]
    names: tuple[str, ...]
    floats: Picking
    integers: Picking
    #: of each integer, the number that its column cannot hold any more
    beyond: tuple[int, ...]
    texts: Picking
    #: of each text, how long it may be
    longest: tuple[int, ...]
    others: tuple[tuple[int, str, Reader], ...]
    #: floats, integers, texts and others, each in its own order, back into the order of the line
    in_order: Picking

    def read(self, words: Sequence[str], source: str) -> dict[str, Value] | None:
        """name -> value, in the order of the line; None when a value is not plainly right."""
        try:
            values = [
                *_floats(self.floats(words), source),
                *_integers(self.integers(words), self.beyond),
                *_texts(self.texts(words), self.longest),
                *[read(name, words[at], source) for at, name, read in self.others],
            ]
        except (ValueError, BadDbinfo):
            return None
        return dict(zip(self.names, self.in_order(values), strict=True))

    def read_columns(self, columns: Sequence[Sequence[str]]) -> dict[str, Sequence[Value]] | None:
        """name -> its value in each line, from the words behind each option; None when a value is not plainly right."""
        try:
            values = [
                *[_floats(words, "") for words in self.floats(columns)],
                *[
                    _integers(words, repeat(most))
                    for words, most in zip(self.integers(columns), self.beyond, strict=True)
                ],
                *[_texts(words, repeat(most)) for words, most in zip(self.texts(columns), self.longest, strict=True)],
                *[[read(name, word, "") for word in columns[at]] for at, name, read in self.others],
            ]
        except (ValueError, BadDbinfo):
            return None
        return dict(zip(self.names, self.in_order(values), strict=True))


def _floats(words: Sequence[str], source: str) -> Sequence[float | None]:
    # with these characters alone, what Python takes for a number is one
    if not "".join(words).encode().translate(None, _OF_FLOATS):
        values = list(map(float, words))
        if -FLOAT_MAX <= min(values, default=0.0) <= max(values, default=0.0) <= FLOAT_MAX:
            return values
    return [_FLOAT("", word, source) for word in words]  # type: ignore[misc]


def _integers(words: Sequence[str], beyond: Iterable[int]) -> Sequence[int]:
    if "".join(words).encode().translate(None, _OF_INTEGERS) or max(map(len, words), default=0) > _DIGITS:
        raise ValueError
    values = list(map(int, words))
    # the smallest that a column holds is left to the reading word by word too
    if not all(map(lt, map(abs, values), beyond)):
        raise ValueError
    return values


def _texts(words: Sequence[str], longest: Iterable[int]) -> Sequence[str | None]:
    # a quote before each: no word holds one
    if not all(map(le, map(len, words), longest)) or "'-" in "'" + "'".join(words):
        raise ValueError
    if NULL_TEXTS.isdisjoint(words):
        return words
    return [None if word in NULL_TEXTS else word for word in words]


_FLOAT = READERS[Kind.FLOAT]


def quick_options(words: Sequence[str], tool: str, mode: str, source: str) -> dict[str, Value] | None:
    """The values of a line that is ``-mode`` and then options with one value each; None for any other line."""
    if len(words) % 2 == 0 or words[0] != f"-{mode}":
        return None
    options = words[1::2]
    plan = _last.get(tool)
    if plan is None or plan.options != options:
        plan = _plan(tool, tuple(options))
        if plan is None:
            return None
        _last[tool] = plan
    return plan.read(words[2::2], source)


def quick_columns(words: Sequence[Sequence[str]], tool: str, mode: str) -> dict[str, Sequence[Value]] | None:
    """The values of many lines, from the first words of all, the second ones and so on: each ``tool -mode`` and then the same options.

    None where one is not, or has a value that is not plainly right.
    """
    fixed = [words[0], words[1], *words[2::2]]
    if len(words) % 2 or any(column.count(column[0]) < len(column) for column in fixed):
        return None
    plan = _plan(tool, tuple(column[0] for column in fixed[2:]))
    if plan is None or (words[0][0], words[1][0]) != (tool, f"-{mode}"):
        return None
    return plan.read_columns(words[3::2])


#: the plan of the line before: comparing is quicker than looking up
_last: dict[str, Plan] = {}


@lru_cache(maxsize=PLANS)
def _plan(tool: str, options: tuple[str, ...]) -> Plan | None:
    kinds = _KINDS[tool]
    names = tuple(option[1:] for option in options)
    known = all(option[:1] == "-" and kinds.get(option[1:], Kind.SWITCH) is not Kind.SWITCH for option in options)
    if not known or len(set(names)) < len(names):
        return None
    by_place = [(at, kinds[name]) for at, name in enumerate(names)]
    floats = [at for at, kind in by_place if kind is Kind.FLOAT]
    integers = [at for at, kind in by_place if kind in _BITS]
    texts = [at for at, kind in by_place if kind in LONGEST]
    others = [at for at, _ in by_place if at not in {*floats, *integers, *texts}]
    place_of = {at: place for place, at in enumerate([*floats, *integers, *texts, *others])}
    return Plan(
        options=list(options),
        names=names,
        floats=picking(floats),
        integers=picking(integers),
        # the largest value of the type stands for "none", which is left to the reading word by word
        beyond=tuple(2 ** (_BITS[kinds[names[at]]] - 1) - 1 for at in integers),
        texts=picking(texts),
        longest=tuple(LONGEST[kinds[names[at]]] for at in texts),
        others=tuple((at, names[at], READERS[kinds[names[at]]]) for at in others),
        in_order=picking([place_of[at] for at in range(len(names))]),
    )
