"""Which columns of a stage's result table the options of a dbinfo become, and which are made of several of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

from rpconsole.domain.dbinfo_flags import COMPLETIONS, DETEFF
from rpconsole.domain.dbinfo_words import FLOAT_MAX, Value
from rpconsole.domain.software_version import merged_version

#: sequences of options that are remembered; a release of the survey's programs has one a stage
SHAPES = 64
#: by tool, the column that an option sets
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    completion.tool: {name: option.column for name, option in completion.options.items() if option.column}
    for completion in COMPLETIONS.values()
}


def columns_of(values: Mapping[str, Value], tool: str) -> tuple[tuple[str, ...], tuple[Value, ...]]:
    """Names and values of the columns that a line's options set."""
    names, columns = columns_of_many({name: [value] for name, value in values.items()}, tool)
    return names, tuple(column[0] for column in columns)


def columns_of_many(values: Mapping[str, Sequence[Value]], tool: str) -> tuple[tuple[str, ...], list[Sequence[Value]]]:
    """The same of many lines with the same options: each option's values, one a line, and so each column's."""
    placing = _placing(tool, tuple(values))
    columns = [values[name] for name in placing.plain]
    points = values.get("zpt_obs")
    columns += [list(map(_sum, values[name], points or repeat(None))) for name in placing.sums]
    if placing.versions:
        versions = zip(*(values[name] for name in placing.versions), strict=True)
        columns.append(list(map(_merged, versions)))
    return placing.names, columns


class _Placing(NamedTuple):
    """Which options of a sequence become which columns."""

    #: plain columns, then sums, then the version
    names: tuple[str, ...]
    plain: tuple[str, ...]
    #: options whose zero point is added
    sums: tuple[str, ...]
    #: options that name a version that counts
    versions: tuple[str, ...]


@lru_cache(maxsize=SHAPES)
def _placing(tool: str, options: tuple[str, ...]) -> _Placing:
    column_of = _COLUMNS[tool]
    plain = tuple(name for name in options if name in column_of)
    sums = tuple(name for name in options if name in DETEFF)
    versions = tuple(name for name in options if name.startswith("ver_"))
    # the IPP counts its base library only together with the modules built on it
    counted = tuple(name for name in versions if name != "ver_pslib" or "ver_psmodules" in versions)
    names = (*(column_of[name] for name in plain), *(DETEFF[name] for name in sums))
    return _Placing(names=(*names, "software_ver") if counted else names, plain=plain, sums=sums, versions=counted)


@lru_cache(maxsize=64)
def _merged(versions: tuple[Value, ...]) -> str | None:
    # one release of the programs makes all results of a run
    return merged_version(version for version in versions if isinstance(version, str))


def _sum(one: Value, other: Value) -> float | None:
    """Instrumental plus zero point, within single precision; None unless both are known."""
    if isinstance(one, float) and isinstance(other, float):
        return max(-FLOAT_MAX, min(FLOAT_MAX, one + other))
    return None
