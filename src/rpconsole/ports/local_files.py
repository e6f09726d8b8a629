"""Small files at home: lists, scripts, manifests, returned dbinfo."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rpconsole.domain.fault import BadData


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFact:
    """What is known of one file; ``sha256`` only where it was asked for."""

    size: int
    mtime_ns: int
    sha256: str | None = None


#: for each path the file's text (latin-1 bytes survive), or why it cannot be read
Reader = Callable[[Sequence[str]], list[str | BadData]]


class LocalFiles(Protocol):
    """Files on this host's disks, by absolute path. Raises DiskFailed when a disk is full or in the way."""

    async def write(self, texts: Mapping[str, str]) -> None:
        """Write whole files, each by a temporary name, fsync and rename, making directories; never half a file."""
        ...

    async def append_all(self, paths: Collection[str], pieces: AsyncIterable[Mapping[str, str]]) -> None:
        """Write these files side by side, each piece (path -> text) to their ends, so that no file need fit into memory.

        As with ``write`` a file is seen under its name when it is whole and on disk; without any piece it is empty. Whatever
        ``pieces`` raises comes out, and nothing has changed then.
        """
        ...

    async def read(self, path: str) -> str:
        """A text file (latin-1 bytes survive); BadData names the path when it is not there or not readable."""
        ...

    def pieces(self, path: str) -> AsyncGenerator[str]:
        """A text file in pieces of about a megabyte that end at line ends, so that it need not fit into memory; raises like ``read``."""
        ...

    async def read_all(self, paths: Collection[str]) -> Mapping[str, str]:
        """path -> text of these files, together in memory; BadData names the first that cannot be read."""
        ...

    def reader(self) -> Reader:
        """What reads many small files where it is called, which may be another process: a function of a module. It blocks.

        Of a file beyond a megabyte it says so, and does not read it.
        """
        ...

    async def facts(self, paths: Collection[str], *, hashed: bool = False) -> Mapping[str, FileFact]:
        """Facts of the files that exist; the others are left out."""
        ...
