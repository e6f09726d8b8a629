"""Ends what dead sessions of the same engine have left on this host: hung commands, helpers that nobody listens to any more."""

import os
import signal
import time
from typing import Any, Callable, Dict, List

from . import asked
from .orphans import carriers
from .presence import MARK, Record, mine, process, records

#: a process has so long to end by itself
GRACE_S = 2.0
_KILLED_S = 1.0
#: nobody comes back to that host to look
_FORGOTTEN_S = 7 * 86400.0
_LOOK_S = 0.02


def hunt(request: Dict[str, Any]) -> List[Dict[str, Any]]:
    """One entry for each helper of a dead session: what it was, how many of its processes were ended, and how many stayed.

    ``keep`` names the sessions that live. A helper younger than this one is left alone: its session may be younger than ``keep``.
    """
    owner = asked.text(request, "owner")
    keep = set(asked.texts(request, "keep"))
    ours = [record for record in records() if record.owner == owner and record.session not in keep]
    dead = [record for record in ours if record.is_here and record.head["since"] < mine().since]
    for record in ours:
        if not record.is_here and time.time() - record.head["since"] > _FORGOTTEN_S:
            _forget(record)
    return [_ended(record) for record in dead]


def _ended(record: Record) -> Dict[str, Any]:
    entry: Dict[str, Any] = {"verb": record.head["verb"], "since": record.head["since"], "tag": record.tag}
    entry.update(helper=False, commands=0, left=0)
    if record.is_of_this_boot:
        record = record._replace(commands={**_begun_unwritten(record), **record.commands})
        commands = _commands_of(record)
        entry.update(helper=record.lives, commands=len(commands))
        # one that still answers to signals removes its half file itself, and takes its commands along
        left = _end_all(lambda: _helper_of(record))
        left += _end_all(lambda: _commands_of(record))
        entry["left"] = left
    if not entry["left"]:
        _forget(record)
    return entry


def _begun_unwritten(record: Record) -> Dict[int, int]:
    """Commands that a helper was stopped behind the start of, before it had written them down: they are its children still."""
    found = {}
    for pid in carriers(MARK, record.tag) if record.lives else ():
        about = process(pid)
        if about is not None and about.parent == record.head["pid"] and about.session == pid:
            found[pid] = about.start
    return found


def _helper_of(record: Record) -> Dict[int, int]:
    return {record.head["pid"]: record.head["start"]} if record.lives else {}


def _commands_of(record: Record) -> Dict[int, int]:
    """The commands that it ran and what those started, with their starts; a program that went its own way (a daemon) is not among them."""
    found = {leader: start for leader, start in record.commands.items() if _is_there(leader, start)}
    for pid in carriers(MARK, record.tag):
        about = process(pid)
        if about is not None and about.session in record.commands and not about.is_zombie:
            found[pid] = about.start
    return found


def _end_all(wanted: Callable[[], Dict[int, int]]) -> int:
    """SIGTERM, then SIGKILL to those who stay; who is meant is found out anew before each. Returns how many are still there."""
    targets: Dict[int, int] = {}
    for number, patience_s in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, _KILLED_S)):
        targets = wanted()
        for pid in targets:
            try:
                os.kill(pid, number)
            except OSError:
                pass
        give_up = time.monotonic() + patience_s
        while any(_is_there(*target) for target in targets.items()) and time.monotonic() < give_up:
            time.sleep(_LOOK_S)
    return sum(_is_there(*target) for target in targets.items())


def _is_there(pid: int, start: int) -> bool:
    about = process(pid)
    return about is not None and about.start == start and not about.is_zombie


def _forget(record: Record) -> None:
    try:
        os.unlink(record.path)
    except OSError:
        pass
