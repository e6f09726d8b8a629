"""What a session stands on: an authenticated connection that programs are started over, whoever speaks ssh on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rpconsole.adapters.ssh.channel import Channel

#: called once with the reason when a connection ends that we did not close; None = it just ended
OnLost = Callable[[Exception | None], None]


class LinkFull(Exception):
    """The front end opens no further channel now (sshd's MaxSessions); the connection lives on."""


class Link(Protocol):
    """One authenticated connection to one front end."""

    @property
    def is_closed(self) -> bool:
        """True once it is known to be over."""
        ...

    @property
    def since(self) -> float | None:
        """Epoch seconds of its beginning, where it did not begin just now."""
        ...

    async def open(self, command: str) -> Channel:
        """Start a program there. Raises LinkFull; OSError when the connection is over."""
        ...

    def close(self) -> None:
        """End it in order."""
        ...

    def release(self) -> None:
        """Let go of it without ending it where it can live without us; else end it."""
        ...

    async def wait_closed(self) -> None:
        """Return when it is gone."""
        ...

    def abort(self) -> None:
        """End it at once."""
        ...

    async def answers(self, within_s: float) -> bool:
        """Ask for a sign of life beyond all buffers; False when none comes within the time."""
        ...

    def give_up(self, reason: str) -> None:
        """It does not answer any more: it is over from our point of view, and ``on_lost`` hears why."""
        ...
