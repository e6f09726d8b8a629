"""The lock that dies with its holder: the second half of 'one engine a (database, site) pair'."""

from __future__ import annotations

from typing import Protocol


class OwnerLock(Protocol):
    """An advisory lock kept by the database itself, or by the system beside its file. Raises DatabaseAway when it is away."""

    async def acquire(self, name: str) -> str | None:
        """Take the lock without waiting: None when it is ours now, else words about its holder; harmless when held by us."""
        ...

    async def held(self) -> bool:
        """Whether it is still ours: a server that restarted has forgotten it, and acquire is in order."""
        ...

    async def release(self) -> None:
        """Give it up; harmless when not held. The end of the process releases it too, however it ends."""
        ...
