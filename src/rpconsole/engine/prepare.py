"""Write a run's lists: component by component, then merged, then the job script. Takes up where it was interrupted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from rpconsole.domain.event import Event, PrepareRefused, RunPrepared
from rpconsole.domain.listfiles import (
    CONFIG,
    MANIFEST,
    SCRIPT,
    CommandLine,
    ComponentLists,
    component_stem,
    component_texts,
    merged,
)
from rpconsole.domain.manifest import Role, read_manifest
from rpconsole.domain.run import Component, ComponentState, Run
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import ChipRows, StageRows
from rpconsole.engine.job_file import script_text
from rpconsole.engine.world import World
from rpconsole.ports.journal import Verdict
from rpconsole.ports.run_store import ComponentChange
from rpconsole.stages.base import NO_DETRENDS, CannotPrepare, Detrends, PreparedComponent
from rpconsole.stages.registry import STAGES

log = logging.getLogger(__name__)

#: components that are read, resolved and written together
CHUNK = 16


async def prepare_run(world: World, run: Run) -> Event:
    """Prepare what is still new of the run, then merge everything that is prepared."""
    components = await world.runs.components(run.remote_id)
    new = [one for one in components if one.state is ComponentState.NEW]
    detrends = await _Detrends.load(world, run.stage) if new else None
    refused: list[Verdict] = []
    for start in range(0, len(new), CHUNK):
        refused += await _prepare_some(world, run, new[start : start + CHUNK], detrends)
    await world.ledger.record_verdicts(refused)
    return await _merge(world, run)


class _Detrends:
    """The catalogue of detrends, read once a run; the files of each picked detrend are read once too."""

    def __init__(self, world: World, detrends: Detrends) -> None:
        self._world = world
        self._files = dict(detrends.files)
        self._runs = detrends.runs

    @classmethod
    async def load(cls, world: World, stage: Stage) -> _Detrends:
        runs = await world.survey.detrend_runs() if stage is Stage.CHIP else []
        return cls(world, Detrends(runs=runs))

    async def serve(self, rows: StageRows) -> Detrends:
        if isinstance(rows, ChipRows):
            for picked in STAGES[Stage.CHIP].detrends_for(rows, self._runs):
                key = (picked.det_id, picked.iteration)
                if key not in self._files:
                    self._files[key] = await self._world.survey.detrend_files(*key)
        return Detrends(runs=self._runs, files=self._files)


async def _prepare_some(
    world: World, run: Run, components: Sequence[Component], detrends: _Detrends | None
) -> list[Verdict]:
    rows = await world.survey.stage_rows(run.stage, [one.stage_id for one in components])
    changes: list[ComponentChange] = []
    refused: list[Verdict] = []
    for component in components:
        try:
            changes.append(await _prepare_one(world, run, component, rows, detrends))
        except CannotPrepare as cannot:
            changes.append(ComponentChange(stage_id=component.stage_id, state=cannot.state))
            refused.append(_refusal(run, component, str(cannot)))
    await world.runs.change_components(run.remote_id, changes)
    return refused


def _refusal(run: Run, component: Component, sentence: str) -> Verdict:
    log.warning("run %d component %d: %s", run.remote_id, component.stage_id, sentence)
    return Verdict(remote_id=run.remote_id, stage_id=component.stage_id, item="", state="fail", sentence=sentence)


async def _prepare_one(
    world: World, run: Run, component: Component, rows: Mapping[int, StageRows], detrends: _Detrends | None
) -> ComponentChange:
    if component.stage_id not in rows:
        raise CannotPrepare(f"{run.stage} {component.stage_id} is not pending: done, masked or dropped meanwhile")
    row = rows[component.stage_id]
    served = await detrends.serve(row) if detrends else NO_DETRENDS
    rules = STAGES[run.stage]
    stem = component_stem(run.stem, component.stage_id)
    wants = rules.wants(row, world.settings.layout, served)
    files = dict(await world.catalogue.resolve(wants.resolve))
    lost = [key for key in wants.resolve if key not in files]
    if lost:
        files |= await world.catalogue.repair(lost)
    files |= await world.catalogue.create(wants.create)
    prepared = await asyncio.to_thread(rules.prepare, row, files, world.settings.layout, served)
    await _write(world, stem, prepared)
    return ComponentChange(
        stage_id=component.stage_id, state=ComponentState.PREP_DONE, jobs=prepared.lists.jobs, path_base=stem
    )


async def _write(world: World, stem: str, prepared: PreparedComponent) -> None:
    texts = component_texts(prepared.lists, world.settings.layout.remote_root)
    paths = await world.catalogue.create([stem + suffix for suffix in texts])
    await world.files.write({**prepared.texts, **{paths[stem + suffix]: text for suffix, text in texts.items()}})


async def _merge(world: World, run: Run) -> Event:
    components = await world.runs.components(run.remote_id)
    done = [one for one in components if one.state is ComponentState.PREP_DONE]
    if not done:
        first = await world.ledger.verdicts(run.remote_id, state="fail")
        why = f": {first[0].sentence}" if first else ""
        return PrepareRefused(sentence=f"not one of {len(components)} components could be prepared{why}")
    lists = [await _read_component(world, run, one) for one in done]
    whole = await asyncio.to_thread(merged, lists, world.settings.layout.remote_root)
    texts = {**whole.texts, SCRIPT: script_text(world, run, whole.jobs)}
    paths = await world.catalogue.create([run.stem + suffix for suffix in texts])
    await world.files.write({paths[run.stem + suffix]: text for suffix, text in texts.items()})
    return RunPrepared(prepared=len(done), refused=len(components) - len(done), tasks=whole.jobs)


async def _read_component(world: World, run: Run, component: Component) -> ComponentLists:
    stem = component_stem(run.stem, component.stage_id)
    found = await world.catalogue.resolve([stem + CONFIG, stem + MANIFEST])
    if len(found) < 2:
        raise CannotPrepare(
            f"the lists of component {component.stage_id} are gone: set it to 'new' to prepare it again"
        )
    config = await world.files.read(found[stem + CONFIG])
    manifest = await world.files.read(found[stem + MANIFEST])
    return _lists_in(run.stage, component.stage_id, config, manifest, found[stem + MANIFEST])


def _lists_in(stage: Stage, stage_id: int, config: str, manifest: str, source: str) -> ComponentLists:
    """A component as it was written, read back."""
    records = read_manifest(manifest, source=source)
    products = tuple(record for record in records if record.role is Role.PRODUCT)
    items = {record.task: record.item or "" for record in products}
    commands = tuple(
        CommandLine(item=items.get(number, ""), text=line) for number, line in enumerate(config.splitlines(), start=1)
    )
    inputs = tuple(record for record in records if record.role is Role.INPUT)
    return ComponentLists(stage=stage, stage_id=stage_id, commands=commands, inputs=inputs, products=products)
