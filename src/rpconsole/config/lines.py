"""Where a key stands in a TOML text that has been read already."""

from __future__ import annotations

import re
from collections.abc import Sequence

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"^\s*(\[\[?)\s*({_DOTTED})\s*\]")
_PAIR = re.compile(rf"^\s*({_DOTTED})\s*=")
_TOKEN = re.compile(r""" \"{3} | '{3} | "(?:[^"\\]|\\.)*" | '[^']*' | \#.* """, re.VERBOSE)
#: a long string may end in up to two quotes of its own
_CLOSING = {'"""': re.compile(r'(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'), "'''": re.compile(r"(?:[^']|'{1,2}(?!'))*'{3,5}")}

Place = tuple[str | int, ...]


def places_of(text: str) -> dict[Place, int]:
    """Each table and key with its line, counted from 1; entries of ``[[arrays]]`` have their number in the place."""
    places: dict[Place, int] = {}
    entries: dict[Place, int] = {}
    table: Place = ()
    for number, line in _statements(text):
        if header := _HEADER.match(line):
            table = _table_place(header[1], _parts(header[2]), entries)
            if header[1] == "[[":
                places.setdefault(table[:-1], number)
            places.setdefault(table, number)
        elif pair := _PAIR.match(line):
            place = table
            for part in _parts(pair[1]):
                place = (*place, part)
                places.setdefault(place, number)
    return places


def line_of(places: dict[Place, int], place: Sequence[str | int]) -> int | None:
    """The line of a place, or of the nearest thing around it that has one."""
    for length in range(len(place), 0, -1):
        if (number := places.get(tuple(place[:length]))) is not None:
            return number
    return None


def _table_place(bracket: str, parts: tuple[str, ...], entries: dict[Place, int]) -> Place:
    """``[a.b]`` after ``[[a]]`` belongs to the last entry of a."""
    place: Place = ()
    for part in parts[:-1]:
        place = (*place, part)
        if place in entries:
            place = (*place, entries[place])
    place = (*place, parts[-1])
    if bracket == "[[":
        entries[place] = entries.get(place, -1) + 1
        place = (*place, entries[place])
    return place


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))


def _statements(text: str) -> list[tuple[int, str]]:
    """Lines on which a statement begins: not those inside a long string or a list over several lines."""
    found: list[tuple[int, str]] = []
    depth, fence = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        begins = not depth and not fence
        if begins:
            found.append((number, line))
        bare, fence = _bare(line, fence)
        if not (begins and _HEADER.match(line)):
            depth = max(0, depth + sum(map(bare.count, "[{")) - sum(map(bare.count, "]}")))
    return found


def _bare(line: str, fence: str) -> tuple[str, str]:
    """The line without its strings and its comment, and the long string's quotes that are still open at its end."""
    rest, at = "", 0
    while at < len(line):
        if fence:
            closing = _CLOSING[fence].match(line, at)
            if closing is None:
                return rest, fence
            at, fence = closing.end(), ""
        elif token := _TOKEN.search(line, at):
            rest += line[at : token.start()]
            at, fence = token.end(), token[0] if token[0] in _CLOSING else ""
        else:
            return rest + line[at:], ""
    return rest, fence
