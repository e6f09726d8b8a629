"""The practice site's scratch: what lies there, and the purge that sweeps it."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rpconsole.practice.faults import Faults
from rpconsole.practice.paths import SitePaths, SiteSettings

#: the helper is kept: a real purge takes longer than any session lives
SPARED = "rpconsole"


def used_bytes(paths: SitePaths) -> int:
    """What all files on scratch hold together."""
    return sum(found.st_size for _, found in _files(paths.scratch))


def purge(paths: SitePaths, older_than_s: float) -> int:
    """Remove every file that nobody looked at or changed for so long; returns how many."""
    before, removed = time.time() - older_than_s, 0
    for path, found in _files(paths.scratch):
        if max(found.st_atime, found.st_mtime) < before:
            with suppress(OSError):
                path.unlink()
                removed += 1
    return removed


def _files(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for folder, folders, names in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name != SPARED]
        for name in names:
            path = Path(folder, name)
            with suppress(OSError):
                found = path.lstat()
                if stat.S_ISREG(found.st_mode):
                    yield path, found


class Sweeper:
    """The standing purge: looks now and then, as the site's own does."""

    def __init__(self, paths: SitePaths, settings: SiteSettings, faults: Faults) -> None:
        self._paths, self._settings, self._faults = paths, settings, faults
        self._swept_at = float("-inf")

    def turn(self) -> None:
        """Purge when it is time to."""
        now = time.monotonic()
        age_s = self._faults.number("scratch_purge_s", self._settings.scratch_purge_s)
        if now < self._swept_at + min(60.0, max(0.5, age_s / 10)):
            return
        self._swept_at = now
        purge(self._paths, age_s)
