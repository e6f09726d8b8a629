"""The ``-F`` and ``-R`` options that make photometry on a skycell use the file rules for skycells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

SKYCELL_PSF = "PSPHOT.PSF.SKY.SAVE"
STACK_PSF = "PSPHOT.STACK.PSF.SAVE"

#: file rule -> the one to use in its place
SKYCELL_RULES: Mapping[str, str] = {
    "PSPHOT.OUTPUT": "PSPHOT.OUT.CMF.MEF",
    "PSPHOT.BACKMDL": "PSPHOT.BACKMDL.MEF",
    "SOURCE.PLOT.MOMENTS": "SOURCE.PLOT.SKY.MOMENTS",
    "SOURCE.PLOT.PSFMODEL": "SOURCE.PLOT.SKY.PSFMODEL",
    "SOURCE.PLOT.APRESID": "SOURCE.PLOT.SKY.APRESID",
}

#: the stack's products of real numbers, which compress with loss
COMPRESSED = ("PPSTACK.UNCONV", "PPSTACK.UNCONV.VARIANCE", "PPSTACK.UNCONV.EXP", "PPSTACK.UNCONV.EXPWT")


def redirections(rules: Mapping[str, str], *, psf: str) -> Iterator[str]:
    """``-F RULE OTHER`` for the PSF and for each rule."""
    for rule, other in {"PSPHOT.PSF.SAVE": psf, **rules}.items():
        yield from ("-F", rule, other)


def compressions() -> Iterator[str]:
    """``-R RULE FITS.TYPE COMP_STACK`` for each compressed product."""
    for rule in COMPRESSED:
        yield from ("-R", rule, "FITS.TYPE", "COMP_STACK")
