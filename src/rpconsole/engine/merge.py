"""Merge a run's prepared components into the run's own lists, one component in memory at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from rpconsole.domain.listfiles import MANIFEST, SCRIPT, component_stem, component_texts
from rpconsole.domain.listmerge import MERGED_SUFFIXES, RunMerge
from rpconsole.domain.oldlists import manifest_fits, read_component
from rpconsole.domain.run import Component, Run
from rpconsole.engine.job_file import handover_text
from rpconsole.engine.world import World
from rpconsole.stages.base import CannotPrepare
from rpconsole.stages.writing import list_keys

#: components whose lists are looked up and read together
CHUNK = 16


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
    for start in range(0, len(components), CHUNK):
        some = components[start : start + CHUNK]
        stems = [component_stem(run.stem, one.stage_id) for one in some]
        found = await world.catalogue.resolve([key for stem in stems for key in list_keys(stem)])
        for component, stem in zip(some, stems, strict=True):
            texts = await _texts(world, run, component, stem, found, is_ours=component.stage_id in ours)
            added = await asyncio.to_thread(merge.add, texts, source=stem)
            yield {targets[suffix]: text for suffix, text in added.items()}


async def _texts(
    world: World, run: Run, component: Component, stem: str, found: Mapping[str, str], *, is_ours: bool
) -> dict[str, str]:
    """A component's files by suffix: as we wrote them, or as the IPP's own scripts did, with a manifest made of them."""
    if any(key not in found for key in list_keys(stem) if not key.endswith(MANIFEST)):
        raise CannotPrepare(
            f"the lists of component {component.stage_id} are gone: set it to 'new' to prepare it again"
        )
    suffixes = [suffix for suffix in MERGED_SUFFIXES if stem + suffix in found]
    read = await world.files.read_all([found[stem + suffix] for suffix in suffixes])
    texts = {suffix: read[found[stem + suffix]] for suffix in suffixes}
    if MANIFEST in texts and (is_ours or manifest_fits(texts)):
        return texts
    root = world.settings.layout.remote_root
    lists = read_component(texts, stage=run.stage, stage_id=component.stage_id, root=root, source=stem)
    return component_texts(lists, root)
