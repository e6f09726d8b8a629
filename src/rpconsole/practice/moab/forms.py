"""How Moab prints times and lengths of time."""

from __future__ import annotations

import time


def stamp(epoch: float) -> str:
    """``Wed Jan 23 15:01:47``: no year, no zone."""
    return time.strftime("%a %b %e %H:%M:%S", time.localtime(epoch))


def span(seconds: float) -> str:
    """``00:31:09``, ``1:14:34``, ``2:00:00:00``, with a minus in front where it is negative."""
    whole = abs(int(seconds))
    days, hours, minutes, rest = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    front = f"{days}:{hours:02d}" if days else f"{hours or '00'}"
    text = f"{front}:{minutes:02d}:{rest:02d}"
    return f"-{text}" if seconds < 0 and whole else text


def span_of(text: str) -> int:
    """Read ``90``, ``30:00``, ``2:00:00`` or ``1:00:00:00``; ValueError for anything else."""
    parts = [int(part) for part in text.split(":")]
    if not 1 <= len(parts) <= 4 or min(parts) < 0:
        raise ValueError(text)
    return sum(part * unit for part, unit in zip(reversed(parts), (1, 60, 3600, 86400), strict=False))
