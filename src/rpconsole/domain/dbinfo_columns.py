"""Which columns of a stage's result table the options of a dbinfo become, and which are made of several of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

from rpconsole.domain.dbinfo_flags import COMPLETIONS, DETEFF
from rpconsole.domain.dbinfo_plan import PLANS, Picking, Value, picking
from rpconsole.domain.dbinfo_words import FLOAT_MAX
from rpconsole.domain.software_version import merged_version

#: by tool, the column that an option sets
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    completion.tool: {name: option.column for name, option in completion.options.items() if option.column}
    for completion in COMPLETIONS.values()
}


def columns_of(values: Mapping[str, Value], tool: str) -> tuple[tuple[str, ...], tuple[Value, ...]]:
    """Names and values of the columns that a line's options set."""
    placing = _placing(tool, tuple(values))
    made = [_sum(values[name], values.get("zpt_obs")) for name in placing.sums]
    version = [] if placing.versions is None else [_merged(tuple(placing.versions(values)))]
    return placing.names, (*placing.plain(values), *made, *version)


def columns_of_many(values: Mapping[str, Sequence[Value]], tool: str) -> tuple[tuple[str, ...], list[Sequence[Value]]]:
    """The same of many lines with the same options: each option's values, one a line, and so each column's."""
    placing = _placing(tool, tuple(values))
    points = values.get("zpt_obs")
    made: list[Sequence[Value]] = [list(map(_sum, values[name], points or repeat(None))) for name in placing.sums]
    if placing.versions is not None:
        made.append(list(map(_merged, zip(*placing.versions(values), strict=True))))
    return placing.names, [*placing.plain(values), *made]


class _Placing(NamedTuple):
    """Which options of a sequence become which columns."""

    #: plain columns, then sums, then the version
    names: tuple[str, ...]
    plain: Picking
    #: options whose zero point is added
    sums: tuple[str, ...]
    #: None where no option names a version that counts
    versions: Picking | None


@lru_cache(maxsize=PLANS)
def _placing(tool: str, options: tuple[str, ...]) -> _Placing:
    column_of = _COLUMNS[tool]
    plain = [name for name in options if name in column_of]
    sums = tuple(name for name in options if name in DETEFF)
    versions = [name for name in options if name.startswith("ver_")]
    # the IPP counts its base library only together with the modules built on it
    counted = [name for name in versions if name != "ver_pslib" or "ver_psmodules" in versions]
    names = (*(column_of[name] for name in plain), *(DETEFF[name] for name in sums))
    return _Placing(
        names=(*names, "software_ver") if counted else names,
        plain=picking(plain),
        sums=sums,
        versions=picking(counted) if counted else None,
    )


@lru_cache(maxsize=64)
def _merged(versions: tuple[Value, ...]) -> str | None:
    # one release of the programs makes all results of a run
    return merged_version(version for version in versions if isinstance(version, str))


def _sum(one: Value, other: Value) -> float | None:
    """Instrumental plus zero point, within single precision; None unless both are known."""
    if isinstance(one, float) and isinstance(other, float):
        return max(-FLOAT_MAX, min(FLOAT_MAX, one + other))
    return None
