"""Small files on this host's disks."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import AsyncGenerator, AsyncIterable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait

from rpconsole.adapters.storage.reading import read_each, read_pieces, read_whole
from rpconsole.domain.fault import BadData, DiskFailed
from rpconsole.ports.local_files import FileFact, Reader

#: what brings files to disk side by side; kept, for a thread costs more to start than a small file to sync
SYNCS = ThreadPoolExecutor(32, thread_name_prefix="sync")
OPEN_AT_ONCE = 128


class DiskFiles:
    """``LocalFiles`` on the file system."""

    async def write(self, texts: Mapping[str, str]) -> None:
        await asyncio.to_thread(_write_all, texts)

    async def append_all(self, paths: Collection[str], pieces: AsyncIterable[Mapping[str, str]]) -> None:
        await asyncio.to_thread(_begin, growing := {path: _Growing(path) for path in paths})
        try:
            async for piece in pieces:
                contents = {path: _bytes_of(path, text) for path, text in piece.items() if text}
                await asyncio.to_thread(_append, growing, contents)
            await asyncio.to_thread(_finish, growing)
        finally:
            await asyncio.to_thread(_abandon, growing)

    async def read(self, path: str) -> str:
        return await asyncio.to_thread(read_whole, path)

    async def pieces(self, path: str) -> AsyncGenerator[str]:
        pieces = read_pieces(path)
        try:
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                yield piece
        finally:
            pieces.close()

    async def read_all(self, paths: Collection[str]) -> Mapping[str, str]:
        return await asyncio.to_thread(lambda: {path: read_whole(path) for path in paths})

    def reader(self) -> Reader:
        return read_each

    async def facts(self, paths: Collection[str], *, hashed: bool = False) -> Mapping[str, FileFact]:
        return await asyncio.to_thread(_facts, paths, hashed)


class _Growing:
    """A file under a temporary name in its own directory: the rename is one step, and readers see the old file or the new."""

    def __init__(self, path: str) -> None:
        if not os.path.isabs(path):
            raise BadData(f"'{path}' is not an absolute path")
        self.path = path
        self.folder, _, name = path.rpartition("/")
        self.temporary = f"{self.folder}/.{name}.{secrets.token_hex(4)}.tmp"
        self._descriptor = -1

    def begin(self) -> None:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
        with _told(self.path):
            try:
                self._descriptor = os.open(self.temporary, flags, 0o666)
            except FileNotFoundError:
                os.makedirs(self.folder, exist_ok=True)
                self._descriptor = os.open(self.temporary, flags, 0o666)

    def append(self, content: bytes) -> None:
        with _told(self.path):
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def sync(self) -> None:
        with _told(self.path):
            os.fsync(self._descriptor)
            self.close()

    def show(self) -> None:
        with _told(self.path):
            os.replace(self.temporary, self.path)
        self.temporary = ""

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def abandon(self) -> None:
        """Leave nothing behind; harmless to a file that is shown."""
        with contextlib.suppress(OSError):
            self.close()
            if self.temporary:
                os.unlink(self.temporary)


def _write_all(texts: Mapping[str, str]) -> None:
    growing = {path: _Growing(path) for path in texts}
    contents = {path: _bytes_of(path, text) for path, text in texts.items()}
    paths = list(contents)
    for start in range(0, len(paths), OPEN_AT_ONCE):
        some = {path: growing[path] for path in paths[start : start + OPEN_AT_ONCE]}
        _begin(some)
        try:
            _append(some, {path: contents.pop(path) for path in some})
            _finish(some)
        finally:
            _abandon(some)


def _begin(growing: Mapping[str, _Growing]) -> None:
    try:
        for file in growing.values():
            file.begin()
    except BaseException:
        _abandon(growing)
        raise


def _append(growing: Mapping[str, _Growing], contents: Mapping[str, bytes]) -> None:
    for path, content in contents.items():
        growing[path].append(content)


def _finish(growing: Mapping[str, _Growing]) -> None:
    """On disk, then seen. Syncs side by side cost the disk one journal entry together."""
    files = list(growing.values())
    syncs = [SYNCS.submit(file.sync) for file in files]
    # all have ended, one way or the other, before anybody closes one
    wait(syncs)
    for sync in syncs:
        sync.result()
    for file in files:
        file.show()
    _sync_directories({file.folder for file in files})


def _abandon(growing: Mapping[str, _Growing]) -> None:
    for file in growing.values():
        file.abandon()


def _bytes_of(path: str, text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BadData(f"{path} cannot hold {text[error.start]!r}: its text is latin-1") from None


@contextlib.contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskFailed(f"{path} cannot be written: {error.strerror}") from None


def _sync_directories(directories: Iterable[str]) -> None:
    """A rename is on disk when its directory is."""
    for directory in directories:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _facts(paths: Collection[str], hashed: bool) -> dict[str, FileFact]:
    looked_at = {path: _fact(path, hashed) for path in paths}
    return {path: fact for path, fact in looked_at.items() if fact is not None}


def _fact(path: str, hashed: bool) -> FileFact | None:
    try:
        return _hashed_fact(path) if hashed else _plain_fact(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        # also when it goes away between two looks
        return None
    except OSError as error:
        raise DiskFailed(f"{path} cannot be looked at: {error.strerror}") from None


def _plain_fact(path: str) -> FileFact | None:
    seen = os.stat(path)
    return FileFact(size=seen.st_size, mtime_ns=seen.st_mtime_ns) if stat.S_ISREG(seen.st_mode) else None


def _hashed_fact(path: str) -> FileFact | None:
    if _plain_fact(path) is None:
        # opening a fifo would wait for its other end
        return None
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        seen = os.fstat(file.fileno())
    return FileFact(size=seen.st_size, mtime_ns=seen.st_mtime_ns, sha256=digest.hexdigest())
