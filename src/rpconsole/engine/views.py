"""The present as it is shown: built from memory, never from a query that the loop would wait for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(kw_only=True, slots=True)
class Counts:
    """What the views need from the databases, refreshed in the background."""

    bytes: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    at: float = 0.0


class Views:
    """Builds snapshots; ``refresh`` costs two queries whatever the number of runs and components."""

    def __init__(self, core: EngineCore, desk: LoginDesk, renewals: RenewalDesk, hauls: HaulDesk) -> None:
        self._hauls = hauls
        self._core = core
        self._desk = desk
        self._renewals = renewals
        self._counts = Counts()
        self._before = Counts()
        self._components = ComponentCounts(core.world)

    async def refresh(self) -> None:
        """Read the bytes of the runs in view, and count the components of a few."""
        await self._read_bytes()
        self._components.want(self._core.book.runs)
        await self.count_some()

    async def count_some(self) -> None:
        """Count the components of the next few runs that wait for it; no query when none does."""
        await self._components.count_some(self._core.book.runs)

    async def read_all(self) -> None:
        """All of it at once, for an engine that does not run."""
        await self._read_bytes()
        await self._components.count_all(self._core.book.runs)

    async def _read_bytes(self) -> None:
        world, ids = self._core.world, sorted(self._core.book.runs)
        self._before = self._counts
        self._counts = Counts(bytes=await world.ledger.bytes_of(ids) if ids else {}, at=world.clock.now())

    def snapshot(self) -> Snapshot:
        """Everything that is shown, at this moment."""
        core = self._core
        situation = core.situation()
        why = Reasons(situation)
        out, back = self._rates()
        return Snapshot(
            at=situation.now,
            sequence=core.book.sequence,
            site=core.owner.site,
            database=core.owner.database,
            owner=f"{core.owner.host}:{core.owner.pid}",
            sessions=self._desk.views(),
            gates=core.gates.view(),
            runs=tuple(self._run_view(run, situation, why) for _, run in sorted(core.book.runs.items())),
            alerts=core.notices.kept(),
            rate_out=out,
            rate_in=back,
            polled_at=core.watch.heard_at,
            renewal=self._renewals.view,
            hauls=self._hauls.views(),
            waits_for=core.waits_for,
            accounts=core.world.settings.accounts,
        )

    def _run_view(self, run: Run, situation: Situation, why: Reasons) -> RunView:
        sent, returned = self._counts.bytes.get(run.remote_id, (0, 0))
        results = self._core.results.of.get(run.remote_id)
        tasks = tasks_of(results) if results else 0
        asked = self._asked(run, tasks) if tasks else None
        return RunView(
            remote_id=run.remote_id,
            stage=run.stage,
            label=run.label,
            state=run.state,
            step=run.step,
            job=run.attempt.job if run.attempt else None,
            attempts=run.attempts,
            tries=run.tries,
            next_try_at=run.next_try_at,
            why=() if situation.busy.get(run.remote_id, PollRun) is not PollRun else why.of(run),
            fault=run.fault,
            components=self._components.of.get(run.remote_id, {}),
            tasks_done=len(results.passed) if results else 0,
            tasks_failed=len(results.abandoned) if results else 0,
            tasks=tasks,
            submitted_at=run.attempt.intended_at if run.attempt else None,
            started_at=results.starts[-1].epoch if results and results.starts else None,
            wall_s=asked.hours * 3600 if asked else 0,
            nodes=asked.nodes if asked else 0,
            purge_at=self._core.scratch.urgency.get(run.remote_id),
            bytes_sent=sent,
            bytes_returned=returned,
            moving=self._core.world.meter.view(run.remote_id),
        )

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
