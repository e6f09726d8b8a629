"""Processes of this host that a dead one has left behind, found by what it put into their environment."""

import os
import signal
import time
from typing import List

PROC = "/proc"
#: how often, and how many seconds apart, a program is looked at that is just being loaded
LOOKS, LOADING_S = 20, 0.001


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
    return [pid for pid in pids() if pid != os.getpid() and wanted in environment(pid)]


def pids() -> List[int]:
    """Every process of this host; none where it does not tell."""
    try:
        return [int(name) for name in os.listdir(PROC) if name.isdigit()]
    except OSError:
        return []


def environment(pid: int) -> List[bytes]:
    """What a program was started with; one that is just being loaded has none for a moment, as threads of the kernel never have."""
    place = os.path.join(PROC, str(pid))
    try:
        for _ in range(LOOKS):
            with open(os.path.join(place, "environ"), "rb") as stream:
                words = stream.read().split(b"\0")
            if words != [b""] or not os.path.exists(os.path.join(place, "exe")):
                return words
            time.sleep(LOADING_S)
    except OSError:  # it ended meanwhile, or is somebody else's
        pass
    return []
