"""Processes of this host that a dead one has left behind, found by what it put into their environment."""

import os
import signal
from typing import List


def kill_orphans(name: str, value: str) -> List[int]:
    found = carriers(name, value)
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    return found


def carriers(name: str, value: str) -> List[int]:
    """Who has this in its environment, as far as we may look."""
    wanted = "{}={}".format(name, value).encode("ascii")
    return [pid for pid in _pids() if pid != os.getpid() and wanted in _environ(pid)]


def _pids() -> List[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _environ(pid: int) -> List[bytes]:
    try:
        with open("/proc/{}/environ".format(pid), "rb") as stream:
            return stream.read().split(b"\0")
    except OSError:
        return []
