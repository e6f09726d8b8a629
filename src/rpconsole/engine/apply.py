"""Apply the dbinfo of every good task exactly once, and write each component's last state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from rpconsole.domain.dbinfo import DbinfoStatement
from rpconsole.domain.event import DbinfoApplied, Event
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.retry import AbandonPolicy
from rpconsole.domain.run import ComponentState, Run
from rpconsole.engine.early_checks import EarlyChecks
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
#: one piece is checked, one written, and one on its way on either side
LANES = 5


async def apply_run(world: World, run: Run) -> Event:
    """Check each dbinfo against the component it belongs to, apply it, and settle the components."""
    checks = EarlyChecks(world, run, at_once=CHUNK)
    try:
        verdicts = await world.ledger.verdicts(run.remote_id)
        settled = [verdict for verdict in verdicts if verdict.state == FAIL]
        open_ = {(one.stage_id, one.item): one for one in verdicts if one.state != FAIL}

        def foretell(records: Sequence[ManifestRecord]) -> None:
            checks.begin([record for record in records if _key(record) in open_])

        async def some(tasks: Sequence[tuple[Verdict, ManifestRecord]]) -> None:
            checked = await checks.of([record for _, record in tasks])
            settled.extend(await _apply_some(world, [verdict for verdict, _ in tasks], checked))

        products = await products_of(world, run, ending=DBINFO, foretell=foretell)
        promised = {_key(record): record for record in products}
        tasks = [(open_[key], record) for key, record in promised.items() if key in open_]
        await in_lanes(tasks, CHUNK, some, lanes=LANES)
    finally:
        await checks.end()
    missing = [verdict for key, verdict in open_.items() if key not in promised]
    settled.extend(await _apply_some(world, missing, [_no_dbinfo(verdict) for verdict in missing]))
    return await _settle_components(world, run, settled, {stage_id for stage_id, _ in promised})


def _key(record: ManifestRecord) -> tuple[int, str]:
    """As a verdict has it; what belongs to no component has no verdict."""
    return record.component or 0, record.item or ""


async def _apply_some(
    world: World, verdicts: Sequence[Verdict], checked: Sequence[DbinfoStatement | str]
) -> list[Verdict]:
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


def _settled(verdict: Verdict, applied: Applied) -> Verdict:
    if applied.outcome is Outcome.REFUSED:
        return _failed(verdict, applied.sentence)
    return Verdict(verdict.remote_id, verdict.stage_id, verdict.item, PASS, verdict.sentence, applied.statement.sha256)


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
