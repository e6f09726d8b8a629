"""The site's scratch, looked at from time to time: room, purge clocks of what later stages need, what must wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from rpconsole.commands.quota import Quota, read_quota
from rpconsole.domain.action import Level
from rpconsole.domain.fault import BadData, RpconsoleError, SessionLost, SiteFailed, SiteRefused
from rpconsole.domain.manifest import ManifestRecord
from rpconsole.domain.run import Run, Step, run_of_row
from rpconsole.domain.schedule import Situation, in_order
from rpconsole.domain.scratch import (
    DAY_S,
    Holding,
    HoldingState,
    PurgeClock,
    Room,
    bytes_each,
    expected_bytes,
    settled,
    throttled,
    urgencies,
)
from rpconsole.domain.scratch_view import HoldingView, ScratchView, Waiting
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.run_files import manifest_of
from rpconsole.engine.world import World
from rpconsole.ports.lineage import Lineage
from rpconsole.ports.scratch import FileAge
from rpconsole.stages.leftovers import Leftover, leftovers

log = logging.getLogger(__name__)

#: components of a run whose files are looked at; the others are like them
SAMPLE = 64
#: holdings that are looked at in one round, the longest unseen first
HOLDINGS_AT_ONCE = 20
#: what the notices call it; the look's task has a name of its own, and has not failed
_LOOK = "the look at scratch"
#: steps of runs that have not yet added all to scratch that they will
_GROWING = (Step.PREPARE, Step.SHIP, Step.SUBMIT, Step.RECONCILE, Step.POLL)


def read_later(run: Run, records: Iterable[ManifestRecord], passed: Collection[int]) -> int:
    """How many of these products, and of what lies beside them, later stages read; of tasks that have passed."""
    return sum(one.is_read_later for one in leftovers(run.stage, (one for one in records if one.task in passed)))


async def remember_holding(world: World, run: Run, files: int) -> None:
    """Write down what a run whose job has ended has left for later stages: so many files."""
    if world.holdings is None:
        return
    state = HoldingState.NEEDED if files else HoldingState.SPENT
    holding = Holding(remote_id=run.remote_id, stage=run.stage, label=run.label, files=files, state=state)
    await world.holdings.keep([holding])


async def asked_quota(world: World, path: str) -> tuple[Quota | None, str]:
    """What the site's own program says of the file system of a path; None with the reason where it says nothing of use."""
    settings = world.settings.scratch
    try:
        answer = await world.site.run(settings.quota_command, timeout_s=world.settings.waits.queue_s)
    except (SiteRefused, SiteFailed) as error:
        return None, str(error)
    quota = read_quota(answer.out, path) if answer.rc == 0 else None
    if quota is not None and (settings.limit_bytes or quota.limit):
        return quota, ""
    said = (answer.err or answer.out).strip().splitlines()
    return None, said[-1] if said and answer.rc else "it names no limit of ours"


