"""Files of random bytes, to measure a line with."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rpconsole.domain.fault import DiskFailed


class DiskTestFiles:
    """``TestFiles`` in a directory, as a rule the one for temporary files."""

    def __init__(self, folder: str | None = None) -> None:
        self._folder = folder

    async def make(self, count: int, size: int) -> Sequence[str]:
        """See the port."""
        return await asyncio.to_thread(_make, self._folder, count, size)

    async def clear(self, paths: Sequence[str]) -> None:
        """See the port."""
        for folder in {os.path.dirname(path) for path in paths}:
            await asyncio.to_thread(shutil.rmtree, folder, True)


def _make(place: str | None, count: int, size: int) -> list[str]:
    try:
        folder = Path(tempfile.mkdtemp(prefix="rpconsole-bench-", dir=place))
    except OSError as error:
        raise DiskFailed(f"{place or tempfile.gettempdir()} cannot be written: {error.strerror}") from None
    block = random.Random(count).randbytes(min(size, 1 << 20))
    try:
        return [_one(folder / f"{number:06d}", number, block, size) for number in range(count)]
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise DiskFailed(f"{folder} cannot be written: {error.strerror}") from None


def _one(path: Path, number: int, block: bytes, size: int) -> str:
    with path.open("wb") as stream:
        stream.write(number.to_bytes(8, "big")[: min(8, size)])
        left = size - min(8, size)
        while left:
            left -= stream.write(block[: min(left, len(block))])
    return str(path)
