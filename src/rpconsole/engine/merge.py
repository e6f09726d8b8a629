"""Merge a run's prepared components into the run's own lists, a few components in memory at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from rpconsole.domain.listfiles import CONFIG, MANIFEST, SCRIPT, component_stem, component_texts, list_record
from rpconsole.domain.listmerge import MERGED_SUFFIXES, RunMerge
from rpconsole.domain.manifest import manifest_text
from rpconsole.domain.oldlists import manifest_fits, read_component
from rpconsole.domain.run import Component, Run
from rpconsole.engine.job_file import handover_text
from rpconsole.engine.world import World
from rpconsole.stages.base import CannotPrepare
from rpconsole.stages.writing import list_keys

#: components whose lists are looked up and read together
CHUNK = 8


async def merge_components(world: World, run: Run, components: Sequence[Component], ours: Collection[int]) -> int:
    """Write the run's lists, manifest and script; returns the number of its commands.

    ``ours`` are the stage_ids that were written a moment ago; of others, lists and manifest may be by different hands.
    """
    keys = {suffix: run.stem + suffix for suffix in MERGED_SUFFIXES}
    places = await world.catalogue.create([*keys.values(), run.stem + SCRIPT])
    targets = {suffix: places[key] for suffix, key in keys.items()}
    merge = RunMerge()
    await world.files.append_all(list(targets.values()), _pieces(world, run, components, ours, merge, targets))
    await world.files.write({places[run.stem + SCRIPT]: handover_text(world, run, merge.jobs)})
    return merge.jobs


async def _pieces(
    world: World,
    run: Run,
    components: Sequence[Component],
    ours: Collection[int],
    merge: RunMerge,
    targets: Mapping[str, str],
) -> AsyncIterator[dict[str, str]]:
    """The next components are read and merged while the ones before are written."""
    chunks = [components[start : start + CHUNK] for start in range(0, len(components), CHUNK)]
    following = asyncio.create_task(_added(world, run, chunks[0], ours, merge))
    try:
        for chunk in [*chunks[1:], None]:
            added = await following
            if chunk is not None:
                following = asyncio.create_task(_added(world, run, chunk, ours, merge))
            yield {targets[suffix]: text for suffix, text in added.items()}
        # the numbers of tasks are those of this very file: another merge may have other load lines between them
        root = world.settings.layout.remote_root
        config = list_record(run.stem, CONFIG, targets[CONFIG], root)._replace(bytes=merge.config_bytes)
        yield {targets[MANIFEST]: manifest_text([config])}
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _added(
    world: World, run: Run, components: Sequence[Component], ours: Collection[int], merge: RunMerge
) -> dict[str, str]:
    """What these components add to the run's files, by suffix."""
    stems = {component.stage_id: component_stem(run.stem, component.stage_id) for component in components}
    found = await world.catalogue.resolve([key for stem in stems.values() for key in list_keys(stem)])
    for component in components:
        _refuse_lost(component, stems[component.stage_id], found)
    read = await world.files.read_all(list(found.values()))
    lists = {key: read[path] for key, path in found.items()}
    root = world.settings.layout.remote_root

    def add() -> dict[str, str]:
        pieces = []
        for stage_id, stem in stems.items():
            texts = {suffix: lists[stem + suffix] for suffix in MERGED_SUFFIXES if stem + suffix in lists}
            if MANIFEST not in texts or not (stage_id in ours or manifest_fits(texts)):
                texts = _old_texts(run, stage_id, stem, texts, root)
            pieces.append(merge.add(texts, source=stem))
        return {suffix: "".join(piece[suffix] for piece in pieces) for suffix in MERGED_SUFFIXES}

    return await asyncio.to_thread(add)


def _refuse_lost(component: Component, stem: str, found: Mapping[str, str]) -> None:
    if any(key not in found for key in list_keys(stem) if not key.endswith(MANIFEST)):
        raise CannotPrepare(
            f"the lists of component {component.stage_id} are gone: set it to 'new' to prepare it again"
        )


def _old_texts(run: Run, stage_id: int, stem: str, texts: Mapping[str, str], root: str) -> dict[str, str]:
    """The files as the IPP's own scripts left them, with a manifest made of them."""
    return component_texts(read_component(texts, stage=run.stage, stage_id=stage_id, root=root, source=stem), root)
