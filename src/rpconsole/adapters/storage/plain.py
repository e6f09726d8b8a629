"""A plain directory as the storage at home, for practice and for sites without Nebulous."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path

from rpconsole.adapters.storage.places import NamedPlaces, made, present
from rpconsole.domain.fault import BadConfiguration
from rpconsole.domain.paths import is_neb, key_path


class PlainCatalogue:
    """``FileCatalogue`` on a directory: ``neb://VOL/a/b`` is ``<root>/a/b``, whatever the volume."""

    def __init__(self, root: Path, named: Mapping[str, Path] | None = None) -> None:
        if not root.is_absolute():
            raise BadConfiguration(f"the storage's directory must be an absolute path, not '{root}'")
        self._root = str(root).rstrip("/")
        self._named = NamedPlaces(named or {})

    async def resolve(self, keys: Collection[str]) -> Mapping[str, str]:
        return await asyncio.to_thread(lambda: present(self._places(keys)))

    async def create(self, keys: Collection[str]) -> Mapping[str, str]:
        return await asyncio.to_thread(lambda: made(self._places(keys)))

    async def repair(self, keys: Collection[str]) -> Mapping[str, str]:
        """There is one copy of each file, and nobody who could bring it back."""
        return await self.resolve(keys)

    def _places(self, keys: Collection[str]) -> dict[str, str]:
        return {key: f"{self._root}/{key_path(key)}" if is_neb(key) else str(self._named.place(key)) for key in keys}
