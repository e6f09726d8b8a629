"""A run's own files at home: lists, script, manifest, and what they say must be where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rpconsole.domain.fault import BadData
from rpconsole.domain.listfiles import MANIFEST, SHIPPED_SUFFIXES
from rpconsole.domain.manifest import ManifestRecord, Role, read_manifest
from rpconsole.domain.paths import mapped_by_key
from rpconsole.domain.run import Run
from rpconsole.engine.world import World


@dataclass(frozen=True, kw_only=True, slots=True)
class Needed:
    """One file that the site must have before the job may be submitted."""

    local: str
    remote: str
    #: bytes as the database has them; None = whatever lies at home
    size: int | None = None


async def list_paths(world: World, run: Run) -> Mapping[str, str]:
    """suffix -> absolute path at home of the run's lists; BadData names what was never written."""
    keys = {suffix: run.stem + suffix for suffix in (*SHIPPED_SUFFIXES, MANIFEST)}
    found = await world.catalogue.resolve(list(keys.values()))
    missing = [key for key in keys.values() if key not in found]
    if missing:
        raise BadData(f"{missing[0]} was never written: the run must be prepared again")
    return {suffix: found[key] for suffix, key in keys.items()}


async def paths_at_home(world: World, run: Run) -> Mapping[str, str]:
    """Role -> absolute path of those of the run's own files that exist: ``cmd``, ``config``, ``manifest`` and so on."""
    keys = {suffix: run.stem + suffix for suffix in (*SHIPPED_SUFFIXES, MANIFEST)}
    found = await world.catalogue.resolve(list(keys.values()))
    return {suffix.split(".")[1]: found[key] for suffix, key in keys.items() if key in found}


async def manifest_of(world: World, run: Run) -> tuple[ManifestRecord, ...]:
    """The run's manifest."""
    paths = await list_paths(world, run)
    return tuple(read_manifest(await world.files.read(paths[MANIFEST]), source=paths[MANIFEST]))


async def products_of(world: World, run: Run) -> list[ManifestRecord]:
    """The products that the run's tasks promised."""
    return [record for record in await manifest_of(world, run) if record.role is Role.PRODUCT]


async def needed_at_site(world: World, run: Run) -> list[Needed]:
    """Lists and inputs, each remote path once."""
    root = world.settings.layout.remote_root
    paths = await list_paths(world, run)
    targets = {suffix: mapped_by_key(run.stem + suffix, root) for suffix in SHIPPED_SUFFIXES}
    needed: dict[str, Needed] = {
        target: Needed(local=paths[suffix], remote=target) for suffix, target in targets.items()
    }
    for record in await manifest_of(world, run):
        if record.role is not Role.PRODUCT:
            needed.setdefault(record.remote, Needed(local=record.local, remote=record.remote, size=record.bytes))
    return list(needed.values())
