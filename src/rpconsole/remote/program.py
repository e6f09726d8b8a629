"""This very file: where it lies, and how to start it again."""

import hashlib
import os
import sys
from typing import Any, List

_CHUNK_BYTES = 1 << 20


def _resolved() -> str:
    loader: Any = globals().get("__loader__")
    return os.path.realpath(getattr(loader, "archive", None) or sys.argv[0])


# resolved once: the link that we were started by may point elsewhere a moment later
_PATH = _resolved()


def program_path() -> str:
    """The zip that holds this module."""
    return _PATH


def program_argv(*words: str) -> List[str]:
    """-I: the site's PYTHONPATH and user packages have no say here."""
    return [sys.executable or "python3", "-I", _PATH] + list(words)


def sha256_of(path: str) -> str:
    """The sha256 of a file, empty where it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return digest_of(stream)
    except OSError:
        return ""


def digest_of(stream: Any) -> str:
    digest = hashlib.sha256()
    for chunk in iter(lambda: stream.read(_CHUNK_BYTES), b""):
        digest.update(chunk)
    return digest.hexdigest()
