"""What may be removed from the site's scratch, proven file by file at the moment of the question."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rpconsole.domain.fault import BadData
from rpconsole.domain.manifest import ManifestRecord, Role
from rpconsole.domain.paths import mirrored
from rpconsole.domain.run import ComponentState, Run, RunRow, RunState, Step
from rpconsole.domain.scratch import HoldingState
from rpconsole.domain.scratch_view import SafeFile, SafeFiles
from rpconsole.engine.scratch import records_of
from rpconsole.engine.world import World
from rpconsole.stages.leftovers import leftovers, own_inputs

#: files that one order to the site removes
REMOVED_AT_ONCE = 500
#: steps of runs whose inputs must lie at the site, or are being looked at there
_READING = (Step.SHIP, Step.SUBMIT, Step.RECONCILE, Step.POLL)
#: steps of runs whose products are not home yet; a stopped one may be sent on its way again
_WRITING = (*_READING, Step.RETRIEVE, Step.APPLY, Step.STOPPED)
#: states of components whose products are home, or that another run may take up
_SETTLED = frozenset({ComponentState.PASS, ComponentState.RETRY})

Task = tuple[int, str]


@dataclass(kw_only=True, slots=True)
class _Others:
    """What other runs of the same stage read and write at the site."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    #: components whose files a run works on of which it cannot be told what it reads and writes
    components: set[int] = field(default_factory=set)
    #: sentences about such runs: none of the inputs can be given up while there is one
    unreadable: list[str] = field(default_factory=list)


def refuse_unfinished(rows: list[RunRow]) -> list[RunRow]:
    """The same rows; BadData for a run that is not full."""
    for row in rows:
        if row.state is not RunState.FULL:
            raise BadData(f"run {row.remote_id} is '{row.state}': only what a full run left may be removed")
    return rows


async def safe_files(world: World, row: RunRow, known: Sequence[Run]) -> SafeFiles:
    """What of a full run nobody needs at the site.

    ``known``: the other runs; those count that may still read or write something there, stopped ones too.
    """
    records = await records_of(world, row.remote_id)
    verdicts = await world.ledger.verdicts(row.remote_id)
    passed = {(one.stage_id, one.item) for one in verdicts if one.state == "pass"}
    failed = {one.stage_id for one in verdicts if one.state != "pass"}
    ids = sorted({record.component for record in records if record.component is not None})
    unspent = await world.lineage.unspent(row.stage, ids) if world.lineage else set(ids)
    others = await _others(world, row, known)
    wanted = await asyncio.to_thread(_candidates, row, records, passed, unspent, others)
    taken = others.written & {record.remote for record in records if record.role is Role.PRODUCT}
    home = await _at_home(world, [one for one in records if one.role is Role.PRODUCT and one.remote in wanted])
    again = [] if others.unreadable else await _sent_again(world, row, records, failed, others.read)
    wanted = {remote: kind for remote, kind in wanted.items() if kind != "product" or remote in home} | dict.fromkeys(
        again, "input"
    )
    files = await _there(world, wanted, home)
    kept = (*_kept(len(unspent), len(ids), failed), *others.unreadable)
    if taken:
        kept = (*kept, f"other runs are making {len(taken)} of its products again: those files stay")
    return SafeFiles(remote_id=row.remote_id, files=tuple(files), kept=kept)


async def clean(world: World, safe: SafeFiles, root: str) -> SafeFiles:
    """Remove them, and the names under which products were offered for their way home."""
    removed = 0
    paths = [file.remote for file in safe.files]
    for start in range(0, len(paths), REMOVED_AT_ONCE):
        removed += await world.site.remove(root, paths[start : start + REMOVED_AT_ONCE])
    if world.holdings is not None and not safe.kept:
        kept = [one for one in await world.holdings.holdings() if one.remote_id == safe.remote_id]
        await world.holdings.keep([replace(one, state=HoldingState.REMOVED) for one in kept])
    return replace(safe, removed=removed)


