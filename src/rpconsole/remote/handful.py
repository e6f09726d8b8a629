"""Small files going out, some in one frame: what is said of each, then the bytes of all, one behind the other."""

import hashlib
import os
import stat as bits
from typing import Any, Callable, Dict, List, Optional

from .faults import TRANSIENT, Fault, refused
from .frames import frame_of

# a larger one goes by itself
SMALL_BYTES = 512 << 10
# a handful is full with so many, or so many bytes
_MOST_FILES = 32
_FULL_BYTES = 256 << 10


class Handful:
    """Gathers files that were read whole; each is right or named, for its bytes go behind what is said of it."""

    def __init__(self, put: Callable[[bytes], None]) -> None:
        self._put = put
        self._passed = 0
        self._said: List[Any] = []
        self._bytes: List[bytes] = []
        self._held = 0

    def add(self, found: os.stat_result, data: bytes) -> None:
        self._said.append([len(data), found.st_mode & 0o777, found.st_mtime_ns, hashlib.sha256(data).hexdigest()])
        self._bytes.append(data)
        self._held += len(data)
        self._flush_full()

    def name(self, fault: Fault) -> None:
        """Why one cannot be given."""
        said: Dict[str, Any] = {"error": str(fault), "kind": fault.kind}
        self._said.append(said)
        self._flush_full()

    def pass_by(self) -> None:
        """One goes by itself, behind what was gathered before it."""
        self.flush()
        self._passed += 1

    def _flush_full(self) -> None:
        if self._held >= _FULL_BYTES or len(self._said) >= _MOST_FILES:
            self.flush()

    def flush(self) -> None:
        if not self._said:
            return
        said, data = self._said, self._bytes
        self._said, self._bytes, self._held = [], [], 0
        # "first" counts what was asked for in lists on this stream, from 1: nobody takes one file for another
        frame = frame_of({"first": self._passed + 1, "some": said})
        self._passed += len(said)
        self._put(b"".join([frame] + data))


def read_small(path: str, shown: Any) -> Any:
    """Facts and bytes of a small file, None for a larger one; Fault where it changes under our hands."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        first = os.fstat(handle)
        if not bits.S_ISREG(first.st_mode):
            raise refused("{!r} is no plain file".format(path))
        if first.st_size > SMALL_BYTES:
            return None
        data = _whole(handle, first.st_size)
        if data is None:
            raise Fault("{} shrank while it was sent".format(shown), TRANSIENT)
        fault = changed(shown, first, os.fstat(handle))
    finally:
        os.close(handle)
    if fault is not None:
        raise fault
    return first, data


def _whole(handle: int, size: int) -> Optional[bytes]:
    data = os.read(handle, size)
    while len(data) < size:
        more = os.read(handle, size - len(data))
        if not more:
            return None
        data += more
    return data


def changed(shown: Any, first: os.stat_result, last: os.stat_result) -> Optional[Fault]:
    if (first.st_size, first.st_mtime_ns) == (last.st_size, last.st_mtime_ns):
        return None
    return Fault(
        "{} changed while it was sent ({} bytes, then {})".format(shown, first.st_size, last.st_size), TRANSIENT
    )
