"""The words of a dbinfo line and the values behind its options, taken from text that nobody vouches for."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Mapping

from rpconsole.domain.dbinfo_flags import Kind
from rpconsole.domain.fault import BadData

#: a real one has about 2,500
MAX_BYTES = 65_536

#: floats beyond single precision are clamped, as the IPP's own tools do
FLOAT_MAX = 3.4028234e38

_NULL_TEXTS = frozenset({"", "NULL", "(null)"})
_MAX_LENGTH = {Kind.WORD: 64, Kind.TEXT: 255}
_STRANGE_OUTSIDE_QUOTES = re.compile(r"[^A-Za-z0-9_./:@+,=%~ \t-]")
#: no value of any column needs a shell's own signs
_STRANGE_INSIDE_QUOTES = re.compile(r"[^ -~]|[;|&`$<>\\\"]")
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}(\.0{0,20})?")
#: fixed notation needs 309 digits for the largest double
_FLOAT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


class BadDbinfo(BadData):
    """The dbinfo is not one that its component may leave behind."""


def words_of(content: bytes | str, source: str) -> list[str]:
    """The words of the one line in a dbinfo file; BadDbinfo for anything else."""
    text = content.decode("latin-1") if isinstance(content, bytes) else content
    if len(text) > MAX_BYTES:
        raise BadDbinfo(f"{source}: it has {len(text)} bytes; a dbinfo has at most {MAX_BYTES}")
    if "\0" in text:
        raise BadDbinfo(f"{source}: it holds a NUL byte; it is not text, or a file that was never written to its end")
    line = text.rstrip("\n")
    if not line.strip():
        raise BadDbinfo(f"{source}: it is empty; the program did not get as far as its result")
    if "\n" in line:
        raise BadDbinfo(f"{source}: it has {line.count(chr(10)) + 1} lines; a dbinfo is one")
    _refuse_strange(line, source)
    return shlex.split(line)


def _refuse_strange(line: str, source: str) -> None:
    """Nothing but plain words and single quotes: then splitting means the same here as in any shell."""
    pieces = line.split("'")
    if len(pieces) % 2 == 0:
        raise BadDbinfo(f"{source}: the quote before '{_short(pieces[-1])}' is never closed")
    position = 0
    for number, piece in enumerate(pieces):
        strange = (_STRANGE_INSIDE_QUOTES if number % 2 else _STRANGE_OUTSIDE_QUOTES).search(piece)
        if strange:
            word = _word_at(line, position + strange.start())
            raise BadDbinfo(f"{source}: the character {strange[0]!r} in {word!r} has no place in a dbinfo")
        position += len(piece) + 1


def _word_at(line: str, position: int) -> str:
    start = line.rfind(" ", 0, position) + 1
    end = line.find(" ", position)
    return _short(line[start : end if end >= 0 else len(line)])


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def read_value(name: str, word: str | None, kind: Kind, source: str) -> int | float | str | None:
    """An option's value by its column's type; BadDbinfo names option and word."""
    if word is None:
        raise BadDbinfo(f"{source}: -{name} at the end has no value; the file may have been cut")
    return _READERS[kind](name, word, kind, source)


def _integer(name: str, word: str, kind: Kind, source: str) -> int | None:
    if _NOT_FINITE.fullmatch(word):
        return None
    if not _INTEGER.fullmatch(word):
        raise BadDbinfo(f"{source}: -{name} must be a whole number, not {_short(word)!r}")
    value = int(word.partition(".")[0])
    # the largest value of an integer type stands for "none" in the IPP
    largest = int(2 ** (int(kind.value) - 1)) - 1
    if not -largest - 1 <= value <= largest:
        raise BadDbinfo(f"{source}: -{name} is {value}, which its column of {kind.value} bits cannot hold")
    return None if value == largest else value


def _bits(name: str, word: str, kind: Kind, source: str) -> int | None:
    if _NOT_FINITE.fullmatch(word):
        return None
    if not _INTEGER.fullmatch(word):
        raise BadDbinfo(f"{source}: -{name} must be a whole number, not {_short(word)!r}")
    value = int(word.partition(".")[0])
    if not -(2**63) <= value < 2**64:
        raise BadDbinfo(f"{source}: -{name} is {value}, which 64 bits cannot hold")
    return value - 2**64 if value >= 2**63 else value


def _float(name: str, word: str, kind: Kind, source: str) -> float | None:
    if _NOT_FINITE.fullmatch(word):
        return None
    if not _FLOAT.fullmatch(word):
        raise BadDbinfo(f"{source}: -{name} must be a number, not {_short(word)!r}")
    value = float(word)
    return None if math.isinf(value) else max(-FLOAT_MAX, min(FLOAT_MAX, value))


def _text(name: str, word: str, kind: Kind, source: str) -> str | None:
    longest = _MAX_LENGTH[kind]
    if len(word) > longest:
        raise BadDbinfo(f"{source}: -{name} is {_short(word)!r}, {len(word)} characters; its column holds {longest}")
    if word.startswith("-"):
        raise BadDbinfo(f"{source}: -{name} has no value before {_short(word)!r}")
    return None if word in _NULL_TEXTS else word


_READERS: Mapping[Kind, Callable[[str, str, Kind, str], int | float | str | None]] = {
    Kind.SMALL: _integer,
    Kind.INT: _integer,
    Kind.BIG: _integer,
    Kind.BITS: _bits,
    Kind.FLOAT: _float,
    Kind.WORD: _text,
    Kind.TEXT: _text,
}
