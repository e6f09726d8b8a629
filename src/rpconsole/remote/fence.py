"""One leader at a time for a results file.

The fence is a folder of numbered generations. ``mkdir <fence>/<n>`` takes generation n and exactly one process can do it;
the highest generation is the holder. A holder that has ended, that is proven dead, or that the caller overrules is
followed by generation n+1. A holder that finds a higher generation than its own knows that it was overruled.
"""

import json
import os
import socket
import time
from typing import Any, Dict, Optional, Set

from .paths import make_folder, write_whole

_HOLDER_WRITES_WITHIN_S = 10.0


class Fence:
    def __init__(self, folder: str, generation: int, holder: Dict[str, Any]) -> None:
        self.folder = folder
        self.generation = generation
        self.holder = holder

    def is_mine(self) -> bool:
        return highest(self.folder) <= self.generation

    def release(self) -> None:
        """After the end mark; the next attempt may follow."""
        try:
            write_whole(os.path.join(self.folder, str(self.generation), "ended"), b"%d\n" % int(time.time()))
        except OSError:  # the end mark in the results says the same
            pass


class Duplicate(Exception):
    """Another leader holds the fence."""

    def __init__(self, holder: Optional[Dict[str, Any]], generation: int) -> None:
        Exception.__init__(self, "another job holds the fence")
        self.holder = holder
        self.generation = generation


def take(folder: str, me: Dict[str, Any], ended: Set[int], takeover: bool) -> Fence:
    """Raises Duplicate when another live holder exists; loses every race but one."""
    make_folder(folder)
    while True:
        generation = highest(folder)
        if generation:
            holder = _holder(folder, generation)
            if not takeover and not _is_over(folder, generation, holder, me, ended):
                raise Duplicate(holder, generation)
        try:
            os.mkdir(os.path.join(folder, str(generation + 1)))
        except FileExistsError:
            # somebody was faster: he is no holder that the caller meant to overrule
            takeover = False
            continue
        mine = dict(
            me, epoch=round(time.time(), 3), host=socket.gethostname(), pid=os.getpid(), began=_began(os.getpid())
        )
        write_whole(os.path.join(folder, str(generation + 1), "holder"), json.dumps(mine).encode("ascii"))
        return Fence(folder, generation + 1, mine)


def highest(folder: str) -> int:
    try:
        return max([int(name) for name in os.listdir(folder) if name.isdigit()] or [0])
    except OSError:
        return 0


def _holder(folder: str, generation: int) -> Optional[Dict[str, Any]]:
    """Waits a little for a holder that is just writing its name."""
    path = os.path.join(folder, str(generation), "holder")
    give_up = time.monotonic() + _HOLDER_WRITES_WITHIN_S
    while True:
        try:
            with open(path, "rb") as stream:
                found = json.loads(stream.read().decode("utf-8"))
                return found if isinstance(found, dict) else None
        except (OSError, ValueError):
            if time.monotonic() > give_up or _age_s(folder, generation) > _HOLDER_WRITES_WITHIN_S:
                return None
            time.sleep(0.1)


def _age_s(folder: str, generation: int) -> float:
    try:
        return time.time() - os.stat(os.path.join(folder, str(generation))).st_mtime
    except OSError:
        return 0.0


def _is_over(
    folder: str, generation: int, holder: Optional[Dict[str, Any]], me: Dict[str, Any], ended: Set[int]
) -> bool:
    """Positive evidence only: an end mark, the same job started anew by the scheduler, or a process that is gone."""
    if generation in ended or os.path.exists(os.path.join(folder, str(generation), "ended")):
        return True
    if holder is None:
        return False
    if me.get("job") and holder.get("job") == me["job"] and not _is_alive_here(holder):
        return True
    return holder.get("host") == socket.gethostname() and not _is_alive_here(holder)


def _is_alive_here(holder: Dict[str, Any]) -> bool:
    if holder.get("host") != socket.gethostname() or not isinstance(holder.get("pid"), int):
        return False
    began = _began(holder["pid"])
    return bool(began) and began == holder.get("began")


def _began(pid: int) -> str:
    """Start of a process in clock ticks since boot: tells a process from a later one of the same number; '' = none."""
    try:
        with open("/proc/{}/stat".format(pid), "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == b"Z" else fields[19].decode("ascii")
