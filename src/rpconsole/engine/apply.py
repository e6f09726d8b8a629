"""Apply the dbinfo of every good task exactly once, and write each component's last state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rpconsole.domain.dbinfo import DbinfoStatement, expected_of, read_dbinfo
from rpconsole.domain.event import DbinfoApplied, Event
from rpconsole.domain.fault import BadData
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.retry import AbandonPolicy
from rpconsole.domain.run import ComponentState, Run
from rpconsole.engine.retrieve import FAIL
from rpconsole.engine.run_files import products_of
from rpconsole.engine.world import World
from rpconsole.ports.journal import Verdict
from rpconsole.ports.run_store import ComponentChange
from rpconsole.ports.survey import Outcome

PASS = "pass"
DBINFO = ".dbinfo"
#: statements between two looks at the event loop
CHUNK = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """One task's dbinfo: a statement that may be applied, or the verdict that it may not."""

    verdict: Verdict
    statement: DbinfoStatement | None


async def apply_run(world: World, run: Run) -> Event:
    """Check each dbinfo against the component it belongs to, apply it, and settle the components."""
    records = {(record.component, record.item): record for record in await products_of(world, run) if is_dbinfo(record)}
    verdicts = await world.ledger.verdicts(run.remote_id)
    settled = [verdict for verdict in verdicts if verdict.state == FAIL]
    open_ = [verdict for verdict in verdicts if verdict.state != FAIL]
    for start in range(0, len(open_), CHUNK):
        settled += await _apply_some(world, run, open_[start : start + CHUNK], records)
    return await _settle_components(world, run, settled, {stage_id for stage_id, _ in records})


def is_dbinfo(record: ManifestRecord) -> bool:
    """Whether a product is a dbinfo file."""
    return record.key.endswith(DBINFO)


async def _apply_some(
    world: World, run: Run, verdicts: Sequence[Verdict], records: Mapping[tuple[int | None, str | None], ManifestRecord]
) -> list[Verdict]:
    checked = [await _check(world, run, verdict, records.get((verdict.stage_id, verdict.item))) for verdict in verdicts]
    statements = [one.statement for one in checked if one.statement is not None]
    outcomes = {id(applied.statement): applied for applied in await world.survey.apply(statements)}
    settled = []
    for one in checked:
        applied = outcomes.get(id(one.statement))
        if applied is None:
            settled.append(one.verdict)
        elif applied.outcome is Outcome.REFUSED:
            settled.append(replace(one.verdict, state=FAIL, sentence=applied.sentence))
        else:
            settled.append(replace(one.verdict, state=PASS, sha256=applied.statement.sha256))
    await world.ledger.record_verdicts(settled)
    return settled


async def _check(world: World, run: Run, verdict: Verdict, record: ManifestRecord | None) -> Checked:
    if record is None:
        sentence = f"no dbinfo was promised for {verdict.item} of component {verdict.stage_id}"
        return Checked(verdict=replace(verdict, state=FAIL, sentence=sentence), statement=None)
    try:
        text = await world.files.read(record.local)
        statement = read_dbinfo(
            text,
            source=record.local,
            stage=run.stage,
            expect=expected_of(run.stage, record),
            dbname=world.settings.layout.dbname,
        )
    except BadData as bad:
        return Checked(verdict=replace(verdict, state=FAIL, sentence=str(bad)), statement=None)
    return Checked(verdict=verdict, statement=statement)


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
