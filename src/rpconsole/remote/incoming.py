"""One file on its way in: a temporary name until it is whole and compared, and what becomes of it."""

import hashlib
import os
from typing import Any, Callable, Optional

from .faults import TRANSIENT, Fault, fault_of, refused, told
from .frames import Message
from .paths import make_folder, part_path, remove_quietly
from .presence import mine


class Incoming:
    """One file on its way: a temporary name until it is whole."""

    def __init__(self, number: int, path: str, header: Message) -> None:
        self.number = number
        self.path = path
        self.size = int(header["size"])
        self.expected: Any = header.get("sha256")
        self.digest = hashlib.sha256()
        self.mtime_ns = 0
        self._mode = header.get("mode")
        self._mtime_ns = header.get("mtime_ns")
        self._part = part_path(path, "{}.{}".format(mine().tag, number))
        self._handle = -1

    def open(self) -> None:
        make_folder(os.path.dirname(self.path))
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        self._handle = os.open(self._part, flags, 0o644 if self._mode is None else int(self._mode) & 0o777)

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        view = memoryview(data)
        while len(view):
            view = view[os.write(self._handle, view) :]

    def flush(self) -> None:
        """Onto the disk, as it shall be."""
        if self._mode is not None:
            os.fchmod(self._handle, int(self._mode) & 0o777)
        if self._mtime_ns is not None:
            os.utime(self._handle, ns=(int(self._mtime_ns), int(self._mtime_ns)))
        os.fsync(self._handle)
        self.mtime_ns = os.fstat(self._handle).st_mtime_ns

    def appear(self) -> None:
        """To its name; after this the file is there for good."""
        os.rename(self._part, self.path)
        self._close()

    def drop(self) -> None:
        if self._handle >= 0:
            remove_quietly(self._part)
            self._close()

    def _close(self) -> None:
        os.close(self._handle)
        self._handle = -1


class Outcome:
    """What becomes of one file."""

    def __init__(self, number: int, shown: Any) -> None:
        self.number = number
        self.shown = shown
        self.incoming: Optional[Incoming] = None
        self.fault: Optional[Fault] = None

    @property
    def is_good(self) -> bool:
        return self.fault is None

    def compare(self, trailer: Message) -> None:
        if self.incoming is not None and self.fault is None:
            self.fault = _disagreement(self.incoming, trailer)

    def attempt(self, step: Callable[[Incoming], None]) -> None:
        if self.incoming is None or self.fault is not None:
            return
        try:
            step(self.incoming)
        except Exception as error:
            self.fault = fault_of(error, "cannot finish {}".format(self.incoming.path))

    def answer(self) -> Message:
        answer: Message = {"n": self.number, "path": self.shown}
        if self.fault is not None or self.incoming is None:
            answer.update(told(self.fault or refused("no file was opened")))
            return answer
        answer.update(ok=True, size=self.incoming.size, sha256=self.incoming.digest.hexdigest())
        answer["mtime_ns"] = self.incoming.mtime_ns
        return answer


def _disagreement(incoming: Incoming, trailer: Message) -> Optional[Fault]:
    """The sender's own failure, or a checksum that differs from the bytes that came."""
    if trailer.get("ok") is False:
        return Fault(
            "the sender gave up {}: {}".format(incoming.path, trailer.get("error", "no reason given")), TRANSIENT
        )
    found = incoming.digest.hexdigest()
    for side, expected in (("trailer", trailer.get("sha256")), ("header", incoming.expected)):
        if expected is not None and expected != found:
            return Fault(
                "{} arrived with sha256 {} but its {} says {}".format(incoming.path, found, side, expected), TRANSIENT
            )
    if trailer.get("sha256") is None:
        return refused("the trailer of {} holds no sha256".format(incoming.path))
    return None
