"""Verbs that only look: stat, tail, disk, ages."""

import base64
import errno
import os
import stat as bits
from typing import Any, Dict, List

from . import asked
from .faults import fault_of, refused
from .paths import absolute
from .program import digest_of

TAIL_LIMIT_BYTES = 4 << 20
_WALK_LIMIT = 100000
_GONE = (errno.ENOENT, errno.ENOTDIR)


def stat(request: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Absent and unknown are two answers: a path that may not be read is of kind 'unknown', with the reason."""
    hashed = asked.flag(request, "hash")
    return [_stat_of(absolute(path), path, hashed) for path in asked.texts(request, "paths")]


def _stat_of(path: str, shown: str, hashed: bool) -> Dict[str, Any]:
    entry: Dict[str, Any] = {"path": shown, "kind": "missing", "size": None, "mtime_ns": None}
    try:
        found = os.stat(path)
        entry.update(kind=_kind(found.st_mode), size=found.st_size, mtime_ns=found.st_mtime_ns)
        if hashed and entry["kind"] == "file":
            with open(path, "rb") as stream:
                entry["sha256"] = digest_of(stream)
    except OSError as error:
        if error.errno in _GONE:
            entry.update(kind="missing", size=None, mtime_ns=None)
        else:
            entry.update(kind="unknown", error=str(fault_of(error)))
    except ValueError as error:  # a name that this site's locale cannot spell
        entry.update(kind="unknown", error=str(error))
    return entry


def _kind(mode: int) -> str:
    if bits.S_ISREG(mode):
        return "file"
    return "dir" if bits.S_ISDIR(mode) else "other"


def tail(request: Dict[str, Any]) -> Dict[str, Any]:
    """Bytes of a file from offset (negative: counted from its end), as text or, if asked, base64."""
    path = absolute(request.get("path"))
    limit = asked.whole(request, "limit", 64 << 10, 1, TAIL_LIMIT_BYTES)
    offset = asked.whole(request, "offset", -limit, -(1 << 60), 1 << 60)
    with open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        start = max(0, size + offset) if offset < 0 else min(offset, size)
        stream.seek(start)
        data = stream.read(limit)
    answer: Dict[str, Any] = {"path": path, "offset": start, "offset_end": start + len(data), "size": size}
    if asked.flag(request, "base64"):
        answer["base64"] = base64.b64encode(data).decode("ascii")
    else:
        answer["text"] = data.decode("utf-8", "replace")
    return answer


def open_regular(path: str, buffering: int = -1) -> Any:
    """A plain file for reading; a pipe or a device would hang us, so it is refused."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not bits.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise refused("{!r} is no plain file".format(path))
    return os.fdopen(handle, "rb", buffering)


def disk(request: Dict[str, Any]) -> Dict[str, Any]:
    """Room on the file system of a path, or of the nearest folder above it that exists."""
    path = absolute(request.get("path"))
    while not os.path.exists(path) and path != "/":
        path = os.path.dirname(path)
    room = os.statvfs(path)
    return {
        "path": path,
        "total": room.f_blocks * room.f_frsize,
        "free": room.f_bavail * room.f_frsize,
        "used": (room.f_blocks - room.f_bfree) * room.f_frsize,
        "files_free": room.f_favail,
    }


def ages(request: Dict[str, Any]) -> List[Dict[str, Any]]:
    """For each path (a folder: for all files in it) the oldest access and change, which are what a purge goes by."""
    return [_age_of(absolute(path), path) for path in asked.texts(request, "paths")]


def _age_of(path: str, shown: str) -> Dict[str, Any]:
    oldest = _Oldest()
    try:
        if bits.S_ISDIR(os.stat(path).st_mode):
            oldest.walk(path)
        else:
            oldest.add(os.stat(path))
    except OSError as error:
        fault = fault_of(error)
        return {"path": shown, "missing": error.errno in _GONE, "error": str(fault)}
    return dict(oldest.told(), path=shown, missing=False)


class _Oldest:
    def __init__(self) -> None:
        self._access: Any = None
        self._change: Any = None
        self._files = 0
        self._bytes = 0
        self._is_partial = False

    def add(self, found: os.stat_result) -> None:
        self._access = found.st_atime if self._access is None else min(self._access, found.st_atime)
        self._change = found.st_mtime if self._change is None else min(self._change, found.st_mtime)
        self._files += 1
        self._bytes += found.st_size

    def walk(self, top: str) -> None:
        for folder, _, names in os.walk(top):
            for name in names:
                if self._files >= _WALK_LIMIT:
                    self._is_partial = True
                    return
                try:
                    self.add(os.lstat(os.path.join(folder, name)))
                except OSError:
                    continue

    def told(self) -> Dict[str, Any]:
        return {
            "oldest_access": self._access,
            "oldest_modify": self._change,
            "files": self._files,
            "bytes": self._bytes,
            "partial": self._is_partial,
        }
