"""The storage at home: from keys to files on disk."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from rpconsole.domain.fault import DiskFailed


class FilesLost(DiskFailed):
    """Some of the files that were to be made are refused for reasons of their own; the others are made."""

    def __init__(self, refused: Mapping[str, str], made: Mapping[str, str]) -> None:
        super().__init__(next(iter(refused.values())))
        #: key -> sentence
        self.refused = refused
        #: key -> absolute disk path
        self.made = made


class FileCatalogue(Protocol):
    """Nebulous, or a plain directory. Keys are URIs as the database has them: ``neb://VOL/a/b``, ``file:///p``, ``path://NAME/p``, ``/p``.

    Raises BadData for a text that is no key, DiskFailed where a file cannot be made, and an error of kind AWAY when the storage's
    server is away.
    """

    async def resolve(self, keys: Collection[str]) -> Mapping[str, str]:
        """key -> absolute disk path of an instance that exists and is available; keys without one are left out."""
        ...

    async def create(self, keys: Collection[str]) -> Mapping[str, str]:
        """key -> absolute disk path, making an empty instance where there is none; safe to repeat.

        FilesLost where the storage knows files whose copies it cannot reach, or a key insists on a place that is not to be had.
        """
        ...

    async def repair(self, keys: Collection[str]) -> Mapping[str, str]:
        """Ask the storage to bring back files that ``resolve`` left out; key -> path of those that are there now.

        A key that the storage never knew is left out at once. Slow: one request a key.
        """
        ...
