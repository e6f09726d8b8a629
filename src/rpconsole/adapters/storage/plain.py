"""A plain directory as the storage at home, for practice and for sites without Nebulous."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from rpconsole.domain.fault import BadConfiguration, BadData, DiskFailed
from rpconsole.domain.paths import is_neb, key_path


class PlainCatalogue:
    """``FileCatalogue`` on a directory: ``neb://VOL/a/b`` is ``<root>/a/b``, whatever the volume."""

    def __init__(self, root: Path, named: Mapping[str, Path] | None = None) -> None:
        if not root.is_absolute():
            raise BadConfiguration(f"the storage's directory must be an absolute path, not '{root}'")
        self._root = root
        #: where ``path://NAME/…`` lies
        self._named = dict(named or {})

    async def resolve(self, keys: Collection[str]) -> Mapping[str, str]:
        places = {key: self._place(key) for key in keys}
        return await asyncio.to_thread(lambda: {key: str(path) for key, path in places.items() if path.is_file()})

    async def create(self, keys: Collection[str]) -> Mapping[str, str]:
        places = {key: self._place(key) for key in keys}
        await asyncio.to_thread(_make_all, places)
        return {key: str(path) for key, path in places.items()}

    def _place(self, key: str) -> Path:
        path = key_path(key)
        if is_neb(key):
            return self._root / path
        if not key.startswith("path:"):
            return Path("/", path)
        name, _, below = path.partition("/")
        if name not in self._named:
            known = ", ".join(sorted(self._named)) or "none"
            raise BadData(f"'{key}' names the directory '{name}', which is not configured; known: {known}")
        if not below:
            raise BadData(f"'{key}' names no file below '{name}'")
        return self._named[name] / below


def _make_all(places: Mapping[str, Path]) -> None:
    for key, path in places.items():
        _make(key, path)


def _make(key: str, path: Path) -> None:
    """An empty file if there is none; what is there is never touched."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o664))
    except OSError as error:
        raise DiskFailed(f"no file can be made for '{key}' at {path}: {error.strerror}") from None
