"""Bytes of a pipe as they come, with the one question that a buffered stream does not answer: would the next read have to wait?"""

import select
from fcntl import fcntl
from os import read as read_fd
from typing import List

# Linux gives a pipe so much when it is asked: fewer wake-ups between sshd and us
PIPE_BYTES = 1 << 20
_F_SETPIPE_SZ = 1031
_READ_BYTES = 256 << 10


class Intake:
    """``read`` is that of a blocking stream: fewer bytes than asked for mean its end."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._chunk = b""
        self._at = 0
        widen(fd)

    @property
    def is_dry(self) -> bool:
        """Nothing is held and nothing has come."""
        return self._at == len(self._chunk) and not select.select([self._fd], [], [], 0)[0]

    def read(self, count: int) -> bytes:
        end = self._at + count
        if end <= len(self._chunk):
            data = self._chunk[self._at : end]
            self._at = end
            return data
        parts: List[bytes] = []
        while count:
            part = self.some(count)
            if not part:
                break
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def some(self, limit: int) -> bytes:
        """What is at hand, at most so many; empty at the end only."""
        if self._at == len(self._chunk):
            self._chunk = read_fd(self._fd, _READ_BYTES)
            self._at = 0
        data = self._chunk[self._at : self._at + limit]
        self._at += len(data)
        return data


def widen(fd: int) -> None:
    """Where it is a pipe and the system lets us; else it stays as it is."""
    try:
        fcntl(fd, _F_SETPIPE_SZ, PIPE_BYTES)
    except OSError:
        pass
