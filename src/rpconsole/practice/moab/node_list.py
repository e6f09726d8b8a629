"""Slurm's compressed node lists: ``mu[001-003,0712],mu-fe1``."""

from __future__ import annotations

import re
from collections.abc import Sequence


def compressed(names: Sequence[str]) -> str:
    """Consecutive numbers of one width and stem as a range."""
    groups: list[tuple[str, int, list[int]]] = []
    for name in names:
        found = re.fullmatch(r"(.*?)(\d+)", name)
        stem, number = (found.group(1), found.group(2)) if found else (name, "")
        if number and groups and groups[-1][0] == stem and groups[-1][1] == len(number):
            groups[-1][2].append(int(number))
        else:
            groups.append((stem, len(number), [int(number)] if number else []))
    return ",".join(_group(stem, width, numbers) for stem, width, numbers in groups)


def expanded(text: str) -> list[str]:
    """Every name of a list, in its order; ValueError where the brackets are wrong."""
    names: list[str] = []
    for part in re.findall(r"[^,\[\]]+(?:\[[^\[\]]*\])?", text):
        stem, _, inside = part.partition("[")
        if not inside:
            names.append(stem)
            continue
        for piece in inside.rstrip("]").split(","):
            first, _, last = piece.partition("-")
            names += [f"{stem}{number:0{len(first)}d}" for number in range(int(first), int(last or first) + 1)]
    return names


def _group(stem: str, width: int, numbers: list[int]) -> str:
    if len(numbers) < 2:
        return f"{stem}{numbers[0]:0{width}d}" if numbers else stem
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = [f"{a:0{width}d}" if a == b else f"{a:0{width}d}-{b:0{width}d}" for a, b in ranges]
    return f"{stem}[{','.join(shown)}]"
