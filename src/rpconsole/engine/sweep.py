"""Register what is ready: advance complete stage runs, keep the books between the stages, define new remote runs."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rpconsole.domain.event import Event, RunAdvanced
from rpconsole.domain.fault import BadData, DatabaseRefused, DiskFailed
from rpconsole.domain.foreign import visible
from rpconsole.domain.run import Run
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import Advanced
from rpconsole.engine.book import LIVE_STATES
from rpconsole.engine.settings import WatchedLabel
from rpconsole.engine.world import World
from rpconsole.ports.run_store import DefineOrder, Definition
from rpconsole.ports.survey import Overlap

log = logging.getLogger(__name__)

#: the forms that a product's name gives back
_SKYCELL = re.compile(r"skycell\.\d+(\.\d+)?")
_OTA = re.compile(r"XY\d\d")
_MAX_ID = 64


async def advance_run(world: World, run: Run) -> Event:
    """Register what this run, being full, made ready for the next stage.

    Its own stage runs by number too: with ``-set_label`` they have another label than the remote run, which nobody may watch.
    """
    advanced = await advance_label(world, run.label, (run.stage,))
    own = [one.stage_id for one in await world.runs.components(run.remote_id)]
    advanced += await world.survey.advance(run.stage, stage_ids=own)
    return RunAdvanced(registered=sum(one.next_id is not None for one in advanced))


async def advance_label(
    world: World, label: str | None, stages: Sequence[Stage] = tuple(Stage), troubles: list[str] | None = None
) -> list[Advanced]:
    """Advance every complete stage run of a label; safe to repeat. What stops one exposure alone is added to ``troubles``."""
    advanced: list[Advanced] = []
    for stage in stages:
        advanced += await world.survey.advance(stage, label)
        if stage is Stage.CAMERA:
            advanced += await _between_camera_and_warp(world, label, [] if troubles is None else troubles)
    if world.settings.bookkeeping.stacks and label is not None and Stage.WARP in stages:
        advanced += await _define_stacks(world, label)
    return advanced


async def _between_camera_and_warp(world: World, label: str | None, troubles: list[str]) -> list[Advanced]:
    books = world.settings.bookkeeping
    advanced = await world.survey.advance_fake(label) if books.fake else []
    if books.overlap_maps is not None:
        for warp_id, (_, exp_name) in (await world.survey.warps_without_overlap(label)).items():
            path = f"{books.overlap_maps.rstrip('/')}/{exp_name}.map"
            try:
                await world.survey.add_overlap(warp_id, read_overlap_map(await world.files.read(path), path))
            except (BadData, DatabaseRefused, DiskFailed) as error:
                log.info("warp %d waits for its overlap: %s", warp_id, error)
                troubles.append(f"warp {warp_id} waits for its overlap: {error}")
    return advanced


def read_overlap_map(text: str, source: str) -> list[Overlap]:
    """Lines of ``skycell_id tess_id class_id``; BadData names file and line."""
    overlaps = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3:
            raise BadData(
                f"{source}, line {number}: '{visible(line.strip()[:80])}' is not 'skycell_id tess_id class_id'"
            )
        if not (_SKYCELL.fullmatch(words[0]) and _OTA.fullmatch(words[2])) or max(map(len, words)) > _MAX_ID:
            raise BadData(
                f"{source}, line {number}: '{visible(line.strip()[:80])}' is no skycell like skycell.1234.056, tessellation "
                f"and OTA like XY33, of at most {_MAX_ID} characters each"
            )
        overlaps.append(Overlap(skycell_id=words[0], tess_id=words[1], class_id=words[2]))
    return overlaps


async def _define_stacks(world: World, label: str) -> list[Advanced]:
    """Stack a label once nothing before the stacks is still on its way, so that no warp comes too late for its stack."""
    if await _is_under_way(world, label):
        return []
    stacks = await world.survey.define_stacks(label, world.settings.bookkeeping.min_warps)
    return [Advanced(stage=Stage.WARP, stage_id=0, next_id=stack_id) for stack_id in stacks]


async def _is_under_way(world: World, label: str) -> bool:
    """Whether a remote run before the stacks is live or could be defined; abandoned components do not hold the label back."""
    live = await world.runs.runs(LIVE_STATES, label=label)
    if any(row.stage is not Stage.STACK for row in live):
        return True
    for stage in (Stage.CHIP, Stage.CAMERA, Stage.WARP):
        order = DefineOrder(stage=stage, label=label, path_base="", limit=1, pretend=True)
        if (await world.runs.define(order)).stage_ids:
            return True
    return False


@dataclass(kw_only=True, slots=True)
class Sweep:
    """What one round did, for the log and the commands."""

    advanced: list[Advanced] = field(default_factory=list)
    defined: list[Definition] = field(default_factory=list)
    #: what stopped a label, a stage or an exposure, and nothing else
    troubles: list[str] = field(default_factory=list)


async def sweep(world: World, labels: Iterable[WatchedLabel], *, advance: bool, define: bool) -> Sweep:
    """One round over every watched label; what goes wrong with one costs the others nothing."""
    done = Sweep()
    for watched in labels:
        if advance:
            try:
                done.advanced += await advance_label(world, watched.label, troubles=done.troubles)
            except (BadData, DatabaseRefused) as error:
                done.troubles.append(f"label {watched.label} cannot be advanced: {error}")
        for stage in watched.stages if define else ():
            try:
                done.defined += await _define(world, watched, stage)
            except (BadData, DatabaseRefused) as error:
                done.troubles.append(f"{stage} of label {watched.label} cannot be defined: {error}")
    return done


async def _define(world: World, watched: WatchedLabel, stage: Stage) -> list[Definition]:
    # what one job of the site's limits cannot hold goes into the next run
    most = world.settings.plan.most_components(stage)
    limit = min(watched.limit or most, most)
    order = DefineOrder(stage=stage, label=watched.label, path_base=watched.path_base, limit=limit)
    definition = await world.runs.define(order)
    if definition.remote_id is None:
        return []
    log.info("run %d defined: %s, %d components", definition.remote_id, stage, len(definition.stage_ids))
    return [definition]
