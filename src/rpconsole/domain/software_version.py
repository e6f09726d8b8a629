"""The IPP's version words, and how several become the one that a row keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: ``software_ver`` is a VARCHAR(16)
MAX_LENGTH = 16

_LEADING = re.compile(r"\d+")


def merged_version(versions: Iterable[str | None]) -> str | None:
    """The largest leading integer, with an ``M`` if any of the versions was modified; None when none has a number."""
    numbers: list[int] = []
    modified = False
    for version in versions:
        found = _LEADING.match(version or "")
        if version and found and len(found[0]) < MAX_LENGTH:
            numbers.append(int(found[0]))
            modified = modified or version.endswith("M")
    return f"{max(numbers)}{'M' if modified else ''}" if numbers else None
