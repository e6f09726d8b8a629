"""The present as it is shown: built from memory, never from a query that the loop would wait for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rpconsole.commands.results import TaskResults
from rpconsole.domain.action import PollRun
from rpconsole.domain.allocation import Allocation, allocation_for
from rpconsole.domain.run import Run
from rpconsole.domain.schedule import Situation
from rpconsole.domain.snapshot import RunView, Snapshot
from rpconsole.domain.why import Reasons
from rpconsole.engine.counting import ComponentCounts
from rpconsole.engine.engine import EngineCore
from rpconsole.engine.haul_desk import HaulDesk
from rpconsole.engine.job_events import tasks_of
from rpconsole.engine.logins import LoginDesk
from rpconsole.engine.renewal import RenewalDesk

NO_BYTES = (0, 0)


@dataclass(kw_only=True, slots=True)
class Counts:
    """What the views need from the databases, refreshed in the background."""

    bytes: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    at: float = 0.0


class Views:
    """Builds snapshots; a refresh costs two queries whatever the number of runs and components, and waits for one of them."""

    def __init__(self, core: EngineCore, desk: LoginDesk, renewals: RenewalDesk, hauls: HaulDesk) -> None:
        self._hauls = hauls
        self._core = core
        self._desk = desk
        self._renewals = renewals
        self._counts = Counts()
        self._before = Counts()
        self._components = ComponentCounts(core.world)

    async def refresh(self) -> None:
        """Read the bytes of the runs in view, and note whose components must be counted.

        The first one leaves the bytes to ``count``: an engine that starts has read the journal, and shows its runs at once.
        """
        if self._counts.at:
            await self._read_bytes()
        self._components.want(self._core.book.runs)

    async def count(self) -> None:
        """Count the components of the runs that wait for it; for a task of its own."""
        if not self._counts.at:
            await self._read_bytes()
        await self._components.count(self._core.book.runs)

    async def _read_bytes(self) -> None:
        world, ids = self._core.world, sorted(self._core.book.runs)
        self._before = self._counts
        self._counts = Counts(bytes=await world.ledger.bytes_of(ids) if ids else {}, at=world.clock.now())

    def snapshot(self) -> Snapshot:
        """Everything that is shown, at this moment."""
        core = self._core
        situation = core.situation()
        out, back = self._rates()
        return Snapshot(
            at=situation.now,
            sequence=core.book.sequence,
            site=core.owner.site,
            database=core.owner.database,
            owner=f"{core.owner.host}:{core.owner.pid}",
            sessions=self._desk.views(),
            gates=core.gates.view(),
            runs=self._run_views(situation),
            alerts=core.notices.kept(),
            rate_out=out,
            rate_in=back,
            polled_at=core.watch.heard_at,
            renewal=self._renewals.view,
            hauls=self._hauls.views(),
            waits_for=core.waits_for,
            accounts=core.world.settings.accounts,
        )

    def _run_views(self, situation: Situation) -> tuple[RunView, ...]:
        """Every run in view; what all have in common is looked up once, as thousands are made with every look."""
        core, runs, why_of = self._core, self._core.book.runs, Reasons(situation).of
        busy, bytes_of, counts, urgency = situation.busy, self._counts.bytes, self._components.of, core.scratch.urgency
        results_of, moving = core.results.of, core.world.meter.views()
        views = []
        for number in sorted(runs):
            run = runs[number]
            attempt = run.attempt
            sent, returned = bytes_of.get(number, NO_BYTES)
            view = RunView(
                number, run.stage, run.label, run.state, run.step, attempt.job if attempt else None, run.attempts, run.tries,
                run.next_try_at, why_of(run) if number not in busy or busy[number] is PollRun else (), run.fault,
                counts.get(number), 0, 0, 0, sent, returned, moving.get(number), attempt.intended_at if attempt else None,
                None, urgency.get(number),
            )  # fmt: skip
            if number in results_of:
                self._add_results(view, run, results_of[number])
            views.append(view)
        return tuple(views)

    def _add_results(self, view: RunView, run: Run, results: TaskResults) -> None:
        """What only a run shows whose job was seen."""
        view.tasks = tasks_of(results)
        view.tasks_done, view.tasks_failed = len(results.passed), len(results.abandoned)
        view.started_at = results.starts[-1].epoch if results.starts else None
        if view.tasks:
            asked = self._asked(run, view.tasks)
            view.wall_s, view.nodes = asked.hours * 3600, asked.nodes

    def _asked(self, run: Run, tasks: int) -> Allocation:
        """What its job asked for; of one that an earlier engine submitted, what would be asked for now."""
        world = self._core.world
        return world.asked.get(run.remote_id) or allocation_for(run.stage, tasks, world.settings.plan)

    def _rates(self) -> tuple[float, float]:
        """Bytes per second as they cross; where nothing is seen crossing, between the last two counts."""
        out, back = self._core.world.meter.rates(self._core.world.clock.monotonic())
        if out or back:
            return out, back
        seconds = self._counts.at - self._before.at
        if seconds <= 0 or not self._before.at:
            return 0.0, 0.0
        grown = [
            (now[0] - then[0], now[1] - then[1])
            for remote_id, now in self._counts.bytes.items()
            for then in (self._before.bytes.get(remote_id, (0, 0)),)
        ]
        return sum(sent for sent, _ in grown) / seconds, sum(back for _, back in grown) / seconds
