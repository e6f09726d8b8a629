"""Write a run's lists: component by component, then merged, then the job script. Takes up where it was interrupted."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from rpconsole.domain.event import Event, PrepareRefused, RunPrepared
from rpconsole.domain.fault import BadData
from rpconsole.domain.listfiles import component_stem
from rpconsole.domain.paths import BadKey, refuse_beyond_ascii
from rpconsole.domain.run import Component, ComponentState, Run, Step
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import StageRows, Unreadable
from rpconsole.engine.detrend_shelf import DetrendShelf
from rpconsole.engine.lanes import in_lanes
from rpconsole.engine.merge import merge_components
from rpconsole.engine.world import World
from rpconsole.ports.file_catalogue import FilesLost
from rpconsole.ports.journal import Verdict
from rpconsole.ports.run_store import ComponentChange
from rpconsole.stages.base import CannotPrepare, Wants, listed
from rpconsole.stages.registry import STAGES
from rpconsole.stages.writing import ChunkOrder, ComponentOrder, WrittenComponent, list_keys, written

log = logging.getLogger(__name__)

#: components that are read, resolved and written together, and how many such lots are under way: in one of them a worker process
#: should always find something to write
CHUNK = 6
LANES = 4
#: what a person reverts, or has tried again
FAILED = (ComponentState.FAIL, ComponentState.PREP_FAIL)
_STOPPED = "done or dropped, its label is masked or inactive"
#: what keeps an item out of its stage's pending ones
_NOT_PENDING: Mapping[Stage, str] = {
    Stage.CHIP: f"{_STOPPED}, or every OTA of it is ignored",
    Stage.CAMERA: f"{_STOPPED}, or its chipRun is not full",
    Stage.WARP: f"{_STOPPED}, it has no good overlap map, or chip, camera or fake in front of it is not full",
    Stage.STACK: "done or dropped, its label is inactive, or not all of its input warps are there and full",
}


async def prepare_run(world: World, run: Run) -> Event:
    """Prepare what is still new of the run, then merge everything that is prepared."""
    if not run.has_place:
        return PrepareRefused(
            sentence=f"path_base of remoteRun {run.remote_id} is '{run.path_base}': its lists have no place"
        )
    try:
        refuse_beyond_ascii(run.path_base)
    except BadKey as bad:
        return PrepareRefused(sentence=f"path_base of remoteRun {run.remote_id}: {bad}")
    components = await world.runs.components(run.remote_id)
    new = [one for one in components if one.state is ComponentState.NEW]
    notes: list[str] = []
    if new:
        await world.ledger.forget_refusals(run.remote_id, [one.stage_id for one in new])
        shelf = await DetrendShelf.load(world, run.stage)
        await in_lanes(new, CHUNK, lambda some: _prepare_some(world, run, some, shelf, notes), lanes=LANES)
    return await _merge(world, run, {one.stage_id for one in new}, sorted(notes))


async def take_up_again(world: World, run: Run) -> None:
    """A person has mended what kept a run from being prepared: what was refused is tried once more.

    Such components hold their stage runs, so no other run has taken them up meanwhile.
    """
    if run.step is Step.PREP_STOPPED:
        refused = await world.runs.components(run.remote_id, FAILED)
        changes = [ComponentChange(stage_id=one.stage_id, state=ComponentState.NEW) for one in refused]
        await world.runs.change_components(run.remote_id, changes)


async def _prepare_some(
    world: World, run: Run, components: Sequence[Component], shelf: DetrendShelf, notes: list[str]
) -> None:
    """One round trip of each kind for all of them; what cannot be prepared does not hold up its neighbours."""
    refusals: dict[int, CannotPrepare] = {}
    texts: dict[str, str] = {}
    changes: list[ComponentChange] = []
    try:
        chunk = await _orders(world, run, components, shelf, refusals)
    except BadData as bad:
        # a key that the storage has no place for is one component's: each is looked up by itself then
        if len(components) > 1:
            for one in components:
                await _prepare_some(world, run, [one], shelf, notes)
            return
        refusals[components[0].stage_id] = CannotPrepare(str(bad))
        chunk = ChunkOrder(components=[], files={}, layout=world.settings.layout)
    made = await world.workshop.call(written, chunk)
    for order, done in zip(chunk.components, made, strict=True):
        if isinstance(done, CannotPrepare):
            refusals[order.stage_id] = done
        else:
            texts.update(done.texts)
            notes += _noted(run, done)
            changes.append(_prepared(order, done))
    await world.files.write(texts)
    if refusals:
        await world.ledger.record_verdicts([_refusal(run, stage_id, cannot) for stage_id, cannot in refusals.items()])
    changes += [ComponentChange(stage_id=stage_id, state=cannot.state) for stage_id, cannot in refusals.items()]
    await world.runs.change_components(run.remote_id, changes)


def _noted(run: Run, done: WrittenComponent) -> tuple[str, ...]:
    for note in done.notes:
        log.warning("run %d: %s", run.remote_id, note)
    return done.notes


def _prepared(order: ComponentOrder, done: WrittenComponent) -> ComponentChange:
    return ComponentChange(
        stage_id=order.stage_id, state=ComponentState.PREP_DONE, jobs=done.jobs, path_base=order.stem
    )


async def _orders(
    world: World, run: Run, components: Sequence[Component], shelf: DetrendShelf, refusals: dict[int, CannotPrepare]
) -> ChunkOrder:
    """What the components are written from, with its files looked up or made; the others are refused."""
    rows = await world.survey.stage_rows(run.stage, [one.stage_id for one in components])
    orders: list[ComponentOrder] = []
    wants: dict[str, Wants] = {}
    for component in components:
        try:
            order = await _order(run, component, rows, shelf)
            wants[order.stem] = STAGES[run.stage].wants(order.rows, world.settings.layout, order.detrends)
            orders.append(order)
        except CannotPrepare as cannot:
            refusals[component.stage_id] = cannot
    files, lost = await _files(world, wants, shelf)
    whole = []
    for order in orders:
        told = [lost[key] for key in (*wants[order.stem].create, *list_keys(order.stem)) if key in lost] if lost else []
        if told:
            refusals[order.stage_id] = CannotPrepare(
                told[0] if len(told) == 1 else f"{told[0]} (and {len(told) - 1} more)"
            )
        else:
            whole.append(order)
    return ChunkOrder(components=whole, files=files, layout=world.settings.layout)


async def _order(
    run: Run, component: Component, rows: Mapping[int, StageRows | Unreadable], shelf: DetrendShelf
) -> ComponentOrder:
    if component.stage_id not in rows:
        raise CannotPrepare(f"{run.stage} {component.stage_id} is not pending: it is {_NOT_PENDING[run.stage]}")
    row = rows[component.stage_id]
    if isinstance(row, Unreadable):
        raise CannotPrepare(row.sentence)
    return ComponentOrder(
        stage=run.stage,
        stage_id=component.stage_id,
        rows=row,
        detrends=await shelf.serve(row),
        stem=component_stem(run.stem, component.stage_id),
    )


async def _files(
    world: World, wants: Mapping[str, Wants], shelf: DetrendShelf
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Key -> disk path of whatever all of them want, asked for at once; key -> sentence of what cannot be made."""
    asked = dict.fromkeys(chain.from_iterable(want.resolve for want in wants.values()))
    async with shelf.looking:
        found = await _found(world, asked, shelf)
    made = dict.fromkeys(chain.from_iterable(want.create for want in wants.values()))
    made |= dict.fromkeys(key for stem in wants for key in list_keys(stem))
    on_shelf = {key: shelf.paths[key] for key in asked.keys() & shelf.paths.keys()}
    places, lost = await _made(world, made)
    return {**on_shelf, **found, **places}, lost


