"""Which tests there are, for pages that name the tests which prove what they say."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@cache
def known_tests() -> frozenset[str]:
    """The names of all test functions."""
    texts = (path.read_text(encoding="utf-8") for path in HERE.rglob("test_*.py"))
    names = (re.findall(r"^\s*(?:async )?def (test_\w+)\(", text, re.MULTILINE) for text in texts)
    return frozenset(name for found in names for name in found)


def named_in(text: str) -> set[str]:
    """The tests that a page names, in backticks."""
    return set(re.findall(r"`(test_\w+)`", text))
