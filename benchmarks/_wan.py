"""A long line between two ports of this host, in user space and without privileges: delay, a common rate, and a window a connection.

What TCP does over a long line is acted out: a connection begins with ten segments in flight, doubles them each round trip up to a
window, and begins anew after a pause. With 80 ms, 1 Gbit/s and 3.4 MB, one connection carries 43 MB/s and four fill the line, as
stock Linux does over a real one.

``python _wan.py RTT_MS MBIT WINDOW PORT…`` prints one line of JSON with a listening port for each PORT; on standard input, ``cut`` breaks
every connection and ``count`` prints the bytes that went up and down; at its end the line is gone.
"""

from __future__ import annotations

import heapq
import itertools
import json
import selectors
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

FIRST_WINDOW = 14480
IDLE_S = 0.3
CHUNK = 64 << 10
#: what a host of the line may hold beyond the window
BUFFER = 256 << 10


class Direction:
    """One way of the line, shared by all connections."""

    def __init__(self, bytes_per_s: float) -> None:
        self._bytes_per_s = bytes_per_s
        self._free_at = 0.0
        self.count = 0

    def carried_at(self, now: float, size: int) -> float:
        """When the last of these bytes has left."""
        self._free_at = max(now, self._free_at) + size / self._bytes_per_s
        self.count += size
        return self._free_at


class Flow:
    """One connection's bytes in one direction."""

    def __init__(self, line: Line, direction: Direction, source: socket.socket, target: socket.socket) -> None:
        self._line = line
        self._direction = direction
        self.source, self.target = source, target
        self._window = FIRST_WINDOW
        self._in_flight = 0
        self._sent_at = 0.0
        self._arrived: deque[memoryview] = deque()
        self._ends = False
        self.is_over = False

    @property
    def wants_to_read(self) -> bool:
        return not self._ends and self._in_flight < self._window

    @property
    def wants_to_write(self) -> bool:
        return bool(self._arrived)

    def read(self) -> None:
        now = time.perf_counter()
        if not self._in_flight and now - self._sent_at > IDLE_S:
            self._window = FIRST_WINDOW
        try:
            data = self.source.recv(min(CHUNK, self._window - self._in_flight))
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._sent_at = now
        self._ends = not data
        self._in_flight += len(data)
        due = self._direction.carried_at(now, len(data)) + self._line.rtt_s / 2
        self._line.at(due, lambda: self._arrive(data))

    def _arrive(self, data: bytes) -> None:
        if data:
            self._arrived.append(memoryview(data))
            self.write()
        else:
            self._end()

    def _end(self) -> None:
        if self._arrived:
            self._line.at(time.perf_counter() + 0.01, self._end)
            return
        self.is_over = True
        try:
            self.target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self._line.ended(self)

    def write(self) -> None:
        taken = 0
        try:
            while self._arrived:
                piece = self._arrived[0]
                count = self.target.send(piece)
                taken += count
                if count < len(piece):
                    self._arrived[0] = piece[count:]
                    break
                self._arrived.popleft()
        except BlockingIOError:
            pass
        except OSError:
            taken += sum(map(len, self._arrived))
            self._arrived.clear()
        if taken:
            self._line.at(time.perf_counter() + self._line.rtt_s / 2, lambda: self._acknowledged(taken))
        self._line.watch(self)

    def _acknowledged(self, count: int) -> None:
        self._in_flight -= count
        self._window = min(self._line.window, self._window + count)
        self._line.watch(self)


