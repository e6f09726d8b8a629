"""A run's own files at home: lists, script, manifest, and what they say must be where."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from rpconsole.domain.fault import BadData
from rpconsole.domain.listfiles import (
    GENERATE,
    LIST_SUFFIXES,
    MANIFEST,
    SHIPPED_SUFFIXES,
)
from rpconsole.domain.manifest import ManifestRecord, Role, read_manifest
from rpconsole.domain.oldlists import manifest_fits, read_lists
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
    """suffix -> absolute path at home of the run's lists and script; BadData names what was never written.

    The manifest is among them where rpconsole prepared the run, and not where the IPP's own scripts did.
    """
    keys = {suffix: run.stem + suffix for suffix in (*SHIPPED_SUFFIXES, MANIFEST)}
    found = await world.catalogue.resolve(list(keys.values()))
    missing = [key for suffix, key in keys.items() if key not in found and suffix != MANIFEST]
    if missing:
        raise BadData(f"{missing[0]} was never written: the run must be prepared again")
    return {suffix: found[key] for suffix, key in keys.items() if key in found}


async def paths_at_home(world: World, run: Run) -> Mapping[str, str]:
    """Role -> absolute path of those of the run's own files that exist: ``cmd``, ``config``, ``manifest`` and so on.

    None for a run whose path_base is no key: it shall be shown all the same.
    """
    keys = {suffix: run.stem + suffix for suffix in (*SHIPPED_SUFFIXES, MANIFEST)}
    try:
        found = await world.catalogue.resolve(list(keys.values()))
    except BadData:
        return {}
    return {suffix.split(".")[1]: found[key] for suffix, key in keys.items() if key in found}


async def manifest_of(world: World, run: Run, *, ending: str = "") -> tuple[ManifestRecord, ...]:
    """What the run needs and promises, file by file; from the five lists where there is no manifest that fits them.

    With an ``ending`` only the records whose key has it. A manifest that does not promise what ``.generate`` does was left by an
    earlier preparation: the lists are what a job is made of.
    """
    paths = await list_paths(world, run)
    if MANIFEST in paths:
        texts = {suffix: await world.files.read(paths[suffix]) for suffix in (MANIFEST, GENERATE)}
        # a run of 40,000 commands has some ten megabytes of it: the loop stays free meanwhile
        if await asyncio.to_thread(manifest_fits, texts):
            return tuple(await asyncio.to_thread(read_manifest, texts[MANIFEST], source=paths[MANIFEST], ending=ending))
    texts = {suffix: await world.files.read(paths[suffix]) for suffix in LIST_SUFFIXES}
    root = world.settings.layout.remote_root
    records = await asyncio.to_thread(read_lists, texts, stage=run.stage, root=root, source=run.stem)
    return tuple(record for record in records if record.key.endswith(ending))


async def products_of(world: World, run: Run, *, ending: str = "") -> list[ManifestRecord]:
    """The products that the run's tasks promised, or those whose key has this ending."""
    return [record for record in await manifest_of(world, run, ending=ending) if record.role is Role.PRODUCT]


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
