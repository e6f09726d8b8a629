"""One engine a (database, site) pair: a lease with a heartbeat in the journal, and a lock in gpc1 that dies with its holder."""

from __future__ import annotations

from rpconsole.domain.fault import AlreadyOwned
from rpconsole.engine.clockwork import Due
from rpconsole.engine.world import World
from rpconsole.ports.journal import Owner


class Ownership:
    """Takes both, keeps both, gives both up.

    Two journals do not know of each other, and a lock does not outlive a restart of the server: neither suffices alone.
    """

    def __init__(self, world: World, owner: Owner) -> None:
        self._world = world
        self._owner = owner
        self._name = f"{owner.database}.{owner.site}"
        self._due = Due()

    async def take(self) -> None:
        """AlreadyOwned names the holder, host, pid and since when."""
        await self._world.lease.acquire(self._owner, stale_after_s=self._world.settings.lease_stale_s)
        try:
            await self._lock()
        except BaseException:
            await self._world.lease.release(self._owner)
            raise
        # taking it was the first sign of life
        self._due.next_in(self._world.clock.now(), self._world.settings.lease_stale_s / 4)

    async def _lock(self) -> None:
        holder = await self._world.lock.acquire(self._name)
        if holder is not None:
            raise AlreadyOwned(f"another engine works on this database and site: {holder}")

    async def keep(self, now: float) -> None:
        """Show a sign of life when one is due; AlreadyOwned when somebody else has taken over."""
        if not self._due.is_due(now):
            return
        self._due.next_in(now, self._world.settings.lease_stale_s / 4)
        if not await self._world.lease.beat(self._owner, at=now):
            raise AlreadyOwned("another engine has taken over this database and site; this one stops")
        if not await self._world.lock.held():
            await self._lock()

    async def give_up(self) -> None:
        """Let the next engine start."""
        await self._world.lease.release(self._owner)
        await self._world.lock.release()
