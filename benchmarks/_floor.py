"""What the line itself gives: files by sendfile over plain TCP connections, read and written away at the other end.

``python _floor.py FOLDER`` is that other end: it prints its port, and answers one byte when a connection has ended.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

PIECE = 1 << 20


class Sink:
    """The other end as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen([sys.executable, __file__, str(folder)], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self._process.stdout is not None
        self._process.terminate()
        self._process.wait(10)
        self._process.stdout.close()


def send_raw(port: int, files: Sequence[Path], connections: int) -> float:
    """Seconds for all files, largest first, to whichever connection is free."""
    left = deque(sorted(files, key=lambda path: path.stat().st_size, reverse=True))
    ends = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    # as long as the others had since their login
    time.sleep(0.5)
    threads = [threading.Thread(target=_send, args=(end, left)) for end in ends]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def _send(end: socket.socket, left: deque[Path]) -> None:
    with end:
        while True:
            try:
                path = left.popleft()
            except IndexError:
                break
            with path.open("rb") as stream:
                end.sendfile(stream)
        end.shutdown(socket.SHUT_WR)
        end.recv(1)


def _receive(end: socket.socket, path: Path) -> None:
    buffer = bytearray(PIECE)
    with end, path.open("wb", 0) as stream:
        while count := end.recv_into(buffer):
            stream.write(memoryview(buffer)[:count])
        end.sendall(b"k")
    os.unlink(path)


def main() -> None:
    """Serve until terminated."""
    folder = Path(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)
    number = 0
    while True:
        end, _ = listener.accept()
        number += 1
        threading.Thread(target=_receive, args=(end, folder / f"raw{number}"), daemon=True).start()


if __name__ == "__main__":
    main()
