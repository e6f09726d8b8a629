"""Passwords of databases: where they come from, and how they are kept out of everything that is shown."""

from __future__ import annotations

import os
import re
from pathlib import Path

from rpconsole.domain.fault import BadConfiguration

_USER_PART = re.compile(r"^([A-Za-z][\w+.-]*://[^:/@?]*):(.*)@", re.DOTALL)
_QUERY_SECRET = re.compile(r"([?&][^=&]*(?:pass|secret|key)[^=&]*=)[^&]*", re.IGNORECASE)
HIDDEN = "***"


def without_password(url: str) -> str:
    """The URL as it may be shown; all up to the last @ counts as password, as people forget to quote theirs."""
    return _QUERY_SECRET.sub(rf"\1{HIDDEN}", _USER_PART.sub(rf"\1:{HIDDEN}@", url))


def holds_password(url: str) -> bool:
    """Whether there is anything to hide in it."""
    return without_password(url) != url


def password_from(variable: str, file: Path | None) -> str | None:
    """The password from the environment, else from the first line of a file, else none."""
    given = os.environ.get(variable)
    if given:
        return given
    if file is None:
        return None
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadConfiguration(f"the password file {file} cannot be read: {reason}") from None
    if not lines or not lines[0].strip():
        raise BadConfiguration(f"the password file {file} has no password in its first line")
    return lines[0].strip()


def exposed(path: Path) -> str | None:
    """Why a file that holds a password is not private, as a sentence; None when it is."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    if not mode & 0o077:
        return None
    return f"{path} holds a password and others may read it; run: chmod 600 {path}"
