"""What may be removed from the site's scratch, proven file by file at the moment of the question."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from rpconsole.domain.fault import BadData
from rpconsole.domain.manifest import ManifestRecord, Role
from rpconsole.domain.paths import mirrored
from rpconsole.domain.run import Run, RunRow, RunState, Step
from rpconsole.domain.scratch import HoldingState
from rpconsole.domain.scratch_view import SafeFile, SafeFiles
from rpconsole.engine.scratch import records_of
from rpconsole.engine.world import World
from rpconsole.stages.leftovers import leftovers, own_inputs

#: files that one order to the site removes
REMOVED_AT_ONCE = 500
#: steps of runs whose inputs must lie at the site
_READING = (Step.SUBMIT, Step.RECONCILE, Step.POLL)

Task = tuple[int, str]


async def safe_files(world: World, row: RunRow, live: Sequence[Run]) -> SafeFiles:
    """What of a finished run nobody needs at the site; BadData for a run that is not finished."""
    if row.state is not RunState.FULL:
        raise BadData(f"run {row.remote_id} is '{row.state}': only what a full run left may be removed")
    records = await records_of(world, row.remote_id)
    verdicts = await world.ledger.verdicts(row.remote_id)
    passed = {(one.stage_id, one.item) for one in verdicts if one.state == "pass"}
    failed = {one.stage_id for one in verdicts if one.state != "pass"}
    ids = sorted({record.component for record in records if record.component is not None})
    unspent = await world.lineage.unspent(row.stage, ids) if world.lineage else set(ids)
    wanted = await asyncio.to_thread(_candidates, row, records, passed, unspent)
    home = await _at_home(world, [one for one in records if one.role is Role.PRODUCT and one.remote in wanted])
    again = await _sent_again(world, row, records, failed, live)
    wanted = {remote: kind for remote, kind in wanted.items() if kind != "product" or remote in home} | dict.fromkeys(
        again, "input"
    )
    files = await _there(world, wanted, home)
    return SafeFiles(remote_id=row.remote_id, files=tuple(files), kept=_kept(len(unspent), len(ids), failed, len(home)))


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
    row: RunRow, records: Sequence[ManifestRecord], passed: Collection[Task], unspent: Collection[int]
) -> dict[str, str]:
    """remote path -> kind: products that came home, and what nobody reads; what a later stage reads stays, product or not."""
    needed: set[str] = set()
    found: dict[str, str] = {}
    for one in leftovers(row.stage, records):
        if (one.component, one.item) not in passed or (one.is_read_later and one.component in unspent):
            needed.add(one.remote)
        else:
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


async def _sent_again(
    world: World, row: RunRow, records: Sequence[ManifestRecord], failed: Collection[int], live: Sequence[Run]
) -> list[str]:
    """Inputs of one component alone that lie at home as they were sent, and that no run at the site reads."""
    own = {one.remote: one for one in own_inputs(row.stage, records) if one.component not in failed}
    for run in live:
        if run.step in _READING:
            for record in await records_of(world, run.remote_id):
                own.pop(record.remote, None)
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


def _kept(unspent: int, components: int, failed: Collection[int], home: int) -> tuple[str, ...]:
    sentences = []
    if unspent:
        sentences.append(f"later stages have not yet read {unspent} of its {components} components: those files stay")
    if failed:
        sentences.append(
            f"{len(failed)} of its components failed: their files stay until they are repeated or given up"
        )
    return tuple(sentences)
