"""What is said to operators: kept for those who come later, handed to those who listen, repeated faults said once."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator

from rpconsole.domain.action import Level, TellOperators
from rpconsole.domain.snapshot import Alert
from rpconsole.ports.clock import Clock

log = logging.getLogger(__name__)

KEPT = 200
#: a listener that does not listen loses the oldest
QUEUE = 500

_LEVELS = {Level.NOTE: logging.INFO, Level.WARN: logging.WARNING, Level.ALERT: logging.ERROR}


class NoticeBoard:
    """The alerts, newest last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: deque[Alert] = deque(maxlen=KEPT)
        self._listeners: set[asyncio.Queue[Alert]] = set()
        self._standing: dict[str, str] = {}

    def tell(self, action: TellOperators) -> None:
        """Say something about a run (number 0: about none)."""
        self.say(action.level, action.sentence, remote_id=action.remote_id or None)

    def say(self, level: Level, sentence: str, *, remote_id: int | None = None) -> None:
        """Say something."""
        alert = Alert(at=self._clock.now(), level=level, sentence=sentence, remote_id=remote_id)
        log.log(_LEVELS[level], "%s", sentence, extra={"remote_id": remote_id})
        self._kept.append(alert)
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(alert)

    def once(self, subject: str, level: Level, sentence: str) -> None:
        """Say a standing fault when it begins or changes, not each time that it is met."""
        if self._standing.get(subject) != sentence:
            self._standing[subject] = sentence
            self.say(level, sentence)

    def over(self, subject: str) -> None:
        """A standing fault has ended."""
        if self._standing.pop(subject, None) is not None:
            self.say(Level.NOTE, f"{subject}: works again")

    def kept(self) -> tuple[Alert, ...]:
        """What was said lately."""
        return tuple(self._kept)

    async def listen(self) -> AsyncIterator[Alert]:
        """What is said from now on."""
        queue: asyncio.Queue[Alert] = asyncio.Queue(maxsize=QUEUE)
        self._listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)
