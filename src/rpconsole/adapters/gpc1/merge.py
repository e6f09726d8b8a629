"""One figure for a run out of those of its components, as the IPP's tools make it when they advance a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rpconsole.adapters.gpc1.values import finite_or_none, text_or_none
from rpconsole.domain.software_version import merged_version

FRACTIONS = ("maskfrac_static", "maskfrac_dynamic", "maskfrac_magic", "maskfrac_advisory")


def merged_results(rows: Iterable[Mapping[Any, Any]]) -> dict[str, Any]:
    """Columns for the run's row: merged version, and mask fractions weighted by pixels.

    Rows without pixels or with a fraction that is no number count for neither; what nothing was found for is left out.
    """
    counted = [row for row in rows if _counts(row)]
    merged: dict[str, Any] = {}
    version = merged_version(text_or_none(row["software_ver"]) for row in counted)
    if version is not None:
        merged["software_ver"] = version
    pixels = sum(row["maskfrac_npix"] for row in counted)
    if pixels:
        merged["maskfrac_npix"] = float(pixels)
        for name in FRACTIONS:
            merged[name] = sum(row["maskfrac_npix"] * row[name] for row in counted) / pixels
    return merged


def common_magicked(rows: Iterable[Mapping[Any, Any]]) -> int:
    """The destreaking run that all components went through; 0 when they differ."""
    found = {row["magicked"] or 0 for row in rows}
    return int(found.pop()) if len(found) == 1 else 0


def _counts(row: Mapping[Any, Any]) -> bool:
    return bool(row["maskfrac_npix"]) and all(finite_or_none(row[name]) is not None for name in FRACTIONS)
