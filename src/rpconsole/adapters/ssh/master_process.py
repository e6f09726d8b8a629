"""The process of a master, known by its number and its start."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class MasterProcess:
    """Never another one that got its number later."""

    pid: int
    start: int

    @classmethod
    def of(cls, pid: int) -> MasterProcess | None:
        """None where it is gone, or the kernel does not say when it began."""
        start = _start_of(pid)
        return None if start is None else cls(pid, start)

    async def end(self, within_s: float) -> None:
        """Return when it is gone: by itself within the time, else killed.

        One that ended later would remove the control socket of that name, which is another master's by then.
        """
        for _ in range(round(within_s / _LOOK_S)):
            if not self._is_there():
                return
            await asyncio.sleep(_LOOK_S)
        if self._is_there():
            with suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)

    def _is_there(self) -> bool:
        return _start_of(self.pid) == self.start


def _start_of(pid: int) -> int | None:
    """Clock ticks from the boot to its start (proc(5), field 22)."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
