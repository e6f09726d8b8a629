"""A file on its way home: a temporary name until it is whole, and on the disk before it bears its own."""

from __future__ import annotations

import hashlib
import itertools
import os

_NUMBERS = itertools.count(1)
_NAME_BYTES = 200
#: whoever may read a product at home decides the umask, not the site; that a file can be run is its own nature
_PLAIN = 0o666
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class Spoiled(Exception):
    """These bytes are not the file."""

    def __init__(self, sentence: str, *, retryable: bool) -> None:
        super().__init__(sentence)
        self.retryable = retryable


class Landing:
    """Used in threads only."""

    def __init__(self, target: str, mode: int | None = None) -> None:
        self._folder, name = os.path.split(target)
        kept = os.fsdecode(os.fsencode(name)[:_NAME_BYTES])
        self._target = target
        self._mode = _PLAIN | (0o111 if mode is not None and mode & 0o100 else 0)
        self._part = os.path.join(self._folder, f".rpr-{kept}.{os.getpid()}.{next(_NUMBERS)}.part")
        self._digest = hashlib.sha256()
        self._handle = -1

    def open(self) -> None:
        """Make the folder and the temporary file."""
        try:
            self._handle = os.open(self._part, _FLAGS, self._mode)
        except FileNotFoundError:
            os.makedirs(self._folder, exist_ok=True)
            self._handle = os.open(self._part, _FLAGS, self._mode)

    def write(self, data: bytes | memoryview) -> None:
        """Append."""
        self._digest.update(data)
        view = memoryview(data)
        while len(view):
            view = view[os.write(self._handle, view) :]

    @property
    def sha256(self) -> str:
        """Of what was written so far."""
        return self._digest.hexdigest()

    def must_be(self, sha256: object) -> None:
        """Raises Spoiled where what was written has another checksum than this."""
        if sha256 != self.sha256:
            raise Spoiled("the checksum is not that of the bytes that came.", retryable=True)

    @property
    def is_begun(self) -> bool:
        """Whether there is a temporary file."""
        return self._handle >= 0

    def flush(self) -> None:
        """Onto the disk."""
        os.fsync(self._handle)

    def appear(self) -> None:
        """To its name; after this the file is there for good."""
        os.rename(self._part, self._target)
        self._close()

    def drop(self) -> None:
        """Leave nothing behind; does nothing after it has appeared."""
        if self._handle < 0:
            return
        self._close()
        try:
            os.unlink(self._part)
        except FileNotFoundError:
            pass

    def _close(self) -> None:
        handle, self._handle = self._handle, -1
        os.close(handle)
