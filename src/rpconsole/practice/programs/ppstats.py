"""ppStatsFromMetadata: print a program's statistics as options of the database tools."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rpconsole.practice.programs import metadata
from rpconsole.practice.programs.exits import BadInput, BadUsage
from rpconsole.practice.programs.frame import Outputs, read_text, run
from rpconsole.practice.programs.options import Given, Synopsis
from rpconsole.practice.programs.statsflags import RECIPES, FlagForm

SYNOPSIS = Synopsis(program="ppStatsFromMetadata", options={}, arguments=("statistics", "output", "recipe"))


def main(argv: Sequence[str]) -> int:
    return run(SYNOPSIS, _work, argv)


def _work(given: Given, outputs: Outputs) -> None:
    source, target, recipe = given.arguments
    if recipe not in RECIPES:
        raise BadUsage(f"unknown recipe {recipe}; there are {', '.join(RECIPES)}")
    values = metadata.read(read_text(source), name=source)
    if not values:
        raise BadInput(f"{source} holds no statistics")
    line = flags_line(values, RECIPES[recipe])
    if target == "-":
        outputs.say(line)
    else:
        outputs.text(target, line)


def flags_line(values: Mapping[str, object], forms: Mapping[str, FlagForm]) -> str:
    """`-flag value ` pairs and a newline; a keyword that the statistics do not have is left out."""
    pairs = [_pair(flag, form, values[flag.upper()]) for flag, form in forms.items() if flag.upper() in values]
    return "".join(pairs) + "\n"


def _pair(flag: str, form: FlagForm, value: object) -> str:
    if value is None:
        return ""
    if form is FlagForm.SWITCH:
        return f"-{flag} " if value else ""
    if form is FlagForm.TEXT:
        return f"-{flag} '{value}' "
    number = float(str(value))
    if form is FlagForm.INTEGER and math.isfinite(number):
        return f"-{flag} {int(str(value)) if isinstance(value, int) else int(number)} "
    return f"-{flag} {number:f} "
