"""Trees of files at the site, told by the helper."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from rpconsole.adapters.shapes import failures_in, request_for, shape_in
from rpconsole.adapters.ssh.helper_client import SitePermanent
from rpconsole.domain.fault import BadData, SiteRefused
from rpconsole.ports.site_files import Room, Shape, TreeFile

#: many files lie in cold directories: the site's disks get their time
WALK_S = 600.0
Call = Callable[[str, Mapping[str, Any], float], Awaitable[Any]]


class SshTrees:
    """``Trees`` at the site."""

    def __init__(self, call: Call, answer_timeout_s: float) -> None:
        self._call = call
        self._answer_timeout_s = answer_timeout_s

    async def walk(self, top: str) -> Sequence[TreeFile]:
        """See the port."""
        try:
            found = await self._call("walk", {"path": top}, WALK_S)
        except (SitePermanent, SiteRefused) as error:
            raise BadData(str(error), evidence=error.evidence) from error
        base = found["base"]
        return [TreeFile(path=base + name, size=size, mtime_ns=mtime_ns) for name, size, mtime_ns in found["files"]]

    async def shape(self, top: str) -> Shape:
        """See the port."""
        try:
            return shape_in(await self._call("shape", {"path": top}, WALK_S))
        except (SitePermanent, SiteRefused) as error:
            raise BadData(str(error), evidence=error.evidence) from error

    async def make(self, root: str, shape: Shape) -> Sequence[str]:
        """See the port."""
        return failures_in(await self._call("make_shape", request_for(root, shape), WALK_S))

    async def room(self, folder: str) -> Room:
        """See the port."""
        found = await self._call("disk", {"path": folder}, self._answer_timeout_s)
        # some file systems count no files
        return Room(free_bytes=int(found["free"]), free_files=int(found["files_free"]) or 1 << 40)
