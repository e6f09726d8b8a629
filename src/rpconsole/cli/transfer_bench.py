"""transfer bench: the survey's study of its line, repeated: a table and a chart of what each more stream and front end brings."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from rpconsole.cli.door import Door, through_door
from rpconsole.cli.options import JsonOption
from rpconsole.cli.output import complain, say, show_json, show_table
from rpconsole.cli.words import volume
from rpconsole.domain.fault import BadConfiguration

_UNITS = {"kB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}
BAR = 40


def bench(
    context: typer.Context,
    sizes: Annotated[str, typer.Option("--sizes", help="Sizes of the files, as in 20kB,1MB,10MB.")] = "20kB,1MB,10MB",
    streams: Annotated[str, typer.Option("--streams", help="File channels on each front end, as in 1,2.")] = "1,2",
    front_ends: Annotated[str, typer.Option("--front-ends", help="How many of them, as in 1,2,4.")] = "1,2",
    total: Annotated[str, typer.Option("--bytes", help="How much is moved for each measurement, each way.")] = "40MB",
    as_json: JsonOption = False,
) -> None:
    """Measure the line to the site: file sizes × streams × front ends, both ways. It needs a session, and moves real bytes."""
    wanted = [
        (size, front_end, stream)
        for size in map(_bytes, sizes.split(","))
        for front_end in map(_count, front_ends.split(","))
        for stream in map(_count, streams.split(","))
    ]

    async def measure(door: Door) -> list[dict[str, Any]]:
        if not door.lives:
            raise BadConfiguration("no engine runs, so no session is open: rpconsole --daemon, then rpconsole login")
        cells = []
        for size, front_end, stream in wanted:
            complain(f"{volume(size)} files, {front_end} front ends × {stream} streams …")
            result = await door.call("bench", size=size, total=_bytes(total), front_ends=front_end, streams=stream)
            cells.append(result["cell"])
        return cells

    cells = through_door(context, measure)
    if as_json:
        show_json({"version": 1, "cells": cells})
        return
    _show(cells)


def _show(cells: list[dict[str, Any]]) -> None:
    show_table(
        ("file size", "files", "front ends", "streams each", "to the site", "from the site"),
        [
            (volume(cell["size"]), cell["files"], cell["front_ends"], cell["streams"],
             f"{volume(cell['rate_out'])}/s", f"{volume(cell['rate_in'])}/s")
            for cell in cells
        ],
        right=(0, 1, 2, 3, 4, 5),
    )  # fmt: skip
    most = max((cell["rate_out"] for cell in cells), default=0.0)
    for cell in cells:
        bar = "█" * max(1, round(BAR * cell["rate_out"] / most)) if most else ""
        name = f"{volume(cell['size'])} {cell['front_ends']}×{cell['streams']}"
        say(f"{name:>14} {bar} {volume(cell['rate_out'])}/s")


def _bytes(text: str) -> int:
    """``20kB`` and the like."""
    word = text.strip()
    unit = next((unit for unit in _UNITS if word.endswith(unit)), "")
    number = word[: len(word) - len(unit)] if unit else word
    if not number.isdigit() or not 0 < int(number) * _UNITS.get(unit, 1) <= 1 << 40:
        raise typer.BadParameter(f"'{word[:20]}' is no size; write 20kB, 1MB or 2GB")
    return int(number) * _UNITS.get(unit, 1)


def _count(text: str) -> int:
    word = text.strip()
    if not word.isdigit() or not 0 < int(word) <= 64:
        raise typer.BadParameter(f"'{word[:20]}' is no number from 1 to 64")
    return int(word)
