"""Bring a run's products home and compare each with what the site reports, task by task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from rpconsole.commands.results import TaskResults
from rpconsole.domain.event import Event, ProductsVerified
from rpconsole.domain.fault import HelperDied, SiteFailed
from rpconsole.domain.full_disk import says_full
from rpconsole.domain.haul import Way
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.run import Run
from rpconsole.engine.carrying import carry, refuse_without_time
from rpconsole.engine.costs import remember
from rpconsole.engine.file_books import enter
from rpconsole.engine.foreign_job import has_foreign_job, results_by_links
from rpconsole.engine.results_book import ResultsBook, read_to_end
from rpconsole.engine.run_files import products_of
from rpconsole.engine.scratch import remember_holding
from rpconsole.engine.world import World
from rpconsole.ports.journal import Verdict
from rpconsole.ports.local_files import FileFact
from rpconsole.ports.site import Delivery, Shipment, TransferCut, Undelivered, Urgency

#: the task's products are home and right; its dbinfo is not applied yet
HOME = "home"
FAIL = "fail"


async def retrieve_run(world: World, run: Run) -> Event:
    """Fetch what good tasks promised; a task whose product is missing, empty or damaged is failed, and the product named."""
    tasks = _by_task(await products_of(world, run))
    results = await read_to_end(world, run, ResultsBook())
    if await has_foreign_job(world, run, results):
        results = await results_by_links(world, run)
    await remember(world, run, {task: records[0].component or 0 for task, records in tasks.items()}, results.tasks)
    await remember_holding(world, run, [record for records in tasks.values() for record in records], results)
    at_site = await world.site.stat([record.remote for records in tasks.values() for record in records])
    faults = {task: _fault(records, results, at_site) for task, records in tasks.items()}
    good = [record for task, records in tasks.items() if not faults[task] for record in records]
    arrived, failed = await _fetch(world, run, good, at_site)
    _add_undelivered(faults, tasks, failed)
    await world.ledger.record_verdicts([_verdict(run, tasks[task], faults[task]) for task in tasks])
    return _counted(tasks, faults, sum(delivery.size for delivery in arrived))


def _by_task(records: Sequence[ManifestRecord]) -> dict[int, list[ManifestRecord]]:
    tasks: defaultdict[int, list[ManifestRecord]] = defaultdict(list)
    for record in records:
        tasks[record.task or 0].append(record)
    return dict(tasks)


def _fault(records: Sequence[ManifestRecord], results: TaskResults, at_site: Mapping[str, FileFact]) -> str:
    """Why a task's products cannot be taken; empty when they can."""
    said = failure_of(results, records[0].task or 0)
    if said:
        return said
    for record in records:
        fact = at_site.get(record.remote)
        if fact is None:
            return f"product {record.remote} is missing"
        if fact.size == 0 and not record.may_be_empty:
            return f"product {record.remote} is empty"
    return ""


def failure_of(results: TaskResults, task: int) -> str:
    """Why a task counts as failed; empty for one that ended well."""
    outcome = results.tasks.get(task)
    if outcome is None:
        return f"task {task} was never run"
    if outcome.passed:
        return ""
    if outcome.code is None and outcome.signal is None and not outcome.abandoned:
        return f"task {task} did not come to its end: return links of its products are missing at the site"
    how = f"signal {outcome.signal}" if outcome.signal is not None else f"exit code {outcome.code}"
    where = f", its output is in {outcome.log} at the site" if outcome.log else ""
    given_up = f"abandoned after {outcome.attempts} attempts" if outcome.abandoned else "not finished"
    return f"task {task} was {given_up}: {how}{where}"


async def _fetch(
    world: World, run: Run, records: Sequence[ManifestRecord], at_site: Mapping[str, FileFact]
) -> tuple[list[Delivery], list[Undelivered]]:
    wanted = await _not_home(world, records, at_site)
    shipments = [
        Shipment(source=record.remote, target=record.local, size=at_site[record.remote].size) for record in wanted
    ]
    if not shipments:
        return [], []
    size = sum(shipment.size or 0 for shipment in shipments)
    await refuse_without_time(world, run.remote_id, Way.FETCH, size)
    try:
        # what is swept from scratch is lost: products go before whatever else wants the line
        with world.meter.run(run.remote_id, Way.FETCH, len(shipments), size, world.clock.monotonic) as told:
            arrived, failed = await carry(world, Way.FETCH, shipments, told, urgency=Urgency.RESCUE)
    except TransferCut as cut:
        await _count(world, run, cut.delivered)
        await enter(world, Way.FETCH, cut.delivered, (), remote_id=run.remote_id)
        raise
    await _count(world, run, arrived)
    await enter(world, Way.FETCH, arrived, failed, remote_id=run.remote_id)
    retryable = [one for one in failed if one.retryable]
    if retryable:
        first = next((one for one in retryable if says_full(one.sentence)), retryable[0])
        sentence = f"{first.shipment.source} did not come home: {first.sentence}"
        is_site_away = any(one.site_away for one in retryable) and not says_full(sentence)
        raise HelperDied(sentence) if is_site_away else SiteFailed(sentence)
    return arrived, failed


async def _count(world: World, run: Run, arrived: Sequence[Delivery]) -> None:
    await world.ledger.add_bytes(run.remote_id, returned=sum(delivery.size for delivery in arrived))


async def _not_home(
    world: World, records: Sequence[ManifestRecord], at_site: Mapping[str, FileFact]
) -> list[ManifestRecord]:
    """Products that are not at home yet; one of the right size is compared by checksum before it is believed."""
    here = await world.files.facts([record.local for record in records])
    maybe = [
        record
        for record in records
        if record.local in here and 0 < here[record.local].size == at_site[record.remote].size
    ]
    if not maybe:
        return list(records)
    home = await world.files.facts([record.local for record in maybe], hashed=True)
    there = await world.site.stat([record.remote for record in maybe], hashed=True)
    right = {record.remote for record in maybe if there[record.remote].sha256 == home[record.local].sha256}
    return [record for record in records if record.remote not in right]


def _add_undelivered(
    faults: dict[int, str], tasks: Mapping[int, Sequence[ManifestRecord]], failed: Sequence[Undelivered]
) -> None:
    sentences = {one.shipment.source: one.sentence for one in failed}
    for task, records in tasks.items():
        for record in records:
            if record.remote in sentences and not faults[task]:
                faults[task] = f"product {record.remote} did not come home: {sentences[record.remote]}"


def _verdict(run: Run, records: Sequence[ManifestRecord], fault: str) -> Verdict:
    first = records[0]
    return Verdict(
        remote_id=run.remote_id,
        stage_id=first.component or 0,
        item=first.item or "",
        state=FAIL if fault else HOME,
        sentence=fault,
    )


def _counted(tasks: Mapping[int, Sequence[ManifestRecord]], faults: Mapping[int, str], size: int) -> ProductsVerified:
    components = {records[0].component for records in tasks.values()}
    bad = {records[0].component for task, records in tasks.items() if faults[task]}
    return ProductsVerified(passed=len(components - bad), failed=len(bad), bytes=size)
