"""What was given before the command's name, and who gives it. Nothing but the standard library, as every start waits for this."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What was given before the command's name."""

    config_file: Path | None = None
    debug: bool = False


def who_calls(environ: Mapping[str, str] = os.environ) -> str:
    """Who gives the order: behind sudo the person, not the account."""
    return (environ.get("SUDO_USER") or environ.get("LOGNAME") or getpass.getuser())[:64]
