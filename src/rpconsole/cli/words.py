"""Numbers and times as people read them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def duration(seconds: float) -> str:
    """The two largest units: ``3 d 4 h``, ``2 h 05 min``, ``40 s``."""
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {whole % 60:02} s" if minutes else f"{whole} s"


def ago(at: float | None, now: float) -> str:
    """How long ago, or ``never``."""
    return "never" if at is None else f"{duration(now - at)} ago"


def moment(at: float | None) -> str:
    """UTC to the second, ``-`` for none."""
    return "-" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))


def volume(size: float) -> str:
    """Bytes in decimal units, as disks and networks are sold."""
    number, unit = float(size), 0
    while number >= 999.5 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.0f} {_UNITS[unit]}" if unit == 0 or number >= 99.5 else f"{number:.1f} {_UNITS[unit]}"


def counts(by_state: Mapping[str, int] | None) -> str:
    """``3 prep_done, 1 fail``; None = the engine has not counted them yet."""
    if by_state is None:
        return "being counted"
    return ", ".join(f"{count} {state}" for state, count in by_state.items() if count)


def tasks(run: Mapping[str, Any]) -> str:
    """``5/8`` with the abandoned ones behind, empty before the first poll."""
    if not run["tasks"]:
        return ""
    failed = f" ({run['tasks_failed']} abandoned)" if run["tasks_failed"] else ""
    return f"{run['tasks_done']}/{run['tasks']}{failed}"
