"""Bytes that may move, as whoever waits for them allows it, and bytes that have moved, as he is told."""

import threading
import time
from typing import Callable

from .frames import Message

_TELL_BYTES = 256 << 10
_TELL_S = 0.25


class Over(Exception):
    """Nobody waits for these bytes any more."""


class Meter:
    """Bytes that may move and bytes that have moved; whoever pays waits while there are none."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._left = 0
        self._untold = 0
        self._told_at = 0.0
        self._is_over = False
        self._changed = threading.Condition()

    def allow(self, count: int) -> None:
        with self._changed:
            self._left += count
            self._changed.notify_all()

    def pay(self, count: int) -> None:
        with self._changed:
            while self._left <= 0 and not self._is_over:
                self._flush()
                self._changed.wait()
            if self._is_over:
                raise Over()
            self._left -= count

    def moved(self, count: int) -> None:
        with self._changed:
            self._untold += count
            if self._untold >= _TELL_BYTES or time.monotonic() - self._told_at > _TELL_S:
                self._flush()

    def flush(self) -> None:
        with self._changed:
            self._flush()

    def _flush(self) -> None:
        if self._untold:
            self._tell({"moved": self._untold})
            self._untold = 0
            self._told_at = time.monotonic()

    def end(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