class Line:
    """All connections, and one clock for what is due."""

    def __init__(self, rtt_s: float, bytes_per_s: float, window: int) -> None:
        self.rtt_s = rtt_s
        self.window = window
        self.up, self.down = Direction(bytes_per_s), Direction(bytes_per_s)
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._flows: dict[socket.socket, dict[str, Flow]] = {}

    def at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (when, next(self._numbers), act))

    def listen(self, target_port: int) -> int:
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, lambda _: self._accept(listener, target_port))
        return int(listener.getsockname()[1])

    def hear(self) -> None:
        """Orders on standard input."""
        self._selector.register(sys.stdin, selectors.EVENT_READ, lambda _: self._obey(sys.stdin.readline()))

    def _obey(self, order: str) -> None:
        if not order:
            raise SystemExit
        if order.strip() == "cut":
            for end in list(self._flows):
                self._drop(end)
        print(json.dumps({"up": self.up.count, "down": self.down.count}), flush=True)

    def _accept(self, listener: socket.socket, port: int) -> None:
        near, _ = listener.accept()
        far = socket.socket()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        try:
            far.connect(("127.0.0.1", port))
        except OSError:
            near.close()
            return
        up, down = Flow(self, self.up, near, far), Flow(self, self.down, far, near)
        self._flows[near] = {"read": up, "write": down}
        self._flows[far] = {"read": down, "write": up}
        for end in (near, far):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(end, selectors.EVENT_READ, lambda mask, end=end: self._ready(end, mask))

    def _ready(self, end: socket.socket, mask: int) -> None:
        flows = self._flows.get(end)
        if flows and mask & selectors.EVENT_READ:
            if flows["read"].wants_to_read:
                flows["read"].read()
            self.watch(flows["read"])
        if flows and mask & selectors.EVENT_WRITE:
            flows["write"].write()

    def watch(self, flow: Flow) -> None:
        for end in (flow.source, flow.target):
            flows = self._flows.get(end)
            if flows is None:
                continue
            mask = selectors.EVENT_READ * flows["read"].wants_to_read
            mask |= selectors.EVENT_WRITE * flows["write"].wants_to_write
            self._change(end, mask)

    def _change(self, end: socket.socket, mask: int) -> None:
        key = self._selector.get_map().get(end)
        if key is None and mask:
            self._selector.register(end, mask, lambda ready: self._ready(end, ready))
        elif key is not None and not mask:
            self._selector.unregister(end)
        elif key is not None and key.events != mask:
            self._selector.modify(end, mask, key.data)

    def ended(self, flow: Flow) -> None:
        flows = self._flows.get(flow.source, {})
        if flows and all(each.is_over for each in flows.values()):
            self._drop(flow.source)

    def _drop(self, end: socket.socket) -> None:
        flows = self._flows.get(end)
        if flows is None:
            return
        for each in (flows["read"].source, flows["read"].target):
            self._change(each, 0)
            self._flows.pop(each, None)
            each.close()

    def run(self) -> None:
        while True:
            now = time.perf_counter()
            while self._due and self._due[0][0] <= now:
                heapq.heappop(self._due)[2]()
            wait = max(0.0, self._due[0][0] - time.perf_counter()) if self._due else None
            for key, mask in self._selector.select(wait):
                key.data(mask)


class Wan:
    """The line as a process of its own."""

    def __init__(self, ports: Sequence[int], *, rtt_ms: float, mbit: float, window: int) -> None:
        words = [str(rtt_ms), str(mbit), str(window), *map(str, ports)]
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ports: list[int] = self._answer()

    def _answer(self) -> list[int]:
        assert self._process.stdout is not None
        found: list[int] = json.loads(self._process.stdout.readline())
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def order(self, word: str) -> dict[str, int]:
        """``cut`` or ``count``; how many bytes went ``up`` and ``down`` so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        found: dict[str, int] = json.loads(self._process.stdout.readline())
        return found


def main() -> None:
    """Serve until standard input ends."""
    rtt_ms, mbit, window, *ports = sys.argv[1:]
    line = Line(float(rtt_ms) / 1000, float(mbit) * 1e6 / 8, int(float(window)))
    print(json.dumps([line.listen(int(port)) for port in ports]), flush=True)
    line.hear()
    line.run()


if __name__ == "__main__":
    main()
