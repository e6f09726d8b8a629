"""One figure for a run out of those of its components, as the IPP's tools make it when they advance a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Select, Table, and_, func, select

from rpconsole.adapters.gpc1.gates import is_faultless
from rpconsole.adapters.gpc1.values import FLOAT_MAX, text_or_none
from rpconsole.domain.software_version import merged_version

FRACTIONS = ("maskfrac_static", "maskfrac_dynamic", "maskfrac_magic", "maskfrac_advisory")


def summed_results(result: Table, id_name: str) -> Select[Any]:
    """The good results of each run, those that share version and destreaking in one row: a run seldom has more than one.

    Those that ``counts`` have pixels and fractions that are numbers, and make a row of their own; ``pixels`` is their sum, each fraction
    its sum weighted by them. The server adds, for a survey has tens of thousands.
    """
    c = result.c
    counts = and_(c.maskfrac_npix != 0, *(c[name].between(-FLOAT_MAX, FLOAT_MAX) for name in FRACTIONS))
    alike = (c[id_name], c.software_ver, c.magicked)
    sums = [func.sum(c.maskfrac_npix * c[name]).label(name) for name in FRACTIONS]
    return (
        select(*alike, counts.label("counts"), func.sum(c.maskfrac_npix).label("pixels"), *sums)
        .where(func.coalesce(c.data_state, "") == "full", is_faultless(result))
        # by its name: with the condition itself MariaDB takes its columns for ones that are not grouped
        .group_by(*alike, "counts")
    )


def merged_results(groups: Iterable[Mapping[Any, Any]]) -> dict[str, Any]:
    """Columns for the run's row: merged version, and mask fractions weighted by pixels; what nothing was found for is left out."""
    counted = [group for group in groups if group["counts"]]
    merged: dict[str, Any] = {}
    version = merged_version(text_or_none(group["software_ver"]) for group in counted)
    if version is not None:
        merged["software_ver"] = version
    # a server adds whole numbers to a decimal
    pixels = float(sum(group["pixels"] for group in counted))
    if pixels:
        merged["maskfrac_npix"] = pixels
        for name in FRACTIONS:
            merged[name] = sum(float(group[name]) for group in counted) / pixels
    return merged


def common_magicked(groups: Iterable[Mapping[Any, Any]]) -> int:
    """The destreaking run that all components went through; 0 when they differ."""
    found = {group["magicked"] or 0 for group in groups}
    return int(found.pop()) if len(found) == 1 else 0
