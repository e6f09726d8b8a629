"""Finding and ending what runs in the practice site's name, however it hid: groups, sessions and parents may change, the
environment that a program was started with does not."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from rpconsole.practice.paths import JOB_VARIABLE, SITE_VARIABLE
from rpconsole.remote.orphans import environment, pids


def marked(root: Path, job: str | None = None, *, jobless: bool = False) -> list[int]:
    """Processes of the site at ``root``: of one job, of no job, or all of them; never the caller."""
    site = f"{SITE_VARIABLE}={root}".encode()
    found = []
    for pid in pids():
        words = environment(pid)
        if pid == os.getpid() or site not in words:
            continue
        jobs = [word for word in words if word.startswith(f"{JOB_VARIABLE}=".encode())]
        if (jobless and jobs) or (job is not None and f"{JOB_VARIABLE}={job}".encode() not in jobs):
            continue
        found.append(pid)
    return found


def send(pids: Iterable[int], number: int) -> None:
    """Signal each; those that are gone already are no matter."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def end_marked(root: Path, *, jobless: bool = False, grace_s: float = 1.0) -> None:
    """SIGTERM, a moment, then SIGKILL until none is left; a program that starts others meanwhile is caught on the next turn."""
    send(marked(root, jobless=jobless), signal.SIGTERM)
    patience = time.monotonic() + grace_s
    while left := marked(root, jobless=jobless):
        if time.monotonic() > patience:
            send(left, signal.SIGKILL)
        if time.monotonic() > patience + 10:
            return
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in ("Z", "X")
