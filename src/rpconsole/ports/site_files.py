"""Looking about in the site's files, beyond single paths that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rpconsole.domain.tuning import Spread


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeFile:
    """One plain file below a folder, or the file that was asked for itself."""

    #: absolute
    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What a tree has besides plain files; absolute paths."""

    #: symbolic links: where each stands, and what is written in it
    links: tuple[tuple[str, str], ...] = ()
    #: folders that hold nothing
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """What a file system has left for us, in bytes and files."""

    free_bytes: int
    free_files: int


class Trees(Protocol):
    """Files on one side of the line.

    At the site: raises NoSession, SessionLost, NoAnswer, SiteRefused and SiteFailed as ``ports.site.Site`` does.
    """

    async def walk(self, top: str) -> Sequence[TreeFile]:
        """Every plain file below ``top``, ordered by path, links not followed (``shape`` tells them); ``top`` itself where it is a file.

        BadData names a path that is not there or cannot be read, and a tree with more files than can be told at once.
        """
        ...

    async def shape(self, top: str) -> Shape:
        """Links and empty folders below ``top``; BadData as with ``walk``."""
        ...

    async def make(self, root: str, shape: Shape) -> Sequence[str]:
        """Make them strictly below ``root``, where no link may lead out; a sentence for each that cannot be made."""
        ...

    async def room(self, folder: str) -> Room:
        """What is left where ``folder`` lies, or will lie once it is made."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """Whether a front end reaches a host of the storage at home by itself; ``sentence`` says why not."""

    front_end: str
    host: str
    sentence: str = ""


class Line(Protocol):
    """How transfers are laid over the sessions that live."""

    def most(self) -> Spread:
        """What there is to be used now; a session at least."""
        ...

    def use(self, spread: Spread | None) -> None:
        """Lay transfers that begin from now on like this; None = over everything there is."""
        ...

    async def reach(self) -> Sequence[Reach]:
        """Try each storage host from each front end that is logged in to; nothing where all goes through the session.

        Raises NoSession when none is open.
        """
        ...


class TestFiles(Protocol):
    """Files at home that are there to be measured with."""

    async def make(self, count: int, size: int) -> Sequence[str]:
        """So many files of random bytes in a directory of their own; absolute paths. DiskFailed when there is no room."""
        ...

    async def clear(self, paths: Sequence[str]) -> None:
        """Remove them and their directory."""
        ...