def _candidates(
    row: RunRow,
    records: Sequence[ManifestRecord],
    passed: Collection[Task],
    unspent: Collection[int],
    others: _Others,
) -> dict[str, str]:
    """remote path -> kind: products that came home, and what nobody reads; what a later stage reads stays, product or not.

    So does what another run is making again under the same name.
    """
    needed: set[str] = set(others.written)
    found: dict[str, str] = {}
    passed = {task for task in passed if task[0] not in others.components}
    for one in leftovers(row.stage, records):
        if (one.component, one.item) not in passed or (one.is_read_later and one.component in unspent):
            needed.add(one.remote)
        elif one.remote not in needed:
            found[one.remote] = "intermediate"
    for record in records:
        task = (record.component or 0, record.item or "")
        if record.role is Role.PRODUCT and record.remote not in needed and task in passed:
            found[record.remote] = "product"
    return found


async def _at_home(world: World, records: Sequence[ManifestRecord]) -> Mapping[str, ManifestRecord]:
    """Products whose file at home is there and has the size of that at the site."""
    here = await world.files.facts([record.local for record in records])
    there = await world.site.stat([record.remote for record in records]) if records else {}
    return {
        record.remote: record
        for record in records
        if record.local in here
        and record.remote in there
        and here[record.local].size == there[record.remote].size
        and (here[record.local].size > 0 or record.may_be_empty)
    }


async def _others(world: World, row: RunRow, known: Sequence[Run]) -> _Others:
    """Only runs of the same stage share its inputs and the names of its products; later stages are the lineage's affair."""
    others = _Others()
    for run in known:
        if run.remote_id != row.remote_id and run.stage is row.stage and run.step in _WRITING:
            components = await world.runs.components(run.remote_id)
            at_work = {one.stage_id for one in components if one.state not in _SETTLED}
            await _add(world, others, run, at_work)
    return others


async def _add(world: World, others: _Others, run: Run, at_work: Collection[int]) -> None:
    try:
        records = await records_of(world, run.remote_id)
    except BadData as bad:
        others.components |= set(at_work)
        if run.step in _READING:
            sentence = f"what run {run.remote_id} reads cannot be told ({bad}): inputs stay until it has ended"
            others.unreadable.append(sentence)
        return
    others.written |= {one.remote for one in leftovers(run.stage, records) if one.component in at_work}
    others.written |= {one.remote for one in records if one.role is Role.PRODUCT and one.component in at_work}
    if run.step in _READING:
        others.read |= {record.remote for record in records if record.role is Role.INPUT}


async def _sent_again(
    world: World, row: RunRow, records: Sequence[ManifestRecord], failed: Collection[int], read: Collection[str]
) -> list[str]:
    """Inputs of one component alone that lie at home as they were sent, and that no run at the site reads."""
    inputs = own_inputs(row.stage, records)
    own = {one.remote: one for one in inputs if one.component not in failed and one.remote not in read}
    sent = await world.ledger.delivered(list(own))
    here = await world.files.facts([record.local for record in own.values()])
    return [
        remote
        for remote, record in own.items()
        if remote in sent
        and record.local in here
        and (sent[remote].size, sent[remote].local_mtime_ns) == (here[record.local].size, here[record.local].mtime_ns)
    ]


async def _there(world: World, wanted: Mapping[str, str], home: Mapping[str, ManifestRecord]) -> list[SafeFile]:
    there = await world.site.stat(list(wanted))
    files = [
        SafeFile(remote=remote, bytes=there[remote].size, kind=kind)
        for remote, kind in wanted.items()
        if remote in there
    ]
    root = world.settings.layout.remote_root
    # the link by which a product was offered under its name at home; it holds nothing itself
    links = [mirrored(home[file.remote].local, root) for file in files if file.kind == "product"]
    return [*files, *(SafeFile(remote=link, bytes=0, kind="product") for link in links)]


def _kept(unspent: int, components: int, failed: Collection[int]) -> tuple[str, ...]:
    sentences = []
    if unspent:
        sentences.append(f"later stages have not yet read {unspent} of its {components} components: those files stay")
    if failed:
        sentences.append(
            f"{len(failed)} of its components failed: their files stay until they are repeated or given up"
        )
    return tuple(sentences)