async def _made(world: World, keys: Collection[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Places of what is to be written and to come home; copies that are out of reach are asked for once more."""
    try:
        return await world.catalogue.create(keys), {}
    except FilesLost as lost:
        again = await world.catalogue.repair(lost.refused)
        return {**lost.made, **again}, {key: told for key, told in lost.refused.items() if key not in again}


async def _found(world: World, keys: Collection[str], shelf: DetrendShelf) -> dict[str, str]:
    """Where the files are that are not on the shelf yet."""
    asked = [key for key in keys if key not in shelf.paths]
    found = dict(await world.catalogue.resolve(asked))
    lost = [key for key in asked if key not in found]
    if lost:
        found |= await world.catalogue.repair(lost)
    shelf.keep(found)
    return found


def _refusal(run: Run, stage_id: int, cannot: CannotPrepare) -> Verdict:
    log.warning("run %d component %d: %s", run.remote_id, stage_id, cannot)
    return Verdict(remote_id=run.remote_id, stage_id=stage_id, item="", state="fail", sentence=str(cannot))


async def _merge(world: World, run: Run, ours: Collection[int], notes: Sequence[str]) -> Event:
    components = await world.runs.components(run.remote_id)
    done = [one for one in components if one.state is ComponentState.PREP_DONE]
    if not done:
        first = await world.ledger.verdicts(run.remote_id, state="fail")
        why = f": {first[0].sentence}" if first else ""
        return PrepareRefused(sentence=f"not one of {len(components)} components could be prepared{why}")
    tasks = await merge_components(world, run, done, ours)
    refused = len(components) - len(done)
    return RunPrepared(prepared=len(done), refused=refused, tasks=tasks, sentence=listed(notes))
