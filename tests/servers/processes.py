"""Processes that a test waits for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path


def wait_for(condition: Callable[[], object], patience_s: float = 60.0) -> None:
    """Until it is so; what is looked at has no clock that a test could move."""
    give_up = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < give_up, "it did not come about"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether the process lives; one that waits to be buried does not, and not every container's first process buries."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def tell(pid: int, number: signal.Signals) -> None:
    """A signal to a process that was seen a moment ago; it may have ended since."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def command_lines() -> Iterator[tuple[int, list[bytes]]]:
    """Every process of this host with the words of its command line; one that ends meanwhile is left out."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        yield int(path.parent.name), words
