"""TCP ports for servers that several test processes start side by side."""

from __future__ import annotations

import os
import socket

#: below those from which the kernel takes the near end of a connection, which may be anybody's at any moment
FIRST, COUNT = 12_000, 20_000


def free_port() -> int:
    """A port on which nobody listens and which no other test process is given until this one ends, however often its server is stopped."""
    start = os.getpid() * 37
    for step in range(COUNT):
        port = FIRST + (start + step) % COUNT
        if _is_reserved(port) and _can_be_bound(port):
            return port
    raise RuntimeError(f"no port of {FIRST} to {FIRST + COUNT - 1} is free")


def _is_reserved(port: int) -> bool:
    """Whether it is ours from now on: a name that the kernel gives to one process and takes back at its end."""
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        mark.bind(f"\0rpconsole-test-port-{port}")
    except OSError:
        mark.close()
        return False
    # held until the process ends, whoever drops the object
    mark.detach()
    return True


def _can_be_bound(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
