"""What attempts print: each into a file of its own, which is made only when it is needed.

To make a file and remove it again costs more than a short task does. A file that stayed empty therefore serves the next
attempt on this node, and takes that one's name when something was printed, or when it runs for longer than a moment.
"""

import os
from typing import List, Optional

from .processes import is_group_alive


class TaskLog:
    """An open file; ``path`` is its name now, ``wanted`` the one that its attempt's record will tell."""

    def __init__(self, handle: int, path: str, wanted: str) -> None:
        self.handle = handle
        self.path = path
        self.wanted = wanted

    @property
    def is_borrowed(self) -> bool:
        return self.path != self.wanted

    def take_name(self) -> bool:
        """False where the file has been removed, or its place taken by another."""
        if not self.is_borrowed:
            return True
        try:
            if not os.path.samestat(os.stat(self.path), os.fstat(self.handle)):
                return False
            _rename(self.path, self.wanted)
        except OSError:
            return False
        self.path = self.wanted
        return True


class TaskLogs:
    """All logs of one worker."""

    def __init__(self) -> None:
        self._spare: List[TaskLog] = []

    def open(self, path: str) -> TaskLog:
        """For one attempt; raises OSError."""
        if self._spare:
            spare = self._spare.pop()
            return TaskLog(spare.handle, spare.path, path)
        return TaskLog(_make(path), path, path)

    def settle(self, log: TaskLog, group: int) -> Optional[str]:
        """After the end of an attempt: its log's path, None when it printed nothing.

        What it left behind in its process group may still print: such a file serves nobody else.
        """
        found = os.fstat(log.handle)
        if found.st_size:
            kept = log.path if found.st_nlink and log.take_name() else None
            os.close(log.handle)
            return kept
        if found.st_nlink and not is_group_alive(group):
            self._spare.append(log)
        else:
            self.drop(log)
        return None

    def drop(self, log: TaskLog) -> None:
        """Closed, and removed if it is still ours."""
        try:
            if os.path.samestat(os.stat(log.path), os.fstat(log.handle)):
                os.unlink(log.path)
        except OSError:
            pass
        os.close(log.handle)

    def close(self) -> None:
        """At the end of the worker: nothing empty stays."""
        while self._spare:
            self.drop(self._spare.pop())


def _make(path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o664)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return os.open(path, flags, 0o664)


def _rename(path: str, wanted: str) -> None:
    try:
        os.rename(path, wanted)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(wanted), exist_ok=True)
        os.rename(path, wanted)
