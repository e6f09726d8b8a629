"""A file on its way home: a temporary name until it is whole, and on the disk before it bears its own."""

from __future__ import annotations

import hashlib
import itertools
import os
from typing import BinaryIO

_NUMBERS = itertools.count(1)
_NAME_BYTES = 200


class Landing:
    """Used in threads only."""

    def __init__(self, target: str) -> None:
        folder, name = os.path.split(target)
        kept = os.fsdecode(os.fsencode(name)[:_NAME_BYTES])
        self._target = target
        self._part = os.path.join(folder, f".rpr-{kept}.{os.getpid()}.{next(_NUMBERS)}.part")
        self._digest = hashlib.sha256()
        self._stream: BinaryIO | None = None

    def open(self) -> None:
        """Make the folder and the temporary file."""
        os.makedirs(os.path.dirname(self._target), exist_ok=True)
        self._stream = open(self._part, "wb", 0)  # noqa: SIM115  it lives as long as the landing

    def write(self, data: bytes | memoryview) -> None:
        """Append."""
        assert self._stream is not None
        self._digest.update(data)
        view = memoryview(data)
        while len(view):
            view = view[self._stream.write(view) :]

    @property
    def sha256(self) -> str:
        """Of what was written so far."""
        return self._digest.hexdigest()

    def settle(self) -> None:
        """Onto the disk and to its name."""
        assert self._stream is not None
        os.fsync(self._stream.fileno())
        self._stream.close()
        os.rename(self._part, self._target)
        self._stream = None

    def drop(self) -> None:
        """Leave nothing behind; does nothing after settle."""
        if self._stream is None:
            return
        self._stream.close()
        self._stream = None
        try:
            os.unlink(self._part)
        except FileNotFoundError:
            pass
