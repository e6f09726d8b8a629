"""What dbinfo lines have in common that differ in nothing but their values: thousands of a run have the same options in one order.

It finds only what is right in every respect. Of anything else it says nothing, and the reading word by word says what is wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

from rpconsole.domain.dbinfo_columns import SHAPES
from rpconsole.domain.dbinfo_flags import COMPLETIONS, Kind
from rpconsole.domain.dbinfo_words import BITS, FLOAT_MAX, LONGEST, NULL_TEXTS, PLAIN, READERS, BadDbinfo, Value
from rpconsole.domain.stage import Stage

Column = Sequence[Value]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """The options of a line, and how the values behind them are read."""

    #: finds the values of a line of this shape, and nothing in any other
    pattern: re.Pattern[str]
    #: of each value, in the order of the line
    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    switches: tuple[str, ...]

    def columns(self, lines: Sequence[tuple[str, ...]]) -> dict[str, Column] | None:
        """name -> its value in each line, from the words that the pattern found; None when one is not plainly right."""
        words = zip(*lines, strict=True)
        try:
            columns = [_COLUMNS[kind](of_all) for kind, of_all in zip(self.kinds, words, strict=True)]
        except (ValueError, BadDbinfo):
            return None
        return dict(zip(self.names, columns, strict=True)) | dict.fromkeys(self.switches, [1] * len(lines))


def shape_of(line: str, stage: Stage) -> Shape | None:
    """The shape of a line; None when it has none that others could share."""
    begin = _BEGIN[stage]
    if not line.startswith(f"{begin} "):
        return None
    return _shape(stage, tuple(_parts(line[len(begin) :].rstrip(), _KINDS[stage])))


_BEGIN: Mapping[Stage, str] = {stage: f"{one.tool} -{one.mode}" for stage, one in COMPLETIONS.items()}
_KINDS: Mapping[Stage, Mapping[str, Kind]] = {stage: one.kinds for stage, one in COMPLETIONS.items()}
_WORD = re.compile(r"( +)([^ ]+)")


class _Part(NamedTuple):
    """An option as it stands in a line."""

    blanks: str
    option: str
    #: blanks before its value; none for a switch
    between: str = ""
    #: around its value
    quote: str = ""


def _parts(line: str, kinds: Mapping[str, Kind]) -> Iterator[_Part]:
    rest = iter(_WORD.findall(line))
    for blanks, option in rest:
        if kinds.get(option[1:]) is Kind.SWITCH:
            yield _Part(blanks, option)
        elif value := next(rest, None):
            yield _Part(blanks, option, value[0], "'" if value[1].startswith("'") else "")
        else:
            yield _NO_VALUE


_NO_VALUE = _Part("", "")


@lru_cache(maxsize=SHAPES)
def _shape(stage: Stage, parts: tuple[_Part, ...]) -> Shape | None:
    kinds = {part.option[1:]: _KINDS[stage].get(part.option[1:]) for part in parts if part.option.startswith("-")}
    if len(kinds) < len(parts) or None in kinds.values():
        return None
    valued = {name: kind for name, kind in kinds.items() if kind is not None and kind is not Kind.SWITCH}
    pattern = "".join(_pattern(part, valued.get(part.option[1:])) for part in parts)
    return Shape(
        pattern=re.compile(f"{_BEGIN[stage]}{pattern} *\n*"),
        names=tuple(valued),
        kinds=tuple(valued.values()),
        switches=tuple(kinds.keys() - valued.keys()),
    )


def _pattern(part: _Part, kind: Kind | None) -> str:
    value = "" if kind is None else f"({_WORDS[kind]})"
    return f"{part.blanks}{part.option}{part.between}{part.quote}{value}{part.quote}"


#: words whose readers may be spared: with these characters alone, what Python takes for a number is one,
#: and that many digits are within any column, but for the range that is looked at
_WORDS: Mapping[Kind, str] = {
    Kind.FLOAT: "[0-9.eEnaN+-]++",
    Kind.BITS: f"{PLAIN}++",
    **dict.fromkeys(BITS, "[0-9+-]{1,18}+"),
    **{kind: f"(?!-){PLAIN}{{1,{longest}}}+" for kind, longest in LONGEST.items()},
}


def _floats(words: Sequence[str]) -> Column:
    values = list(map(float, words))
    # no minimum is to be trusted where something is not a number
    if math.isfinite(sum(values)) and -FLOAT_MAX <= min(values) <= max(values) <= FLOAT_MAX:
        return values
    return _each(Kind.FLOAT, words)


def _integers(bits: int, words: Sequence[str]) -> Column:
    values = list(map(int, words))
    # the largest value of the type stands for "none", which is left to the reading word by word, as the smallest is
    beyond = 2 ** (bits - 1) - 1
    if not -beyond < min(values) <= max(values) < beyond:
        raise ValueError
    return values


def _texts(words: Sequence[str]) -> Column:
    return words if NULL_TEXTS.isdisjoint(words) else [None if word in NULL_TEXTS else word for word in words]


def _each(kind: Kind, words: Sequence[str]) -> Column:
    return [READERS[kind]("", word, "") for word in words]


_COLUMNS: Mapping[Kind, Callable[[Sequence[str]], Column]] = {
    Kind.FLOAT: _floats,
    Kind.BITS: partial(_each, Kind.BITS),
    **{kind: partial(_integers, bits) for kind, bits in BITS.items()},
    **dict.fromkeys(LONGEST, _texts),
}
