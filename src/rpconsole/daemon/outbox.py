"""What waits to be written to one client: answers are kept, snapshots replace one another, alerts are dropped beyond a limit."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace

from rpconsole.daemon.window import Window, index_change
from rpconsole.domain.overview import RunIndex
from rpconsole.domain.snapshot import Alert, Snapshot
from rpconsole.protocol.delta import delta_of
from rpconsole.protocol.messages import AlertSaid, Change, Message, WholeSnapshot


class TooSlow(Exception):
    """The client does not read its answers."""


class Outbox:
    """Filled by the engine's side without ever waiting; emptied at the client's pace."""

    def __init__(self, *, max_messages: int = 1024, max_alerts: int = 256) -> None:
        self._messages: deque[Message] = deque()
        self._max_messages = max_messages
        self._alerts: deque[Alert] = deque(maxlen=max_alerts)
        self._dropped = 0
        #: the runs that this client is sent; None = all of them
        self.window: Window | None = None
        self._latest: Snapshot | None = None
        #: what the last message was made of, and what of it the client has
        self._seen: Snapshot | None = None
        self._sent: Snapshot | None = None
        self._index: RunIndex | None = None
        self._ready = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()

    def post(self, message: Message) -> None:
        """A message that must arrive; TooSlow when the client has left too many unread."""
        if len(self._messages) >= self._max_messages:
            raise TooSlow("the client does not read its answers")
        self._messages.append(message)
        self._emptied.clear()
        self._ready.set()

    def say(self, alert: Alert) -> None:
        """Something said to operators; the oldest unread one makes room, and a fresh snapshot then tells the count."""
        self._dropped += len(self._alerts) == self._alerts.maxlen
        self._alerts.append(alert)
        self._ready.set()

    def offer(self, snapshot: Snapshot) -> None:
        """The present; what the client has not read yet is replaced by it, and nothing is sent when only the clock moved."""
        if self._seen is None or snapshot != replace(self._seen, at=snapshot.at):
            self._latest = snapshot
            self._ready.set()

    def look_again(self) -> None:
        """The window shows something else of what was sent last."""
        if self._latest is None and self._seen is not None:
            self._latest = self._seen
            self._ready.set()

    async def next(self) -> Message:
        """The next message to write, as soon as there is one."""
        while True:
            message = self._take()
            if message is not None:
                return message
            self._ready.clear()
            await self._ready.wait()

    async def emptied(self) -> None:
        """Return when nothing waits that must arrive."""
        await self._emptied.wait()

    def _take(self) -> Message | None:
        if self._messages:
            return self._messages.popleft()
        self._emptied.set()
        message = self._take_snapshot(self._latest) if self._latest is not None else None
        if message is None and self._alerts:
            return AlertSaid(alert=self._alerts.popleft())
        return message

    def _take_snapshot(self, latest: Snapshot) -> Message | None:
        before, dropped = self._sent, self._dropped
        cut, index = (latest, None) if self.window is None else self.window.cut(latest)
        self._latest, self._seen = None, latest
        if before is not None and not dropped and self.window is not None and index == self._index:
            # of what is out of sight nothing is sent, not even that it changed
            unchanged = cut == replace(before, at=cut.at, sequence=before.sequence)
            if unchanged:
                return None
        known, self._sent, self._index, self._dropped = self._index, cut, index, 0
        if before is None or dropped:
            return WholeSnapshot(snapshot=cut, dropped=dropped, index=index)
        return Change(delta=delta_of(before, cut), index=None if index is None else index_change(known, index))
