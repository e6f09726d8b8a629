"""What commands print: tables for a terminal, tab-separated lines for a pipe, one JSON object on request."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rpconsole.domain.foreign import visible

Row = Sequence[object]


def say(text: str = "") -> None:
    """A line of ours for the person; foreign text in it is made visible, never obeyed."""
    sys.stdout.write(visible(text, lines=True) + "\n")


def complain(text: str) -> None:
    """A sentence on stderr."""
    sys.stderr.write(visible(text, lines=True) + "\n")


def show_json(result: Mapping[str, Any]) -> None:
    """The whole result as one object."""
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def show_table(titles: Sequence[str], rows: Iterable[Row], *, right: Sequence[int] = (), empty: str = "") -> None:
    """A table for a terminal; for a pipe a line of titles and a line a row, separated by tabs, never cut."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        for line in (titles, *cells):
            sys.stdout.write("\t".join(line) + "\n")
    elif cells:
        _draw(titles, cells, right)
    else:
        say(empty)


def show_fields(fields: Iterable[tuple[str, object]]) -> None:
    """Names and values, one pair a line."""
    pairs = [(name, _cell(value)) for name, value in fields]
    width = 0 if not sys.stdout.isatty() else max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        sys.stdout.write(f"{name:<{width}}\t{value}\n" if not width else f"{name:<{width}}  {value}\n")


def _cell(value: object) -> str:
    return "-" if value is None else visible(str(value))


def _draw(titles: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[int]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, title in enumerate(titles):
        table.add_column(Text(title), justify="right" if number in right else "left", overflow="fold")
    for line in cells:
        table.add_row(*(Text(cell) for cell in line))
    Console(highlight=False, markup=False).print(table)
