"""Trees of files on this host's disks."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator, Sequence

from rpconsole.adapters.shapes import failures_in, request_for, shape_in
from rpconsole.domain.fault import BadData
from rpconsole.ports.site_files import Room, Shape, TreeFile
from rpconsole.remote import shaping


class DiskTrees:
    """``Trees`` at home."""

    async def walk(self, top: str) -> Sequence[TreeFile]:
        """See the port."""
        return await asyncio.to_thread(lambda: sorted(_files_of(top), key=lambda file: file.path))

    async def shape(self, top: str) -> Shape:
        """See the port."""
        try:
            return await asyncio.to_thread(lambda: shape_in(shaping.shape({"path": top})))
        except OSError as error:
            raise BadData(f"{error.filename or top} cannot be read: {error.strerror}") from None

    async def make(self, root: str, shape: Shape) -> Sequence[str]:
        """See the port: the same rules as at the site, for what comes from there may lead anywhere."""
        return await asyncio.to_thread(lambda: failures_in(shaping.make_shape(request_for(root, shape))))

    async def room(self, folder: str) -> Room:
        """See the port."""
        return await asyncio.to_thread(_room, folder)


def _files_of(top: str) -> Iterator[TreeFile]:
    try:
        found = os.stat(top)
        if stat.S_ISREG(found.st_mode):
            yield TreeFile(path=top, size=found.st_size, mtime_ns=found.st_mtime_ns)
        elif stat.S_ISDIR(found.st_mode):
            yield from _below(top)
        else:
            raise BadData(f"{top} is neither a file nor a directory")
    except OSError as error:
        raise BadData(f"{error.filename or top} cannot be read: {error.strerror}") from None


def _below(folder: str) -> Iterator[TreeFile]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path)
            elif entry.is_file(follow_symlinks=False) and not _is_half(entry.name):
                found = entry.stat(follow_symlinks=False)
                yield TreeFile(path=entry.path, size=found.st_size, mtime_ns=found.st_mtime_ns)


def _is_half(name: str) -> bool:
    """A file on its way home that was cut."""
    return name.startswith(".rpr-") and name.endswith(".part")


def _room(folder: str) -> Room:
    path = folder
    while not os.path.exists(path) and path != "/":
        path = os.path.dirname(path)
    found = os.statvfs(path)
    return Room(free_bytes=found.f_bavail * found.f_frsize, free_files=found.f_favail or 1 << 40)
