"""A small plot of a rate over time, several rows high. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

from rpconsole.console.format import Glyphs, volume
from rpconsole.console.text import Line

#: cells of the names of the rows
PLOT_MARGIN = 12


def plot_lines(values: Sequence[float], width: int, height: int, glyphs: Glyphs, *, token: str) -> list[Line]:
    """The last values as columns below a round top; each row is named at its upper edge, in bytes per second."""
    room = max(1, width - PLOT_MARGIN)
    shown = list(values)[-room:]
    top = round_top(max(shown, default=0.0), height)
    lines: list[Line] = []
    for row in range(height, 0, -1):
        name = volume(top * row / height)
        cells = "".join(_cell(value / top * height - (row - 1), glyphs) for value in shown)
        lines.append([(f"{name:>9} {glyphs['axis']}", "dim"), (f"{cells:>{room}}", token)])
    return lines


def round_top(peak: float, rows: int = 1) -> float:
    """The least top at which every row is 1, 2 or 5 times a power of ten high, or that of an integer where there is one row."""
    each = peak / rows
    if each <= 0:
        return float(rows)
    power = 10.0 ** floor(log10(each))
    return rows * next(step * power for step in (1, 2, 5, 10) if step * power >= each * (1 - 1e-9))


def _cell(height: float, glyphs: Glyphs) -> str:
    """A cell filled to a height between 0 and 1; what is more or less is full or empty."""
    sparks = glyphs["sparks"]
    if height <= 0:
        return " "
    return sparks[min(len(sparks) - 1, int(height * len(sparks)))]
