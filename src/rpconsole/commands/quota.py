"""What ``lfs quota`` and ``quota`` print: one line a file system, in kilobytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"[0-9]+\*?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """What an account has used of a file system, and what it may; bytes, 0 = no limit."""

    file_system: str
    used: int
    soft: int
    hard: int

    @property
    def limit(self) -> int:
        """Beyond which nothing more is written for long."""
        return self.soft or self.hard


def read_quota(text: str, path: str) -> Quota | None:
    """The line of the file system that a path lies on (the longest that fits), or the only one; None where there is none.

    Both programs print ``file system, kilobytes, quota, limit, …``; a long name stands on a line of its own, a number beyond the
    soft limit has a star.
    """
    found: list[Quota] = []
    name = ""
    for line in text.splitlines():
        words = line.split()
        if words and words[0].startswith("/"):
            name, words = words[0], words[1:]
        if name and len(words) >= 3 and all(_NUMBER.fullmatch(word) for word in words[:3]):
            used, soft, hard = (int(word.rstrip("*")) * 1024 for word in words[:3])
            found.append(Quota(file_system=name, used=used, soft=soft, hard=hard))
            name = ""
        elif words:
            name = ""
    holding = [quota for quota in found if f"{path}/".startswith(f"{quota.file_system.rstrip('/')}/")]
    if holding:
        return max(holding, key=lambda quota: len(quota.file_system))
    return found[0] if len(found) == 1 else None
