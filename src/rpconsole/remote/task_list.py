"""The tasks of a job: one shell command line per line of the config file, numbered from 1."""

import hashlib
import os
from array import array
from typing import List

from .faults import Fault, fault_of

_BLANK = b" \t\r\n"


class TaskList:
    """Keeps offsets only: 100,000 lines of a kilobyte stay on disk; the open file survives a replacement."""

    def __init__(self, path: str) -> None:
        self._starts = array("Q", [0])
        self.numbers: List[int] = []
        digest = hashlib.sha256()
        try:
            self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            with open(path, "rb") as stream:
                for line in stream:
                    digest.update(line)
                    self._starts.append(self._starts[-1] + len(line))
                    if line.strip(_BLANK):
                        self.numbers.append(len(self._starts) - 1)
        except OSError as error:
            raise fault_of(error, "cannot read the task list") from None
        if not self.numbers:
            raise Fault("the task list {} holds no command line".format(path))
        self.sha256 = digest.hexdigest()

    def __len__(self) -> int:
        return len(self.numbers)

    def line(self, number: int) -> str:
        """The command line of a task; bytes that are no UTF-8 come as surrogates and go back as they were."""
        start, end = self._starts[number - 1], self._starts[number]
        return os.pread(self._handle, end - start, start).rstrip(b"\r\n").decode("utf-8", "surrogateescape")
