"""dvoImageExtract: copy one skycell's astrometry out of the tessellation, as a FITS header without pixels."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rpconsole.practice.programs.exits import BadInput, BadUsage, MissingInput
from rpconsole.practice.programs.frame import Outputs, read_text, run
from rpconsole.practice.programs.options import Given, Synopsis

SYNOPSIS = Synopsis(
    program="dvoImageExtract", options={"-D": 2, "-o": 1}, required=("-D", "-o"), arguments=("skycell",)
)
FITS_BLOCK_BYTES = 2880
CARD_BYTES = 80


def main(argv: Sequence[str]) -> int:
    return run(SYNOPSIS, _work, argv)


def _work(given: Given, outputs: Outputs) -> None:
    settings = {pair[0]: pair[1] for pair in given.every("-D")}
    if "CATDIR" not in settings:
        raise BadUsage("-D CATDIR DIRECTORY names no tessellation")
    source = skycell_file(settings["CATDIR"], given.arguments[0])
    if not os.path.isfile(source):
        raise MissingInput(f"tessellation {settings['CATDIR']} has no skycell {given.arguments[0]} ({source})")
    cards = read_text(source).splitlines()
    if not any(card.startswith("CRVAL1") for card in cards):
        raise BadInput(f"{source} holds no astrometry")
    with open(outputs.product(given.one("-o")), "wb") as stream:
        stream.write(header_block(cards))


def skycell_file(tessellation: str, skycell_id: str) -> str:
    return os.path.join(tessellation, f"{skycell_id}.hdr")


def header_block(cards: Sequence[str]) -> bytes:
    """A primary header without data, in whole FITS blocks."""
    lines = [
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    0",
        *cards,
        "END",
    ]
    text = "".join(line.ljust(CARD_BYTES)[:CARD_BYTES] for line in lines)
    blocks = -(-len(text) // FITS_BLOCK_BYTES)
    return text.ljust(blocks * FITS_BLOCK_BYTES).encode("ascii", "replace")
