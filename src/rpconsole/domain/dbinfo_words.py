"""The words of a dbinfo line and the values behind its options, taken from text that nobody vouches for."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from rpconsole.domain.dbinfo_flags import Kind
from rpconsole.domain.fault import BadData

#: a real one has about 2,500
MAX_BYTES = 65_536

#: floats beyond single precision are clamped, as the IPP's own tools do
FLOAT_MAX = 3.4028234e38

NULL_TEXTS = frozenset({"", "NULL", "(null)"})
#: characters that a text may have: VARCHAR(64), VARCHAR(255)
LONGEST: Mapping[Kind, int] = {Kind.WORD: 64, Kind.TEXT: 255}
#: of whole numbers, by their columns
BITS: Mapping[Kind, int] = {Kind.SMALL: 16, Kind.INT: 32, Kind.BIG: 64}
_SIGNS = "A-Za-z0-9_./:@+,=%~-"
#: a character that needs no quotes
PLAIN = f"[{_SIGNS}]"
_STRANGE_OUTSIDE_QUOTES = re.compile(f"[^ \t{_SIGNS}]")
#: no value of any column needs a shell's own signs
_STRANGE_INSIDE_QUOTES = re.compile(r"[^ -~]|[;|&`$<>\\\"]")
#: what a shell takes as one word, once nothing but plain characters and single quotes is left
_WORD = re.compile(r"(?:[^ \t']++|'[^']*+')++")
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}(\.0{0,20})?")
#: fixed notation needs 309 digits for the largest double
_FLOAT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


Value = int | float | str | None
Reader = Callable[[str, str, str], Value]


class BadDbinfo(BadData):
    """The dbinfo is not one that its component may leave behind."""


def words_of(content: bytes | str, source: str) -> list[str]:
    """The words of the one line in a dbinfo file; BadDbinfo for anything else."""
    text = content.decode("latin-1") if isinstance(content, bytes) else content
    if len(text) > MAX_BYTES:
        raise BadDbinfo(f"{source}: it has {len(text)} bytes; a dbinfo has at most {MAX_BYTES}")
    line = text.rstrip("\n")
    if "\0" in line:
        raise BadDbinfo(f"{source}: it holds a NUL byte; it is not text, or a file that was never written to its end")
    if not line.strip():
        raise BadDbinfo(f"{source}: it is empty; the program did not get as far as its result")
    if "\n" in line:
        raise BadDbinfo(f"{source}: it has {line.count(chr(10)) + 1} lines; a dbinfo is one")
    pieces = line.split("'")
    if len(pieces) % 2 == 0:
        raise BadDbinfo(f"{source}: the quote before '{_short(pieces[-1])}' is never closed")
    if _STRANGE_OUTSIDE_QUOTES.search(" ".join(pieces[::2])) or _STRANGE_INSIDE_QUOTES.search(" ".join(pieces[1::2])):
        raise _strange(line, pieces, source)
    return [word.replace("'", "") for word in _WORD.findall(line)]


def _strange(line: str, pieces: list[str], source: str) -> BadDbinfo:
    position = 0
    for number, piece in enumerate(pieces):
        strange = (_STRANGE_INSIDE_QUOTES if number % 2 else _STRANGE_OUTSIDE_QUOTES).search(piece)
        if strange:
            word = _word_at(line, position + strange.start())
            return BadDbinfo(f"{source}: the character {strange[0]!r} in {word!r} has no place in a dbinfo")
        position += len(piece) + 1
    return BadDbinfo(f"{source}: it holds a character that has no place in a dbinfo")


def _word_at(line: str, position: int) -> str:
    start = line.rfind(" ", 0, position) + 1
    end = line.find(" ", position)
    return _short(line[start : end if end >= 0 else len(line)])


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def no_value(name: str, source: str) -> BadDbinfo:
    """What is wrong with an option at the end of the line."""
    return BadDbinfo(f"{source}: -{name} at the end has no value; the file may have been cut")


def _reads_integers(bits: int) -> Reader:
    # the largest value of an integer type stands for "none" in the IPP
    largest = 2 ** (bits - 1) - 1

    def integer(name: str, word: str, source: str) -> int | None:
        value = _whole(name, word, source)
        if value is None or -largest - 1 <= value < largest:
            return value
        if value == largest:
            return None
        raise BadDbinfo(f"{source}: -{name} is {value}, which its column of {bits} bits cannot hold")

    return integer


def _whole(name: str, word: str, source: str) -> int | None:
    if not _INTEGER.fullmatch(word):
        if _NOT_FINITE.fullmatch(word):
            return None
        raise BadDbinfo(f"{source}: -{name} must be a whole number, not {_short(word)!r}")
    return int(word.partition(".")[0])


def _bits(name: str, word: str, source: str) -> int | None:
    value = _whole(name, word, source)
    if value is None:
        return None
    if not -(2**63) <= value < 2**64:
        raise BadDbinfo(f"{source}: -{name} is {value}, which 64 bits cannot hold")
    return value - 2**64 if value >= 2**63 else value


def _float(name: str, word: str, source: str) -> float | None:
    if not _FLOAT.fullmatch(word):
        if _NOT_FINITE.fullmatch(word):
            return None
        raise BadDbinfo(f"{source}: -{name} must be a number, not {_short(word)!r}")
    value = float(word)
    if -FLOAT_MAX <= value <= FLOAT_MAX:
        return value
    return None if math.isinf(value) else max(-FLOAT_MAX, min(FLOAT_MAX, value))


def _reads_text(longest: int) -> Reader:
    def text(name: str, word: str, source: str) -> str | None:
        if len(word) > longest:
            raise BadDbinfo(
                f"{source}: -{name} is {_short(word)!r}, {len(word)} characters; its column holds {longest}"
            )
        if word.startswith("-"):
            raise BadDbinfo(f"{source}: -{name} has no value before {_short(word)!r}")
        return None if word in NULL_TEXTS else word

    return text


def _switched_on(name: str, word: str, source: str) -> int:
    return 1


#: an option's value by its column's type, from (name, word, source); BadDbinfo names option and word
READERS: Mapping[Kind, Reader] = {
    **{kind: _reads_integers(bits) for kind, bits in BITS.items()},
    Kind.BITS: _bits,
    Kind.FLOAT: _float,
    **{kind: _reads_text(longest) for kind, longest in LONGEST.items()},
    Kind.SWITCH: _switched_on,
}
