"""What a tree has besides plain files: symbolic links, and folders that hold nothing."""

import os
import stat as bits
from typing import Any, Dict, List

from . import asked
from .faults import fault_of, refused
from .paths import absolute, below_any, make_folder, part_path, remove_quietly, root_of


def shape(request: Dict[str, Any]) -> Dict[str, Any]:
    """Names relative to the folder; links as they are written, not as they lead."""
    top = absolute(request.get("path"))
    base = top.rstrip("/") + "/"
    links: List[List[str]] = []
    folders: List[str] = []
    if bits.S_ISDIR(os.stat(top).st_mode):
        for folder, inner, names in os.walk(top, onerror=_fail):
            paths = [os.path.join(folder, name) for name in inner + names]
            links += [[path[len(base) :], os.readlink(path)] for path in paths if os.path.islink(path)]
            if not paths and folder != top:
                folders.append(folder[len(base) :])
    return {"base": base, "links": sorted(links), "folders": sorted(folders)}


def make_shape(request: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Make folders and links below the roots; one that is refused does not keep the others, and what is no link is never replaced."""
    roots = [root_of(root) for root in asked.texts(request, "roots")]
    made = [_made(path, lambda path: make_folder(below_any(roots, path))) for path in asked.texts(request, "folders")]
    for link in asked.items(request, "links"):
        words = link.get("text")
        made.append(_made(link.get("path"), lambda path, words=words: _link(roots, path, words)))
    return made


def _made(path: Any, make: Any) -> Dict[str, Any]:
    try:
        make(path)
    except Exception as error:
        return {"path": path, "error": str(fault_of(error))}
    return {"path": path}


def _link(roots: List[str], path: Any, words: Any) -> None:
    found = below_any(roots, path)
    if not isinstance(words, str) or not words or "\0" in words or words.startswith("/"):
        raise refused("a link must lead to a relative path, not to {!r}".format(words))
    folder = os.path.dirname(found)
    below_any(roots, os.path.normpath(os.path.join(folder, words)))
    if os.path.lexists(found):
        if not os.path.islink(found):
            raise refused("{!r} is there and is no link".format(found))
        if os.readlink(found) == words:
            return
    make_folder(folder)
    part = part_path(found)
    remove_quietly(part)
    os.symlink(words, part)
    os.rename(part, found)


def _fail(error: OSError) -> None:
    raise error
