"""What the terminal can do, as far as it says so."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

#: what a terminal without cursor and colours calls itself
CANNOT_DRAW = ("", "dumb", "unknown")


def is_terminal() -> bool:
    """Whether a person sits there: Textual draws on stderr."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def can_draw(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether it can be drawn on, by its own word."""
    return environ.get("TERM", "") not in CANNOT_DRAW


def knows_unicode(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the locale's characters are those of Unicode, as far as somebody chose one; the interpreter sets LC_CTYPE for itself."""
    chosen = environ.get("LC_ALL") or environ.get("LANG") or ""
    return not chosen or "utf" in chosen.lower()
