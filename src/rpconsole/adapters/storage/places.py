"""Files that are named by where they lie: ``file:///p``, ``path://NAME/p``, ``/p``. Every storage has them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from rpconsole.domain.fault import BadData, DiskFailed
from rpconsole.domain.paths import key_path


class NamedPlaces:
    """Where ``path://NAME/…`` lies, one directory a NAME."""

    def __init__(self, named: Mapping[str, Path]) -> None:
        self._named = dict(named)

    def place(self, key: str) -> Path:
        """The file that a key names without any storage; BadData for a text that is no key, or a NAME that is not known."""
        path = key_path(key)
        if not key.startswith("path:"):
            return Path("/", path)
        name, _, below = path.partition("/")
        if name not in self._named:
            known = ", ".join(sorted(self._named)) or "none"
            raise BadData(f"'{key}' names the directory '{name}', which is not configured; known: {known}")
        if not below:
            raise BadData(f"'{key}' names no file below '{name}'")
        return self._named[name] / below


def present(places: Mapping[str, str]) -> dict[str, str]:
    """Those whose file exists."""
    return {key: path for key, path in places.items() if os.path.isfile(path)}


def made(places: Mapping[str, str]) -> dict[str, str]:
    """All of them, with an empty file where there was none; what is there is never touched."""
    for key, path in places.items():
        try:
            _touch(path)
        except OSError as error:
            raise DiskFailed(f"no file can be made for '{key}' at {path}: {error.strerror}") from None
    return dict(places)


def _touch(path: str) -> None:
    try:
        # one call where opening and closing are two; a run makes hundreds of thousands
        os.mknod(path, 0o664)
    except OSError:
        _touch_slowly(path)


def _touch_slowly(path: str) -> None:
    """Where there is a file already, no directory yet, or a file system without such a call."""
    flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
    try:
        os.close(os.open(path, flags, 0o664))
    except FileNotFoundError:
        # hundreds of products share a directory: it is made when it is missed
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, flags, 0o664))
