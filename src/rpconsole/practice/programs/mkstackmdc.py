"""sc_mk_stack_mdc.pl: tell ppStack where each input warp lies, at its own place or where it was shipped to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from rpconsole.practice.programs import metadata
from rpconsole.practice.programs.exits import BadInput, MissingInput
from rpconsole.practice.programs.frame import Outputs, read_text, run
from rpconsole.practice.programs.options import Given, Synopsis

SYNOPSIS = Synopsis(
    program="sc_mk_stack_mdc.pl",
    options={"--remote_root": 1, "--compmap": 1},
    required=("--remote_root", "--compmap"),
    arguments=("warp root",),
    last_repeats=True,
)
PARTS = {"IMAGE": ".fits", "MASK": ".mask.fits", "VARIANCE": ".wt.fits", "PSF": ".psf", "SOURCES": ".cmf"}


def main(argv: Sequence[str]) -> int:
    return run(SYNOPSIS, _work, argv)


def _work(given: Given, outputs: Outputs) -> None:
    elsewhere = _component_map(given.one("--compmap"))
    for number, place in enumerate(given.arguments):
        block: dict[str, object] = {part: _existing(place + end, elsewhere) for part, end in PARTS.items()}
        block["BKGMODEL"] = f"{place}.mdl.fits"
        outputs.say(metadata.write({f"INPUT{number}": block}) + "\n")


def _component_map(path: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        words = line.split()
        if words and len(words) != 2:
            raise BadInput(f"{path}, line {number}: two paths expected, not {len(words)}")
        if words:
            table[words[0]] = words[1]
    return table


def _existing(path: str, elsewhere: Mapping[str, str]) -> str:
    # word by word, as the survey's own program looks
    shipped = elsewhere.get(path, path)
    for candidate in (path, shipped):
        if os.path.isfile(candidate) and os.path.getsize(candidate) > 0:
            return candidate
    raise MissingInput(f"neither {path} nor {shipped} exists with content")
