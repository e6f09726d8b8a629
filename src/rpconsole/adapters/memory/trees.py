"""Trees of a site in memory, and a line that remembers how it was used."""

from __future__ import annotations

from collections.abc import Sequence

from rpconsole.adapters.memory.site import MemorySite
from rpconsole.domain.fault import BadData
from rpconsole.domain.tuning import Spread
from rpconsole.ports.site_files import Reach, Room, Shape, TreeFile


class MemoryTrees:
    """``Trees`` and ``Line`` of a MemorySite."""

    def __init__(self, site: MemorySite) -> None:
        self._site = site
        self.left = Room(free_bytes=1 << 40, free_files=1 << 20)
        self.there_is = Spread(sessions=2, channels=2)
        #: links and folders that were made
        self.made: list[Shape] = []
        #: every ``use``, in order
        self.used: list[Spread | None] = []

    async def walk(self, top: str) -> Sequence[TreeFile]:
        """See the port."""
        folder = top.rstrip("/")
        names = sorted(path for path in self._site.files if path == folder or path.startswith(folder + "/"))
        if not names:
            raise BadData(f"{top} is not there")
        files = self._site.files
        return [TreeFile(path=path, size=len(files[path].data), mtime_ns=files[path].mtime_ns) for path in names]

    async def shape(self, top: str) -> Shape:
        """See the port: files only are held in memory."""
        return Shape()

    async def make(self, root: str, shape: Shape) -> Sequence[str]:
        """See the port."""
        self.made.append(shape)
        return []

    async def room(self, folder: str) -> Room:
        """See the port."""
        return self.left

    def most(self) -> Spread:
        """See the port."""
        return self.there_is

    def use(self, spread: Spread | None) -> None:
        """See the port."""
        self.used.append(spread)

    async def reach(self) -> Sequence[Reach]:
        """See the port."""
        return ()
