"""All files below a folder in one answer: names relative to it, sizes and times."""

import os
import stat as bits
from typing import Any, Dict, List

from .faults import refused
from .paths import absolute

# about what one frame holds
_MOST_FILES = 200_000


def walk(request: Dict[str, Any]) -> Dict[str, Any]:
    """Plain files only; links are not followed, and a folder that cannot be read is a failure, not an empty one."""
    top = absolute(request.get("path"))
    found = os.stat(top)
    if bits.S_ISREG(found.st_mode):
        base, name = os.path.split(top)
        return {"base": base.rstrip("/") + "/", "files": [[name, found.st_size, found.st_mtime_ns]]}
    if not bits.S_ISDIR(found.st_mode):
        raise refused("{!r} is neither a file nor a folder".format(top))
    base = top.rstrip("/") + "/"
    return {"base": base, "files": sorted(_files_below(top, len(base)))}


def _files_below(top: str, cut: int) -> List[List[Any]]:
    files: List[List[Any]] = []
    for folder, _, names in os.walk(top, onerror=_fail):
        for name in names:
            path = os.path.join(folder, name)
            found = os.lstat(path)
            if not bits.S_ISREG(found.st_mode) or (name.startswith(".rpr-") and name.endswith(".part")):
                continue
            files.append([path[cut:], found.st_size, found.st_mtime_ns])
            if len(files) > _MOST_FILES:
                raise refused("{!r} holds more than {} files; name its folders one by one".format(top, _MOST_FILES))
    return files


def _fail(error: OSError) -> None:
    raise error
