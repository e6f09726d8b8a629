"""Apply the dbinfo of every good task exactly once, and write each component's last state."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from rpconsole.domain.dbinfo import DbinfoStatement
from rpconsole.domain.event import DbinfoApplied, Event
from rpconsole.domain.fault import BadData
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.retry import AbandonPolicy
from rpconsole.domain.run import ComponentState, Run
from rpconsole.engine.dbinfo_check import CheckOrder, check_all
from rpconsole.engine.lanes import in_lanes
from rpconsole.engine.retrieve import FAIL
from rpconsole.engine.run_files import products_of
from rpconsole.engine.world import World
from rpconsole.ports.journal import Verdict
from rpconsole.ports.run_store import ComponentChange
from rpconsole.ports.survey import Applied, Outcome

PASS = "pass"
DBINFO = ".dbinfo"
#: dbinfo that are read, checked and applied together
CHUNK = 1000
#: one piece is read, one checked, one written
LANES = 3


async def apply_run(world: World, run: Run) -> Event:
    """Check each dbinfo against the component it belongs to, apply it, and settle the components."""
    products, verdicts, _ = await asyncio.gather(
        products_of(world, run, ending=DBINFO),
        world.ledger.verdicts(run.remote_id),
        # a process that is not there yet comes up meanwhile
        world.workshop.call(check_all, _order(world, run, [])),
    )
    records = {(record.component, record.item): record for record in products}
    settled = [verdict for verdict in verdicts if verdict.state == FAIL]
    open_ = [verdict for verdict in verdicts if verdict.state != FAIL]

    async def some(verdicts: Sequence[Verdict]) -> None:
        settled.extend(await _apply_some(world, run, verdicts, records))

    await in_lanes(open_, CHUNK, some, lanes=LANES)
    return await _settle_components(world, run, settled, {stage_id for stage_id, _ in records})


async def _apply_some(
    world: World, run: Run, verdicts: Sequence[Verdict], records: Mapping[tuple[int | None, str | None], ManifestRecord]
) -> list[Verdict]:
    checked = await _checked(world, run, [records.get((one.stage_id, one.item)) or _no_dbinfo(one) for one in verdicts])
    statements = [one for one in checked if not isinstance(one, str)]
    outcomes = iter(await world.survey.apply(statements))
    settled = [
        _failed(verdict, one) if isinstance(one, str) else _settled(verdict, next(outcomes))
        for verdict, one in zip(verdicts, checked, strict=True)
    ]
    await world.ledger.record_verdicts(settled)
    return settled


def _no_dbinfo(verdict: Verdict) -> str:
    return f"no dbinfo was promised for {verdict.item} of component {verdict.stage_id}"


async def _checked(world: World, run: Run, promised: Sequence[ManifestRecord | str]) -> list[DbinfoStatement | str]:
    """For each promised dbinfo its statement, or the sentence why there is none."""
    texts = await _texts(world, [record.local for record in promised if not isinstance(record, str)])
    files = [one if isinstance(one, str) else _readable(one, texts[one.local]) for one in promised]
    return await world.workshop.call(check_all, _order(world, run, files))


def _order(world: World, run: Run, files: Sequence[tuple[ManifestRecord, str] | str]) -> CheckOrder:
    return CheckOrder(stage=run.stage, dbname=world.settings.layout.dbname, files=files)


def _readable(record: ManifestRecord, text: str | BadData) -> tuple[ManifestRecord, str] | str:
    return str(text) if isinstance(text, BadData) else (record, text)


async def _texts(world: World, paths: Sequence[str]) -> Mapping[str, str | BadData]:
    """path -> what is in the file, or why it cannot be read: a file that is gone does not cost its neighbours."""
    try:
        return await world.files.read_all(paths)
    except BadData:
        return {path: await _text(world, path) for path in paths}


async def _text(world: World, path: str) -> str | BadData:
    try:
        return await world.files.read(path)
    except BadData as bad:
        return bad


def _settled(verdict: Verdict, applied: Applied) -> Verdict:
    if applied.outcome is Outcome.REFUSED:
        return _failed(verdict, applied.sentence)
    return Verdict(
        remote_id=verdict.remote_id,
        stage_id=verdict.stage_id,
        item=verdict.item,
        state=PASS,
        sentence=verdict.sentence,
        sha256=applied.statement.sha256,
    )


def _failed(verdict: Verdict, sentence: str) -> Verdict:
    return replace(verdict, state=FAIL, sentence=sentence)


async def _settle_components(
    world: World, run: Run, settled: Iterable[Verdict], in_job: Collection[int | None]
) -> DbinfoApplied:
    """Write the last state of the components that were in the job; those that prepare refused keep theirs."""
    states: defaultdict[int, list[bool]] = defaultdict(list)
    for verdict in settled:
        states[verdict.stage_id].append(verdict.state == PASS)
    good = {stage_id: all(passed) for stage_id, passed in states.items()}
    changes = [
        ComponentChange(stage_id=stage_id, state=ComponentState.PASS if passed else ComponentState.FAIL)
        for stage_id, passed in sorted(good.items())
        if stage_id in in_job
    ]
    await world.runs.change_components(run.remote_id, changes)
    strict = world.settings.retry.policy_for(run.label) is AbandonPolicy.STRICT
    passed = sum(good.values())
    return DbinfoApplied(passed=passed, failed=len(good) - passed, strict=strict)
