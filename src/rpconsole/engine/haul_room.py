"""What the other side has left for a haul: its disk, and at the site the quota where that is the narrower limit."""

from __future__ import annotations

from dataclasses import replace

from rpconsole.domain.haul import Haul, Way
from rpconsole.engine.scratch import asked_quota
from rpconsole.engine.world import World
from rpconsole.ports.site_files import Room


async def room_for(world: World, haul: Haul) -> Room:
    """Raises like the site's verbs; NoSession without a session where the target lies at the site."""
    assert world.haulage is not None
    if haul.way is Way.FETCH:
        return await world.haulage.here.room(haul.target)
    room = await world.haulage.there.room(haul.target)
    left = await _quota_left(world, haul.target)
    return room if left is None else replace(room, free_bytes=min(room.free_bytes, left))


async def _quota_left(world: World, path: str) -> int | None:
    """Bytes; None where no quota is known to hold for the path."""
    settings, root = world.settings.scratch, world.settings.layout.remote_root.rstrip("/")
    if not settings.quota_command:
        return None
    quota, _ = await asked_quota(world, path)
    if quota is None:
        return None
    is_ours = f"{path}/".startswith(f"{root}/")
    if not is_ours and not f"{path}/".startswith(f"{quota.file_system.rstrip('/')}/"):
        # the one line that the program prints may be of another file system
        return None
    limit = (settings.limit_bytes if is_ours else 0) or quota.limit
    return max(0, limit - quota.used) if limit else None
