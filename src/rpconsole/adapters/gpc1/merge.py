"""One figure for a run out of those of its components, as the IPP's tools make it when they advance a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Select, Table, and_, case, func, select

from rpconsole.adapters.gpc1.values import FLOAT_MAX, text_or_none
from rpconsole.domain.software_version import merged_version

FRACTIONS = ("maskfrac_static", "maskfrac_dynamic", "maskfrac_magic", "maskfrac_advisory")


def summed_results(result: Table, id_name: str) -> Select[Any]:
    """The good results of each run, those that share version and destreaking in one row: a run seldom has more than one.

    ``counted`` of them have pixels and fractions that are numbers; ``pixels`` is their sum, each fraction its sum weighted by them.
    The server adds, for a survey has tens of thousands.
    """
    c = result.c
    pixels = c.maskfrac_npix
    counts = and_(pixels != 0, *(c[name].between(-FLOAT_MAX, FLOAT_MAX) for name in FRACTIONS))
    sums = [func.sum(case((counts, pixels * c[name]), else_=0)).label(name) for name in FRACTIONS]
    alike = (c[id_name], c.software_ver, c.magicked)
    return (
        select(
            *alike,
            func.sum(case((counts, 1), else_=0)).label("counted"),
            func.sum(case((counts, pixels), else_=0)).label("pixels"),
            *sums,
        )
        .where(c.data_state == "full", c.fault == 0)
        .group_by(*alike)
    )


def merged_results(groups: Iterable[Mapping[Any, Any]]) -> dict[str, Any]:
    """Columns for the run's row: merged version, and mask fractions weighted by pixels; what nothing was found for is left out."""
    counted = [group for group in groups if group["counted"]]
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
