"""The ``-F`` and ``-R`` options that make photometry on a skycell use the file rules for skycells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

#: file rule -> the one to use in its place
SKYCELL_RULES: Mapping[str, str] = {
    "PSPHOT.PSF.SAVE": "PSPHOT.PSF.SKY.SAVE",
    "PSPHOT.OUTPUT": "PSPHOT.OUT.CMF.MEF",
    "PSPHOT.BACKMDL": "PSPHOT.BACKMDL.MEF",
    "SOURCE.PLOT.MOMENTS": "SOURCE.PLOT.SKY.MOMENTS",
    "SOURCE.PLOT.PSFMODEL": "SOURCE.PLOT.SKY.PSFMODEL",
    "SOURCE.PLOT.APRESID": "SOURCE.PLOT.SKY.APRESID",
}

#: image and variance of the stack, convolved and not: the old script's choice
COMPRESSED = ("PPSTACK.OUTPUT", "PPSTACK.OUTPUT.VARIANCE", "PPSTACK.UNCONV", "PPSTACK.UNCONV.VARIANCE")


def redirections() -> Iterator[str]:
    """``-F RULE OTHER`` for each rule."""
    for rule, other in SKYCELL_RULES.items():
        yield from ("-F", rule, other)


def compressions() -> Iterator[str]:
    """``-R RULE FITS.TYPE COMP_STACK`` for each compressed product."""
    for rule in COMPRESSED:
        yield from ("-R", rule, "FITS.TYPE", "COMP_STACK")
