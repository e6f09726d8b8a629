"""A worker as the leader sees it: frames both ways over its pipes, never waiting for it."""

import os
import subprocess
import time
from typing import IO, Dict, List, Optional, Set

from .frames import FrameBuffer, Garbage, Message, frame_of

_PACE_OVER_S = 0.25
_STOCK_S = 0.1


class Link:
    """Owns the process that carries the worker (itself, srun or ssh) and the tasks that it holds."""

    def __init__(self, node: str, argv: List[str], environ: Dict[str, str], token: str) -> None:
        self.node = node
        self.slots = 0  # known with its first word
        self.held: Set[int] = set()
        self.is_leaving = False
        self.is_ready = False
        self.is_asked_back = False
        self.heard_at = 0.0
        self.token = token
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, start_new_session=True
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.to_worker = self.process.stdin.fileno()
        self.from_worker = self.process.stdout.fileno()
        os.set_blocking(self.to_worker, False)
        os.set_blocking(self.from_worker, False)
        self._frames = FrameBuffer()
        # banner text of the node (ssh) comes before the first frame
        self._frames.is_lost = True
        self._due = bytearray()
        self._ended = 0
        self._counted_from = time.monotonic()
        self._pace = 0.0
        self._kill_at = 0.0

    @property
    def has_due(self) -> bool:
        return bool(self._due)

    def room(self, ahead: int) -> int:
        if self.is_leaving or not self.is_ready:
            return 0
        return self.slots + ahead - len(self.held)

    def count_ended(self, now: float) -> None:
        self._ended += 1
        if now - self._counted_from >= _PACE_OVER_S:
            self._pace = self._ended / (now - self._counted_from)
            self._ended, self._counted_from = 0, now

    @property
    def stock(self) -> int:
        """How many tasks it ends while a question and its answer travel, with much to spare; none where tasks are long."""
        return int(self._pace * _STOCK_S)

    def put(self, message: Message) -> None:
        """To be sent with the next flush."""
        self._due += frame_of(message)

    def flush(self) -> None:
        """What the pipe takes now; a dead worker is noticed where it is read from."""
        try:
            while self._due:
                del self._due[: os.write(self.to_worker, self._due[: 1 << 16])]
        except BlockingIOError:
            pass
        except OSError:
            self._due.clear()

    def receive(self) -> Optional[List[Message]]:
        """Messages that have come; None at the end of the worker."""
        try:
            data = os.read(self.from_worker, 1 << 16)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        self._frames.feed(data)
        found: List[Message] = []
        while True:
            try:
                message = self._frames.take()
            except Garbage:
                continue
            if message is None:
                return found
            found.append(message)

    def dismiss(self) -> None:
        """The end of its input tells the worker to kill what it runs and go."""
        _close(self.process.stdin)

    def part(self, patience_s: float) -> None:
        """Without waiting for it: srun takes a SIGTERM for the end of all that it started, also of what hangs there."""
        self.dismiss()
        _close(self.process.stdout)
        self._kill_at = time.monotonic() + patience_s
        if self.process.poll() is None:
            self.process.terminate()

    def has_parted(self, now: float) -> bool:
        if self.process.poll() is None and now > self._kill_at:
            self.process.kill()
        return self.process.poll() is not None

    def close(self, patience_s: float) -> None:
        self.dismiss()
        _close(self.process.stdout)
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _close(stream: Optional[IO[bytes]]) -> None:
    try:
        if stream is not None:
            stream.close()
    except OSError:
        pass
