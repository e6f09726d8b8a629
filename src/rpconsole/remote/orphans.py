"""Processes of this host that a dead worker has left behind, found by what it put into their environment."""

import os
import signal
from typing import List


def kill_orphans(name: str, value: str) -> List[int]:
    wanted = "{}={}".format(name, value).encode("ascii")
    found = [pid for pid in _pids() if pid != os.getpid() and wanted in _environ(pid)]
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    return found


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
