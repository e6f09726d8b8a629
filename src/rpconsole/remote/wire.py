"""The two ends of our own channel, kept apart from what a child or a stray print may touch."""

import json
import os
import platform
import socket
import sys
import threading
import time
from typing import Any, Dict

from .frames import Message, frame_of
from .program import program_path, sha256_of

PROTOCOL = 1


def hello() -> Dict[str, Any]:
    """Who answers: sent as the first line, and again for the verb hello."""
    path = program_path()
    return {
        "protocol": PROTOCOL,
        "helper": os.path.basename(path),
        "sha256": sha256_of(path),
        "python": platform.python_version(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "uid": os.getuid(),
        "now": time.time(),
    }


class Wire:
    """Takes over standard input and output; whole frames only, from any thread."""

    def __init__(self) -> None:
        self.fd_in = os.dup(0)
        self.fd_out = os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        # whoever prints by mistake shall not break a frame
        sys.stdout.flush()
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def greet(self, greeting: Dict[str, Any]) -> None:
        self.write(b"RPR1 " + json.dumps(greeting, separators=(",", ":")).encode("ascii") + b"\n")

    def send(self, message: Message) -> None:
        self.write(frame_of(message))

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        with self._lock:
            while len(view):
                view = view[os.write(self.fd_out, view) :]
