"""The home side of a transfer: the real disk, or a dictionary of paths."""

from __future__ import annotations

import os
from collections.abc import MutableMapping


class DiskHome:
    """Files on this host."""

    def read(self, path: str) -> bytes:
        """OSError when it is not there."""
        with open(path, "rb") as stream:
            return stream.read()

    def write(self, path: str, data: bytes) -> None:
        """Make the folders too."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(data)


class MemoryHome:
    """Files in a dictionary that a test holds too."""

    def __init__(self, files: MutableMapping[str, bytes]) -> None:
        self._files = files

    def read(self, path: str) -> bytes:
        """OSError when it is not there."""
        try:
            return self._files[path]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory", path) from None

    def write(self, path: str, data: bytes) -> None:
        """Replace."""
        self._files[path] = data
