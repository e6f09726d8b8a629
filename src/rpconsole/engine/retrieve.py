"""Bring a run's products home and compare each with what the site reports, task by task."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from rpconsole.commands.results import TaskResults
from rpconsole.domain.event import Event, ProductsVerified
from rpconsole.domain.haul import Way
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.run import Run
from rpconsole.engine.carrying import SLICE_FILES, carry, most_telling, passing_fault, refuse_without_time
from rpconsole.engine.costs import remember
from rpconsole.engine.file_books import enter
from rpconsole.engine.foreign_job import has_foreign_job, results_by_links
from rpconsole.engine.results_book import ResultsBook, read_to_end
from rpconsole.engine.run_files import product_pieces
from rpconsole.engine.scratch import read_later, remember_holding
from rpconsole.engine.world import World
from rpconsole.ports.journal import Verdict
from rpconsole.ports.local_files import FileFact
from rpconsole.ports.site import Delivery, Progress, Shipment, TransferCut, Urgency

#: the task's products are home and right; its dbinfo is not applied yet
HOME = "home"
FAIL = "fail"


@dataclass(kw_only=True, slots=True)
class _Task:
    """One task by its products, and why they cannot be taken; empty when they can."""

    component: int
    item: str
    fault: str


class _Products:
    """What was seen of a run's products: a few numbers for each, for there are hundreds of thousands."""

    def __init__(self) -> None:
        self.tasks: dict[int, _Task] = {}
        #: how many files later stages read
        self.read_later = 0
        #: of each product in the manifest's order: its task, and its bytes where it is to come home, else -1
        self._task = array("q")
        self._bytes = array("q")

    def note(
        self, records: Sequence[ManifestRecord], at_site: Mapping[str, FileFact], missing: Collection[str]
    ) -> None:
        """More products; those at home are not missing."""
        for record in records:
            self._task.append(record.task or 0)
            self._bytes.append(at_site[record.remote].size if record.remote in missing else -1)

    def wanted(self, place: int) -> bool:
        """Whether the product at this place in the manifest is to come home."""
        return self._bytes[place] >= 0 and not self.tasks[self._task[place]].fault

    def sizes(self) -> list[int]:
        """Bytes of each that is to come home."""
        return [size for place, size in enumerate(self._bytes) if self.wanted(place)]

    def shipments(self, start: int, records: Sequence[ManifestRecord]) -> list[tuple[Shipment, int]]:
        """Those to come home of the records from this place on, with their tasks."""
        return [
            (Shipment(source=one.remote, target=one.local, size=self._bytes[place]), one.task or 0)
            for place, one in enumerate(records, start)
            if self.wanted(place)
        ]

    def missed(self, task: int, sentence: str) -> None:
        """A product of a task does not come; the first reason stays."""
        self.tasks[task].fault = self.tasks[task].fault or sentence


async def retrieve_run(world: World, run: Run) -> Event:
    """Fetch what good tasks promised; a task whose product is missing, empty or damaged is failed, and the product named."""
    results = await read_to_end(world, run, ResultsBook())
    if await has_foreign_job(world, run):
        results = await results_by_links(world, run)
    products = await _look(world, run, results)
    await remember(world, run, {number: task.component for number, task in products.tasks.items()}, results.tasks)
    await remember_holding(world, run, products.read_later)
    size = await _fetch(world, run, products)
    await world.ledger.record_verdicts([_verdict(run, task) for task in products.tasks.values()])
    return _counted(products.tasks.values(), size)


async def _look(world: World, run: Run, results: TaskResults) -> _Products:
    """At every product, at the site and at home, some thousands at a time."""
    products, passed = _Products(), results.passed
    async with aclosing(product_pieces(world, run)) as pieces:
        async for records in pieces:
            if world.holdings is not None:
                products.read_later += await asyncio.to_thread(read_later, run, records, passed)
            at_site = await world.site.stat([record.remote for record in records])
            good = await asyncio.to_thread(_seen, products, records, results, at_site)
            missing = {record.remote for record in await _not_home(world, good, at_site)}
            await asyncio.to_thread(products.note, records, at_site, missing)
    return products


def _seen(
    products: _Products, records: Sequence[ManifestRecord], results: TaskResults, at_site: Mapping[str, FileFact]
) -> list[ManifestRecord]:
    """Those whose tasks are good as far as can be said by now."""
    for record in records:
        _see(products, record, results, at_site.get(record.remote))
    return [record for record in records if not products.tasks[record.task or 0].fault]


def _see(products: _Products, record: ManifestRecord, results: TaskResults, fact: FileFact | None) -> None:
    number = record.task or 0
    if number not in products.tasks:
        fault = failure_of(results, number)
        products.tasks[number] = _Task(component=record.component or 0, item=record.item or "", fault=fault)
    if fact is None:
        products.missed(number, f"product {record.remote} is missing")
    elif fact.size == 0 and not record.may_be_empty:
        products.missed(number, f"product {record.remote} is empty")


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


async def _fetch(world: World, run: Run, products: _Products) -> int:
    """Bytes that came; what has arrived of a slice is in the books before the next is begun."""
    sizes = await asyncio.to_thread(products.sizes)
    if not sizes:
        return 0
    await refuse_without_time(world, run.remote_id, Way.FETCH, sum(sizes))
    # what is swept from scratch is lost: products go before whatever else wants the line
    with world.meter.run(run.remote_id, Way.FETCH, len(sizes), sum(sizes), world.clock.monotonic) as told:
        moved, held, start = 0, list[tuple[Shipment, int]](), 0
        async with aclosing(product_pieces(world, run)) as pieces:
            async for records in pieces:
                held += await asyncio.to_thread(products.shipments, start, records)
                start += len(records)
                if len(held) >= SLICE_FILES:
                    moved += await _fetch_slice(world, run, products, held, told)
                    held = []
        return moved + await _fetch_slice(world, run, products, held, told)


async def _fetch_slice(
    world: World, run: Run, products: _Products, wanted: Sequence[tuple[Shipment, int]], told: Progress
) -> int:
    if not wanted:
        return 0
    shipments = [shipment for shipment, _ in wanted]
    try:
        arrived, failed = await carry(world, Way.FETCH, shipments, told, urgency=Urgency.RESCUE)
    except TransferCut as cut:
        await _count(world, run, cut.delivered)
        await enter(world, Way.FETCH, cut.delivered, (), remote_id=run.remote_id)
        raise
    await _count(world, run, arrived)
    await enter(world, Way.FETCH, arrived, failed, remote_id=run.remote_id)
    retryable = [one for one in failed if one.retryable]
    if retryable:
        first = most_telling(retryable)
        raise passing_fault(f"{first.shipment.source} did not come home: {first.sentence}", retryable)
    sentences = {one.shipment: one.sentence for one in failed}
    for shipment, task in wanted:
        if shipment in sentences:
            products.missed(task, f"product {shipment.source} did not come home: {sentences[shipment]}")
    return sum(delivery.size for delivery in arrived)


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


def _verdict(run: Run, task: _Task) -> Verdict:
    return Verdict(
        remote_id=run.remote_id,
        stage_id=task.component,
        item=task.item,
        state=FAIL if task.fault else HOME,
        sentence=task.fault,
    )


def _counted(tasks: Collection[_Task], size: int) -> ProductsVerified:
    components = {task.component for task in tasks}
    bad = {task.component for task in tasks if task.fault}
    return ProductsVerified(passed=len(components - bad), failed=len(bad), bytes=size)
