"""Paths at the site: what lies below a root, and files that appear whole or not at all."""

import os
from typing import List, Optional

from .faults import refused


def absolute(path: object, what: str = "path") -> str:
    """A normalised absolute path; ``..`` is refused rather than resolved, for a link may stand before it."""
    if not isinstance(path, str) or not path:
        raise refused("{} is no path: {!r}".format(what, path))
    if "\0" in path:
        raise refused("{} {!r} holds a zero byte".format(what, path))
    if not path.startswith("/"):
        raise refused("{} {!r} is not absolute".format(what, path))
    if ".." in path.split("/"):
        raise refused("{} {!r} holds '..'".format(what, path))
    # POSIX lets normpath keep two leading slashes
    return "/" + os.path.normpath(path).lstrip("/")


def root_of(path: object) -> str:
    root = absolute(path, "root")
    if root == "/":
        raise refused("the root may not be '/' itself")
    return root


def below(root: str, path: object) -> str:
    """The normalised path, refused unless it lies strictly below root by name."""
    found = absolute(path)
    if not found.startswith(root + "/"):
        raise refused("{!r} is not below {!r}".format(path, root))
    return found


def below_any(roots: List[str], path: object) -> str:
    """As below, for one of several roots."""
    found = absolute(path)
    if not any(found.startswith(root + "/") for root in roots):
        raise refused("{!r} is not below {}".format(path, " or ".join(map(repr, roots))))
    return found


def really_below(root: str, path: object) -> str:
    """As below, and its folder must lie in root after all links are followed (a link itself may be named)."""
    found = below(root, path)
    real_root = os.path.realpath(root)
    holder = os.path.realpath(os.path.dirname(found))
    if real_root == "/" or not (holder + "/").startswith(real_root + "/"):
        raise refused("{!r} leads out of {!r} by a link, to {!r}".format(path, root, holder))
    return found


def part_path(path: str, writer: str = "") -> str:
    """The temporary name beside a file, with whose it is; cut so that a long name stays within the 255 bytes of a name."""
    folder, name = os.path.split(path)
    kept = os.fsencode(name)[:200]
    return os.path.join(folder, ".rpr-{}.{}.part".format(os.fsdecode(kept), writer or os.getpid()))


def make_folder(path: str) -> None:
    if path and not os.path.isdir(path):
        os.makedirs(path, exist_ok=True)


def sync_folder(path: str) -> None:
    """Makes a rename durable; a file system that cannot is forgiven."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def remove_quietly(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def write_whole(path: str, data: bytes, mode: Optional[int] = None) -> None:
    """Temporary name, fsync, rename: a reader sees the old file or the new one."""
    part = part_path(path)
    try:
        with open(part, "wb") as stream:
            stream.write(data)
            stream.flush()
            if mode is not None:
                os.fchmod(stream.fileno(), mode & 0o777)
            os.fsync(stream.fileno())
        os.rename(part, path)
    except BaseException:
        remove_quietly(part)
        raise
    sync_folder(os.path.dirname(path))
