"""Small files on this host's disks."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from rpconsole.domain.fault import BadData, DiskFailed
from rpconsole.ports.local_files import FileFact


class DiskFiles:
    """``LocalFiles`` on the file system."""

    async def write(self, texts: Mapping[str, str]) -> None:
        await asyncio.to_thread(_write_all, texts)

    async def read(self, path: str) -> str:
        return await asyncio.to_thread(_read, path)

    async def facts(self, paths: Collection[str], *, hashed: bool = False) -> Mapping[str, FileFact]:
        return await asyncio.to_thread(_facts, paths, hashed)


def _write_all(texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        _write(Path(path), _bytes_of(path, text))
    _sync_directories({Path(path).parent for path in texts})


def _bytes_of(path: str, text: str) -> bytes:
    if not os.path.isabs(path):
        raise BadData(f"'{path}' is not an absolute path")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BadData(f"{path} cannot hold {text[error.start]!r}: its text is latin-1") from None


def _write(path: Path, content: bytes) -> None:
    """By a temporary name in the same directory, so that the rename is one step and readers see the old file or the new."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise DiskFailed(f"{path} cannot be written: {error.strerror}") from None


def _sync_directories(directories: Iterable[Path]) -> None:
    """A rename is on disk when its directory is."""
    for directory in directories:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _read(path: str) -> str:
    try:
        return Path(path).read_bytes().decode("latin-1")
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error.strerror}") from None


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
