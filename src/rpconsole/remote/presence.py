"""What a helper leaves in writing while it lives, so that a later one knows a dead session's leftovers from a stranger's work.

One file a process, in ``live`` beside this program, named ``OWNER.SESSION.TAG``: whose engine, which of its sessions, which process.
A process is known by its host, the host's boot, its number and its start; its commands by their numbers and starts, and by the tag
that they carry in their environment.
"""

import json
import os
import secrets
import socket
import threading
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .processes import Watcher
from .program import program_path

FOLDER = "live"
#: what commands carry in their environment
MARK = "RPR_HELPER"
_KEPT_BYTES = 4096


class Process(NamedTuple):
    """What the kernel says of a process."""

    start: int
    parent: int
    session: int
    is_zombie: bool


def process(pid: int) -> Optional[Process]:
    """None where there is no such process; ``start`` is in clock ticks since the boot (proc(5), field 22)."""
    try:
        with open("/proc/{}/stat".format(pid), "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
        return Process(int(fields[19]), int(fields[1]), int(fields[3]), fields[0] in (b"Z", b"X"))
    except (OSError, ValueError, IndexError):
        return None


def here() -> Tuple[str, str]:
    """This host and its boot: process numbers mean something only within them."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as stream:
            boot = stream.read().decode("ascii", "replace").strip()
    except OSError:
        boot = ""
    return socket.gethostname(), boot


def folder() -> str:
    return os.path.join(os.path.dirname(program_path()), FOLDER)


class Presence(Watcher):
    """The file of this process; where it cannot be written nothing is, and nothing else fails for it."""

    def __init__(self, verb: str, badge: Optional[str]) -> None:
        self.tag = secrets.token_hex(8)
        self.since = time.time()
        self._path = ""
        self._handle = -1
        self._lock = threading.Lock()
        self._commands: Dict[int, int] = {}
        self._head = b""
        if badge is not None:
            self._begin(verb, badge)

    def started(self, pid: int) -> None:
        """A command of ours has begun; it leads a session of its own."""
        found = process(pid) if self._handle >= 0 else None
        if found is not None:
            with self._lock:
                self._commands[pid] = found.start
                self._write("+{} {}\n".format(pid, found.start).encode("ascii"))

    def ended(self, pid: int) -> None:
        with self._lock:
            if self._commands.pop(pid, None) is None:
                return
            if self._commands or self._size() < _KEPT_BYTES:
                self._write("-{}\n".format(pid).encode("ascii"))
            else:
                self._begin_anew()

    def end(self) -> None:
        """This process ends in order, and leaves nothing."""
        with self._lock:
            self._handle = -1
        if self._path:
            try:
                os.unlink(self._path)
            except OSError:
                pass

    def _begin(self, verb: str, badge: str) -> None:
        mine = process(os.getpid())
        if mine is None:
            return
        host, boot = here()
        head: Dict[str, Any] = {"verb": verb, "host": host, "boot": boot, "pid": os.getpid(), "start": mine.start}
        head["since"] = self.since
        self._head = json.dumps(head).encode("ascii") + b"\n"
        path = os.path.join(folder(), "{}.{}".format(badge, self.tag))
        try:
            _make_folder()
            self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError:
            return
        self._path = path
        self._write(self._head)

    def _begin_anew(self) -> None:
        try:
            if self._handle >= 0:
                os.ftruncate(self._handle, 0)
        except OSError:
            pass
        self._write(self._head)

    def _size(self) -> int:
        try:
            return os.fstat(self._handle).st_size if self._handle >= 0 else 0
        except OSError:
            return 0

    def _write(self, data: bytes) -> None:
        try:
            if self._handle >= 0:
                os.write(self._handle, data)
        except OSError:
            pass


_mine = Presence("", None)


def mine() -> Presence:
    """Of this process."""
    return _mine


def appear(verb: str, badge: Optional[str]) -> Presence:
    """Before anything else is done here; ``badge`` = OWNER.SESSION, None where nobody asked for a trace."""
    global _mine
    _mine = Presence(verb, badge)
    return _mine


class Record(NamedTuple):
    """Somebody's file, read."""

    path: str
    owner: str
    session: str
    tag: str
    head: Dict[str, Any]
    #: number -> start, of commands that had not ended
    commands: Dict[int, int]

    @property
    def is_here(self) -> bool:
        return bool(self.head["host"] == socket.gethostname())

    @property
    def is_of_this_boot(self) -> bool:
        return bool(self.head["boot"] == here()[1])

    @property
    def lives(self) -> bool:
        """Whether that very process is still there."""
        found = process(self.head["pid"])
        return found is not None and found.start == self.head["start"] and not found.is_zombie


def records() -> List[Record]:
    """All that our own account wrote; a damaged one is not among them."""
    try:
        names = os.listdir(folder())
    except OSError:
        return []
    found = (_record(os.path.join(folder(), name)) for name in names if name.count(".") == 2)
    return [record for record in found if record is not None]


def _record(path: str) -> Optional[Record]:
    owner, session, tag = os.path.basename(path).split(".")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            # others may write in this folder too, and shall not tell us whom to kill
            if os.fstat(handle).st_uid != os.getuid():
                return None
            lines = stream.read(1 << 20).decode("ascii", "replace").splitlines()
        head = json.loads(lines[0])
        is_whole = all(isinstance(head[name], int) for name in ("pid", "start")) and head["pid"] > 1
        if not is_whole or not isinstance(head["host"], str) or not isinstance(head["since"], (int, float)):
            return None
        return Record(path, owner, session, tag, dict({"boot": "", "verb": ""}, **head), _commands(lines[1:]))
    except (OSError, ValueError, IndexError, KeyError, TypeError):
        return None


def _commands(lines: List[str]) -> Dict[int, int]:
    found: Dict[int, int] = {}
    for line in lines:
        numbers = line[1:].split()
        if line.startswith("+") and len(numbers) == 2 and all(number.isdigit() for number in numbers):
            found[int(numbers[0])] = int(numbers[1])
        elif line.startswith("-") and len(numbers) == 1 and numbers[0].isdigit():
            found.pop(int(numbers[0]), None)
    return {pid: start for pid, start in found.items() if pid > 1}


def _make_folder() -> None:
    if os.path.isdir(folder()):
        return
    os.mkdir(folder(), 0o700)
    # who may write beside it may write in it: several accounts may share the place
    os.chmod(folder(), os.stat(os.path.dirname(folder())).st_mode & 0o777 | 0o1000)
