"""A run's components as a field of glyphs: where there are more than cells, the worst of each group speaks for it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil

from rpconsole.console.text import Line, Piece

#: the worst first: state -> (glyph, token)
LOOKS: Mapping[str, Piece] = {
    "fail": ("fault", "state-fault"),
    "prep_fail": ("fault", "state-fault"),
    "retry": ("part", "comp-part"),
    "new": ("waits", "dim"),
    "prep_done": ("waits", "state-run"),
    "pass": ("full", "state-full"),
}
_RANK = {state: rank for rank, state in enumerate(LOOKS)}


def component_map(states: Sequence[str], glyphs: Mapping[str, str], width: int, rows: int) -> list[Line]:
    """At most ``rows`` lines; a cell is one component, or a group of neighbours."""
    across = max(1, (width - 2) // 2)
    group = max(1, ceil(len(states) / (across * max(1, rows))))
    cells = [_cell(states[place : place + group], glyphs) for place in range(0, len(states), group)]
    lines: list[Line] = []
    for start in range(0, len(cells), across):
        line: Line = [(" ", "text")]
        for glyph, token in cells[start : start + across]:
            line.append((f"{glyph} ", token))
        lines.append(line)
    return lines


def map_note(states: Sequence[str]) -> str:
    """``pass 604  fail 9  prep_done 7``."""
    counts = Counter(states)
    known = [state for state in reversed(list(LOOKS)) if counts[state]]
    others = sum(count for state, count in counts.items() if state not in LOOKS)
    return "  ".join([*(f"{state} {counts[state]:,}" for state in known), *([f"other {others:,}"] if others else [])])


def _cell(states: Sequence[str], glyphs: Mapping[str, str]) -> Piece:
    worst = min(states, key=lambda state: _RANK.get(state, len(_RANK)))
    name, token = LOOKS.get(worst, ("waits", "dim"))
    return glyphs[name], token
