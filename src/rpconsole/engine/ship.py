"""Bring a run's lists and missing inputs to the site, and make sure of every one of them there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import NamedTuple

from rpconsole.domain.event import Event, InputsVerified
from rpconsole.domain.fault import BadData, HelperDied, SiteFailed
from rpconsole.domain.haul import Way
from rpconsole.domain.listfiles import SCRIPT
from rpconsole.domain.run import Attempt, Run
from rpconsole.engine.carrying import SLICE_FILES, carry, most_telling, passing_fault, refuse_without_time
from rpconsole.engine.costs import learned_plan
from rpconsole.engine.file_books import enter
from rpconsole.engine.job_file import script_text
from rpconsole.engine.run_files import Needed, list_paths, needed_pieces
from rpconsole.engine.submit import intend
from rpconsole.engine.world import World
from rpconsole.ports.journal import Delivered
from rpconsole.ports.local_files import FileFact
from rpconsole.ports.site import Delivery, Progress, Shipment, TransferCut, Undelivered, Urgency


async def ship_run(world: World, run: Run) -> Event:
    """Write the intention first; then send what is missing or wrong, and nothing that is there and right."""
    if run.attempt is None:
        return intend(world, run)
    await _name_attempt_in_script(world, run, run.attempt)
    count, missing = 0, list[_Missing]()
    async with aclosing(needed_pieces(world, run)) as pieces:
        async for needed in pieces:
            count += len(needed)
            missing += await _missing(world, needed)
    files, size = await _send(world, run, missing)
    return InputsVerified(sent_files=files, sent_bytes=size, present_files=count - files)


class _Missing(NamedTuple):
    """One file to send, and its time at home."""

    shipment: Shipment
    mtime_ns: int


async def _missing(world: World, needed: Sequence[Needed]) -> list[_Missing]:
    local = await world.files.facts([need.local for need in needed])
    _refuse_missing(needed, local)
    found = []
    for need in await _not_there(world, needed, local):
        fact = local[need.local]
        found.append(_Missing(Shipment(source=need.local, target=need.remote, size=fact.size), fact.mtime_ns))
    return found


async def _name_attempt_in_script(world: World, run: Run, attempt: Attempt) -> None:
    """The runner signs its marks with the attempt's name, since not every scheduler tells a job its own.

    A job may take over from one before it whose end was proven though its runner never said so. After orders that made no job that we
    know of it may not: if one made a job after all, that job works and this one ends.
    """
    components = await world.runs.components(run.remote_id)
    commands = sum(one.jobs or 0 for one in components)
    plan = await learned_plan(world, run, components)
    name = attempt.job_name(run.remote_id)
    text = script_text(world, run, commands, plan=plan, name=name, takeover=run.jobs > 0)
    await world.files.write({(await list_paths(world, run))[SCRIPT]: text})


def _refuse_missing(needed: Sequence[Needed], local: Mapping[str, FileFact]) -> None:
    for need in needed:
        fact = local.get(need.local)
        if fact is None:
            raise BadData(f"input {need.local} is no longer there")
        if need.size is not None and fact.size != need.size:
            raise BadData(f"input {need.local} has {fact.size} bytes, the database says {need.size}")


async def _not_there(world: World, needed: Sequence[Needed], local: Mapping[str, FileFact]) -> list[Needed]:
    """Files that are absent at the site or not what lies at home.

    Unchanged size and time on both sides since the last verified delivery mean unchanged content; anything else is compared by
    checksum.
    """
    there = await world.site.stat([need.remote for need in needed])
    known = await world.ledger.delivered([need.remote for need in needed])
    missing, doubtful = [], []
    for need in needed:
        fact = there.get(need.remote)
        if fact is None or fact.size != local[need.local].size:
            missing.append(need)
        elif not _unchanged(known.get(need.remote), need, fact, local[need.local]):
            doubtful.append(need)
    return missing + await _differing(world, doubtful)


def _unchanged(known: Delivered | None, need: Needed, there: FileFact, here: FileFact) -> bool:
    if known is None or known.local != need.local:
        return False
    return (known.size, known.site_mtime_ns, known.local_mtime_ns) == (there.size, there.mtime_ns, here.mtime_ns)


async def _differing(world: World, doubtful: Sequence[Needed]) -> list[Needed]:
    if not doubtful:
        return []
    there = await world.site.stat([need.remote for need in doubtful], hashed=True)
    here = await world.files.facts([need.local for need in doubtful], hashed=True)
    same = [need for need in doubtful if _same(there.get(need.remote), here.get(need.local))]
    await world.ledger.record_delivered(
        [_delivered(need, here[need.local].sha256 or "", there[need.remote], here[need.local]) for need in same]
    )
    right = {need.remote for need in same}
    return [need for need in doubtful if need.remote not in right]


def _same(there: FileFact | None, here: FileFact | None) -> bool:
    return there is not None and here is not None and there.sha256 is not None and there.sha256 == here.sha256


def _delivered(need: Needed, sha256: str, there: FileFact, here: FileFact) -> Delivered:
    return Delivered(
        remote=need.remote,
        size=there.size,
        sha256=sha256,
        site_mtime_ns=there.mtime_ns,
        local=need.local,
        local_mtime_ns=here.mtime_ns,
    )


async def _send(world: World, run: Run, missing: Sequence[_Missing]) -> tuple[int, int]:
    """Files and bytes that went; what has arrived of a slice is in the books before the next is begun."""
    if not missing:
        return 0, 0
    size = sum(one.shipment.size or 0 for one in missing)
    await refuse_without_time(world, run.remote_id, Way.SEND, size)
    files = moved = 0
    with world.meter.run(run.remote_id, Way.SEND, len(missing), size, world.clock.monotonic) as told:
        for start in range(0, len(missing), SLICE_FILES):
            sent = await _send_slice(world, run, missing[start : start + SLICE_FILES], told)
            files += len(sent)
            moved += sum(delivery.size for delivery in sent)
    return files, moved


async def _send_slice(world: World, run: Run, missing: Sequence[_Missing], told: Progress) -> list[Delivery]:
    times = {one.shipment.source: one.mtime_ns for one in missing}
    try:
        sent, failed = await carry(world, Way.SEND, [one.shipment for one in missing], told, urgency=Urgency.RUN)
    except TransferCut as cut:
        await _remember(world, run, cut.delivered, times)
        await enter(world, Way.SEND, cut.delivered, (), remote_id=run.remote_id)
        raise
    await _remember(world, run, sent, times)
    await enter(world, Way.SEND, sent, failed, remote_id=run.remote_id)
    if failed:
        raise _undelivered(failed)
    return sent


async def _remember(world: World, run: Run, sent: Sequence[Delivery], times: Mapping[str, int]) -> None:
    if not sent:
        return
    await world.ledger.record_delivered(await asyncio.to_thread(_lines, sent, times))
    await world.ledger.add_bytes(run.remote_id, sent=sum(delivery.size for delivery in sent))


def _lines(sent: Sequence[Delivery], times: Mapping[str, int]) -> list[Delivered]:
    return [
        Delivered(
            remote=delivery.shipment.target,
            size=delivery.size,
            sha256=delivery.sha256,
            site_mtime_ns=delivery.site_mtime_ns,
            local=delivery.shipment.source,
            local_mtime_ns=times[delivery.shipment.source],
        )
        for delivery in sent
    ]


def _undelivered(failed: Sequence[Undelivered]) -> BadData | SiteFailed | HelperDied:
    first = most_telling(failed)
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    sentence = f"{first.shipment.source} did not arrive at the site: {first.sentence}{more}"
    return passing_fault(sentence, failed) if all(one.retryable for one in failed) else BadData(sentence)
