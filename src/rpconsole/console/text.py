"""What panes are painted with: lines made of pieces of plain text, each with the name of its colour token. Nothing is markup."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size

from rpconsole.domain.foreign import visible

#: (text, token); the text is shown as it stands
Piece = tuple[str, str]
Line = list[Piece]


def foreign(text: object) -> str:
    """Text that came from elsewhere, on one line, with nothing in it that a terminal would obey."""
    return visible(str(text))


#: what our own words have beyond ASCII
_ASCII = {"…": ".", "·": "-", "—": "-", "–": "-", "×": "x", "→": ">", "←": "<", "•": "*", "’": "'"}


def ascii_of(text: str) -> str:
    """The text in as many cells with ASCII characters only; a question mark for what has no near one."""
    if text.isascii():
        return text
    return "".join(ch if ch.isascii() else _ASCII.get(ch, "?" * cell_len(ch)) for ch in text)


def width_of(line: Iterable[Piece]) -> int:
    """Terminal cells that a line takes."""
    return sum(cell_len(text) for text, _ in line)


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly ``width`` cells, cut with an ellipsis where it is longer."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - length) + text if right else text + " " * (width - length)


def cropped(line: Iterable[Piece], width: int) -> Line:
    """The line without what lies beyond ``width`` cells."""
    kept: Line = []
    left = width
    for text, token in line:
        length = cell_len(text)
        if length > left:
            kept.append((fitted(text, left), token))
            return kept
        kept.append((text, token))
        left -= length
    return kept


def skipped(line: Iterable[Piece], count: int) -> Line:
    """The line without its first ``count`` cells; half of a wide character becomes a space."""
    kept: Line = []
    for text, token in line:
        length = cell_len(text)
        if count >= length:
            count -= length
            continue
        while count > 0 and text:
            count -= cell_len(text[0])
            text = text[1:]
        kept.append((" " * -count + text, token))
        count = 0
    return kept


def spread(left: Line, right: Line, width: int, *, fill: str = " ", token: str = "text") -> Line:
    """Two lines in one, the right one at the right edge; the left one gives way where both do not fit."""
    room = max(0, width - width_of(right))
    head = cropped(left, room)
    return [*head, (fill * max(0, room - width_of(head)), token), *cropped(right, width)]


def joined(parts: Iterable[Line], separator: Piece) -> Line:
    """Parts with a separator between them; empty ones are left out."""
    line: Line = []
    for part in parts:
        if part:
            line += ([separator] if line else []) + part
    return line


def changed_cells(before: Line, after: Line, width: int) -> tuple[int, int] | None:
    """From and to which cell two lines differ in ``width`` cells; None when nothing of them does.

    A terminal over a slow line is sent these cells only. Lines with wide or combining characters are taken whole.
    """
    if before == after:
        return None
    one, other = _cells(before, width), _cells(after, width)
    if one is None or other is None:
        return 0, width
    differing = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return (differing[0], differing[-1] + 1) if differing else None


def _cells(line: Line, width: int) -> list[Piece] | None:
    if any(cell_len(text) != len(text) for text, _ in line):
        return None
    cells = [(character, token) for text, token in line for character in text][:width]
    return cells + [(" ", "")] * (width - len(cells))


def wrapped(text: str, width: int) -> list[str]:
    """A sentence in lines of at most ``width`` cells, broken at spaces where there are any; its indent holds for every line."""
    indent = text[: len(text) - len(text.lstrip(" "))]
    if indent and len(indent) < width // 2:
        return [indent + piece for piece in wrapped(text[len(indent) :], width - len(indent))]
    lines: list[str] = []
    rest = ""
    for word in text.split(" "):
        longer = f"{rest} {word}" if rest else word
        if cell_len(longer) <= width:
            rest = longer
            continue
        if rest:
            lines.append(rest)
        rest = word
        while cell_len(rest) > width > 0:
            piece = set_cell_size(rest, width).rstrip() or rest[:1]
            lines.append(piece)
            rest = rest[len(piece) :]
    return [*lines, rest]