class ScratchWatch:
    """What is known of scratch; the loop reads it from memory."""

    def __init__(self, world: World, notices: NoticeBoard) -> None:
        self._world = world
        self._notices = notices
        self.room: Room | None = None
        self.holdings: dict[int, Holding] = {}
        #: held while what is known of holdings is read, written or removed: a look may be under way when a person removes some
        self.writing = asyncio.Lock()
        self.feeding: Mapping[int, frozenset[int]] = {}
        self.urgency: Mapping[int, float] = {}
        self.priority: Mapping[str, int] = {}
        self.expected: Mapping[int, int] = {}
        self._components: Mapping[int, int] = {}
        #: runs whose files are looked at whatever their last look
        self._again: set[int] = set()

    async def look(self, runs: Sequence[Run], *, session: bool) -> None:
        """Ask the databases, and the site where a session lives."""
        await self.read(runs)
        if session and self._world.scratch is not None:
            try:
                await self._look_at_site()
            except SessionLost:
                return
            except RpconsoleError as error:
                self._notices.once(_LOOK, Level.WARN, f"scratch cannot be looked at: {error}")
                return
            self._notices.over(_LOOK)
        self._reckon(runs)
        self._warn()

    async def read(self, runs: Sequence[Run]) -> None:
        """What the databases know; a constant number of queries."""
        world = self._world
        if world.holdings is None or world.lineage is None:
            return
        async with self.writing:
            self.holdings = {one.remote_id: one for one in await world.holdings.holdings()}
        self.priority = await world.lineage.priorities()
        await self._read_feeding(world.lineage, runs)
        growing = [run.remote_id for run in runs if run.step in _GROWING]
        counts = await world.runs.component_counts(growing) if growing else {}
        self._components = {remote_id: sum(states.values()) for remote_id, states in counts.items()}
        self._reckon(runs)

    async def _read_feeding(self, lineage: Lineage, runs: Sequence[Run]) -> None:
        """What a run reads was there before the run, and stays the same: asked once."""
        ids = {run.remote_id for run in runs}
        unknown = ids - set(self.feeding)
        found = await lineage.feeding(unknown) if unknown else {}
        self.feeding = {
            remote_id: found.get(remote_id) or self.feeding.get(remote_id, frozenset()) for remote_id in sorted(ids)
        }

    def _reckon(self, runs: Sequence[Run]) -> None:
        policy = self._world.settings.scratch
        self.urgency = urgencies(self.feeding, self.holdings, policy.rules)
        each = {**self._world.settings.scratch.bytes_each, **bytes_each(self.holdings.values())}
        self.expected = {
            run.remote_id: expected_bytes(run, self._components.get(run.remote_id, 0), each)
            for run in runs
            if run.step in _GROWING
        }

    def forget(self, remote_id: int) -> None:
        """What a run left was removed."""
        self.holdings.pop(remote_id, None)

    def look_again(self, reader: int) -> None:
        """A run has ended: what it read may be needed by nobody any more."""
        self._again |= {reader, *self.feeding.get(reader, ())}

    def knows_not(self, runs: Sequence[Run]) -> bool:
        """Whether a run waits for its size to be reckoned; only where the room is known does anybody."""
        return self.room is not None and any(
            run.step is Step.PREPARE and run.remote_id not in self.expected for run in runs
        )

    def in_situation(self, plain: Situation, live: Callable[[], Sequence[Run]]) -> Situation:
        """What may start, with what scratch says of order and room; ``live`` gives the runs where somebody watches the room."""
        rules = self._world.settings.scratch.rules
        ordered = replace(plain, urgency=self.urgency, risk_s=rules.risk_days * DAY_S, priority=self.priority)
        if self.room is None:
            return ordered
        return replace(ordered, throttled=self.waits(in_order(live(), ordered)))

    def waits(self, ordered: Sequence[Run]) -> dict[int, str]:
        """run -> why it waits for room."""
        return throttled(ordered, self.room, self._world.settings.scratch.rules, self.expected)

    # -- the site ----------------------------------------------------------------------------------------------------

    async def _look_at_site(self) -> None:
        self.room = await self._room()
        now = self._world.clock.now()
        due = [one for one in self.holdings.values() if self._is_due(one, now)]
        for holding in sorted(due, key=lambda one: one.looked_at or 0.0)[:HOLDINGS_AT_ONCE]:
            self._again.discard(holding.remote_id)
            try:
                async with self.writing:
                    # its files may have been removed since the look began
                    if holding.remote_id in self.holdings:
                        await self._look_at(holding)
            except BadData as bad:
                # its lists are gone: nothing more can be known of it, and the others shall not wait for that
                log.warning("what run %d left cannot be looked at: %s", holding.remote_id, bad)
                self.holdings[holding.remote_id] = replace(holding, looked_at=now)
        self._notices.over("scratch")

    def _is_due(self, holding: Holding, now: float) -> bool:
        """What nobody needed may be needed again, by a stack that was defined later."""
        if holding.looked_at is None or holding.remote_id in self._again:
            return True
        return holding.looked_at + self._world.settings.scratch.relook_s <= now

    async def _room(self) -> Room:
        settings, world = self._world.settings.scratch, self._world
        assert world.scratch is not None
        now, root = world.clock.now(), world.settings.layout.remote_root
        quota = await self._quota(root) if settings.quota_command else None
        if quota is not None:
            return Room(used=quota.used, total=settings.limit_bytes or quota.limit, at=now, source="quota")
        disk = await world.scratch.disk(root)
        return Room(used=disk.used, total=settings.limit_bytes or disk.total, at=now, source="file system")

    async def _quota(self, root: str) -> Quota | None:
        """What the site's own program says; None, said once, where it says nothing of use."""
        settings = self._world.settings.scratch
        quota, why = await asked_quota(self._world, root)
        if quota is not None:
            self._notices.over("quota")
            return quota
        self._notices.once("quota", Level.WARN, f"'{' '.join(settings.quota_command)}' does not help: {why}")
        return None

    async def _look_at(self, holding: Holding) -> None:
        """Measure a part of its files, and ask the database whether anybody will still read them."""
        world = self._world
        assert world.scratch is not None
        assert world.holdings is not None
        components = await world.runs.components(holding.remote_id)
        ids = [one.stage_id for one in components]
        unspent = await world.lineage.unspent(holding.stage, ids) if world.lineage else set(ids)
        holding = settled(replace(holding, looked_at=world.clock.now()), unspent=bool(unspent))
        if holding.state is HoldingState.NEEDED:
            paths = [one.remote for one in await _sample(world, holding, unspent)]
            ages = await world.scratch.ages(paths) if paths else {}
            holding = _measured(holding, paths, ages, world.settings.scratch.rules.purge_by)
        self.holdings[holding.remote_id] = holding
        await world.holdings.keep([holding])

    # -- what is said ------------------------------------------------------------------------------------------------

    def _warn(self) -> None:
        rules, now = self._world.settings.scratch.rules, self._world.clock.now()
        for holding in self.holdings.values():
            subject = f"purge {holding.remote_id}"
            at = holding.purge_at(rules)
            if holding.state is HoldingState.NEEDED and holding.missing:
                sentence = (
                    f"files of run {holding.remote_id} that later stages need are gone from scratch: "
                    f"{holding.missing} of {holding.seen + holding.missing} that were looked at"
                )
                self._notices.once(subject, Level.ALERT, sentence)
            elif at is not None and at <= now + rules.risk_days * DAY_S:
                days = max(0, int((at - now) // DAY_S))
                self._notices.once(subject, Level.WARN, f"{holding.stage} files of run {holding.remote_id} that later "
                                   f"stages need will be purged {_in_days(days)}")  # fmt: skip
            else:
                self._notices.over(subject)

    def view(self, ordered: Sequence[Run]) -> ScratchView:
        """Everything, for people."""
        settings = self._world.settings.scratch
        readers: dict[int, list[int]] = {}
        for reader, makers in sorted(self.feeding.items()):
            for maker in makers:
                readers.setdefault(maker, []).append(reader)
        holdings = [
            HoldingView(
                holding=one, purge_at=one.purge_at(settings.rules), readers=tuple(readers.get(one.remote_id, ()))
            )
            for one in self.holdings.values()
        ]
        waits = self.waits(ordered)
        return ScratchView(
            at=self._world.clock.now(),
            room=self.room,
            purge_days=settings.rules.purge_days,
            purge_by=str(settings.rules.purge_by),
            throttle=settings.rules.throttle,
            holdings=tuple(sorted(holdings, key=_soonest_first)),
            waiting=tuple(Waiting(remote_id=one, sentence=why) for one, why in sorted(waits.items())),
            promised=sum(self.expected.get(run.remote_id, 0) for run in ordered if run.step is not Step.PREPARE),
        )


def _in_days(days: int) -> str:
    return "within a day" if days == 0 else f"in {days} day{'s' * (days != 1)}"


def _soonest_first(view: HoldingView) -> tuple[bool, float, int]:
    is_needed = view.holding.state is HoldingState.NEEDED
    return (not is_needed, view.purge_at if view.purge_at is not None else float("inf"), view.holding.remote_id)


def _measured(holding: Holding, paths: Collection[str], ages: Mapping[str, FileAge], by: PurgeClock) -> Holding:
    if not ages:
        return replace(holding, seen=0, missing=len(paths), bytes=0)
    clocks = [age.accessed if by is PurgeClock.ACCESS else age.changed for age in ages.values()]
    mean = sum(age.bytes for age in ages.values()) / len(ages)
    return replace(
        holding,
        seen=len(ages),
        missing=len(paths) - len(ages),
        oldest=min(clocks),
        bytes=int(mean * holding.files),
    )


async def _sample(world: World, holding: Holding, unspent: Collection[int]) -> list[Leftover]:
    """Files of a part of the components whose files are still needed, spread over the run."""
    records = await records_of(world, holding.remote_id)
    good = {(one.stage_id, one.item) for one in await world.ledger.verdicts(holding.remote_id) if one.state != "fail"}
    found = await asyncio.to_thread(
        lambda: [
            one
            for one in leftovers(holding.stage, records)
            if one.is_read_later and one.component in unspent and (one.component, one.item) in good
        ]
    )
    return spread(found)


def spread(found: Iterable[Leftover]) -> list[Leftover]:
    """All files of one task of each of so many components."""
    first: dict[int, str] = {}
    of_first = [one for one in found if first.setdefault(one.component, one.item) == one.item]
    step = max(1, len(first) // SAMPLE)
    chosen = set(sorted(first)[::step])
    return [one for one in of_first if one.component in chosen]


async def records_of(world: World, remote_id: int) -> list[ManifestRecord]:
    """A run's manifest, or its lists; empty for a run that is not in the database any more."""
    row = await world.runs.run(remote_id)
    return [] if row is None else list(await manifest_of(world, run_of_row(row)))
