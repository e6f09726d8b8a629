"""Verbs that change files: put_small, remove, clean."""

import hashlib
import os
import shutil
import stat as bits
import time
from typing import Any, Dict, List

from . import asked
from .faults import fault_of, refused, told
from .paths import absolute, below, make_folder, really_below, root_of, write_whole
from .program import program_path

PUT_LIMIT_BYTES = 1 << 20
HELPER_AGE_S = 3 * 86400
PART_AGE_S = 86400
_WALK_LIMIT = 200000
_WALK_S = 20.0


def put_small(request: Dict[str, Any]) -> Dict[str, Any]:
    """A small text as a whole file; what is there is replaced, never half overwritten."""
    path = absolute(request.get("path"))
    if request.get("root") is not None:
        path = below(root_of(request["root"]), path)
    data = asked.text(request, "text").encode("utf-8", "surrogateescape")
    if len(data) > PUT_LIMIT_BYTES:
        raise refused(
            "put_small takes at most {} bytes, not {}; send it by the stream".format(PUT_LIMIT_BYTES, len(data))
        )
    mode = asked.whole(request, "mode", 0o644, 0, 0o777)
    make_folder(os.path.dirname(path))
    write_whole(path, data, mode)
    return {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def remove(request: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Files, links and whole folders below root; one that is refused does not keep the others."""
    root = root_of(request.get("root"))
    return [_removed(root, path) for path in asked.texts(request, "paths")]


def _removed(root: str, path: str) -> Dict[str, Any]:
    entry: Dict[str, Any] = {"path": path, "removed": False, "missing": False}
    try:
        found = really_below(root, path)
        if bits.S_ISDIR(os.lstat(found).st_mode):
            shutil.rmtree(found)
        else:
            os.unlink(found)
        entry["removed"] = True
    except (FileNotFoundError, NotADirectoryError):
        entry["missing"] = True
    except Exception as error:
        fault = told(fault_of(error))
        entry.update(kind=fault["kind"], error=fault["error"])
    return entry


def clean(request: Dict[str, Any]) -> Dict[str, Any]:
    """Removes old versions of this file and old temporary files; what is kept, in use or linked stays.

    ``dead`` holds the tags of helpers that are gone: their temporary files need not grow old.
    """
    root = root_of(request.get("root"))
    now = time.time()
    helper_age_s = asked.number(request, "helper_age_s", HELPER_AGE_S, 0, 1e9)
    part_age_s = asked.number(request, "part_age_s", PART_AGE_S, 0, 1e9)
    removed = _clean_helpers(os.path.join(root, "rpconsole"), set(asked.texts(request, "keep")), now - helper_age_s)
    parts = _Parts(now - part_age_s, asked.texts(request, "dead") if "dead" in request else [])
    parts.clean(root)
    return {"removed": removed + parts.removed, "partial": parts.is_partial}


def _clean_helpers(folder: str, keep: "set[str]", before: float) -> List[str]:
    keep = keep | {os.path.basename(program_path()), os.path.basename(os.path.realpath(os.path.join(folder, "stask")))}
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    old = [name for name in names if name.startswith("rpr-") and name.endswith(".pyz") and name not in keep]
    return [path for path in (os.path.join(folder, name) for name in old) if _unlink_older(path, before)]


def _unlink_older(path: str, before: float) -> bool:
    try:
        if os.lstat(path).st_mtime >= before:
            return False
        os.unlink(path)
    except OSError:
        return False
    return True


class _Parts:
    """Leftovers of broken streams; the walk is bounded, for scratch may hold millions of files."""

    def __init__(self, before: float, dead: List[str]) -> None:
        self.removed: List[str] = []
        self.is_partial = False
        self._before = before
        self._dead = [".{}.".format(tag) for tag in dead if tag]

    def clean(self, root: str) -> None:
        deadline = time.monotonic() + _WALK_S
        seen = 0
        for folder, _, names in os.walk(root):
            seen += len(names) + 1
            if seen > _WALK_LIMIT or time.monotonic() > deadline:
                self.is_partial = True
                return
            for name in names:
                if name.startswith(".rpr-") and name.endswith(".part"):
                    path = os.path.join(folder, name)
                    before = time.time() if any(tag in name for tag in self._dead) else self._before
                    if _unlink_older(path, before):
                        self.removed.append(path)
