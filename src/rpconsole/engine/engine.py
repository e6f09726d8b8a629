"""The engine's life: own the site, look what may start, start it, write down what came of it, stop in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from rpconsole.domain import action as act
from rpconsole.domain.action import Action, CancelJob, Level, PollRun
from rpconsole.domain.event import Event, SessionGone, SessionOpened, StepFailed
from rpconsole.domain.fault import BadData, DatabaseAway, Fault, FaultKind, HelperAway, SiteRefused
from rpconsole.domain.machine import InvalidMove
from rpconsole.domain.run import NETWORK_STEPS, Run, Step
from rpconsole.domain.schedule import Situation, choose, to_poll
from rpconsole.engine.apply import apply_run
from rpconsole.engine.book import RunBook
from rpconsole.engine.cancel import cancel_job
from rpconsole.engine.circuit import SiteCircuit
from rpconsole.engine.clockwork import Due, session_warnings, situation_of
from rpconsole.engine.gates import Gates
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.ownership import Ownership
from rpconsole.engine.perform import Performer, outcome_of
from rpconsole.engine.prepare import prepare_run
from rpconsole.engine.reconcile import reconcile_run
from rpconsole.engine.results_book import ResultsBook
from rpconsole.engine.retrieve import retrieve_run
from rpconsole.engine.scratch import ScratchWatch
from rpconsole.engine.ship import ship_run
from rpconsole.engine.submit import submit_run
from rpconsole.engine.sweep import advance_run, sweep
from rpconsole.engine.tasks import TaskSet
from rpconsole.engine.watch import JobWatch
from rpconsole.engine.world import World
from rpconsole.ports.journal import Owner

log = logging.getLogger(__name__)

PERFORMERS: dict[type[Action], Performer] = {
    act.PrepareRun: prepare_run,
    act.ShipRun: ship_run,
    act.SubmitRun: submit_run,
    act.ReconcileRun: reconcile_run,
    act.RetrieveRun: retrieve_run,
    act.ApplyRun: apply_run,
    act.AdvanceRun: advance_run,
}
#: performers that make stage runs ready for the next stage
REGISTERING = (act.ApplyRun, act.AdvanceRun)


async def _nothing() -> None:
    """What is done at a tick until somebody wants more."""


class EngineCore:
    """The loop. Everything that it starts is a named task of its own group; nothing outlives it."""

    def __init__(self, world: World, owner: Owner) -> None:
        self.world = world
        self.owner = owner
        self.notices = NoticeBoard(world.clock)
        self.book = RunBook(world, self.notices.tell)
        self.gates = Gates(world.operations)
        self.circuit = SiteCircuit(world.clock, world.settings.retry, self.notices)
        self.results = ResultsBook()
        self.busy: dict[int, type[Action]] = {}
        self.watch = JobWatch(world, self.results, self.notices)
        self.scratch = ScratchWatch(world, self.notices)
        self.scratch_due = Due()
        self.sweep_due = Due()
        self.refresh_due = Due()
        self._ownership = Ownership(world, owner)
        #: held while stage runs are registered or bundled, so that what became ready together is bundled together
        self._registering = asyncio.Lock()
        self._awake = asyncio.Event()
        self._stopping = False
        self._round_over = asyncio.Event()
        self._looked_at = world.clock.now()
        self._tasks = TaskSet(self.notices, self.wake, self._say_away)
        #: what keeps everything from starting, as a sentence
        self.waits_for: str | None = None
        #: what else is looked after at each tick, and at the pace of the refresh
        self.at_end: Callable[[], Awaitable[None]] = _nothing
        self.at_tick: Callable[[], Awaitable[None]] = _nothing
        #: what is done before the first round, and when every task has ended
        self.at_start: Callable[[], Awaitable[None]] = _nothing
        self.at_release: Callable[[], Awaitable[None]] = _nothing
        self.at_refresh: Callable[[], Awaitable[None]] = _nothing

    # -- life ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until ``stop``; AlreadyOwned when another engine owns the database and the site.

        A database that is away is waited for, also at the start; one that refuses us (a wrong password, a name that is not there) ends it.
        """
        try:
            for step in (self.world.make_ready or _nothing, self._ownership.take, self.gates.load, self.at_start):
                await self._patiently(step)
            if not self._stopping:
                self._say_back_again()
                log.info("engine started: site %s, database %s", self.owner.site, self.owner.database)
            while not self._stopping and self._tasks.fatal is None:
                await self._round()
                self._tell_round_over()
                await self._rest()
        finally:
            self._stopping = True
            self._tell_round_over()
            await self._wind_down()
        if self._tasks.fatal is not None:
            raise self._tasks.fatal

    async def _patiently(self, step: Callable[[], Awaitable[None]]) -> None:
        """Do it as soon as the database answers, or never when a stop comes first."""
        while not self._stopping:
            try:
                return await step()
            except DatabaseAway as away:
                self._say_away(away)
            self._awake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.world.settings.retry.away_s):
                    await self._awake.wait()

    def stop(self) -> None:
        """Begin an orderly stop: nothing new starts."""
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        """Look again at once."""
        self._awake.set()

    async def next_round(self) -> None:
        """Return when the loop has looked once more; SiteRefused when it looks no longer."""
        if self._stopping:
            raise SiteRefused("the engine is stopping")
        await self._round_over.wait()

    def _tell_round_over(self) -> None:
        over, self._round_over = self._round_over, asyncio.Event()
        over.set()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self.world.settings.tick_s):
                await self._awake.wait()
        except TimeoutError:
            pass
        self._awake.clear()

    async def _wind_down(self) -> None:
        await self.at_end()
        await self._tasks.end(self.world.settings.grace_s)
        await self.at_release()
        # what cannot be given up now goes stale by itself
        with suppress(DatabaseAway):
            await self._ownership.give_up()
        log.info("engine stopped")

    def beside(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something that the loop does not wait for, unless it is under way; its failure is a standing notice."""
        self._tasks.start_once(name, work)

    # -- one round ---------------------------------------------------------------------------------------------------

    async def _round(self) -> None:
        now = self.world.clock.now()
        try:
            await self._ownership.keep(now)
            await self.at_tick()
            if self.refresh_due.is_due(now):
                await self.book.refresh()
                await self.at_refresh()
                self.refresh_due.next_in(now, self.world.settings.refresh_s)
                self._say_back_again()
            await self._follow_sessions(now)
            self._start_what_may(now)
        except DatabaseAway as away:
            self._say_away(away)

    def _say_away(self, away: DatabaseAway) -> None:
        """Say it when it begins and when it ends, not each time; nothing starts before a whole refresh has gone well."""
        if self.waits_for is None:
            self.notices.say(Level.ALERT, f"waiting for the database: {away}")
        self.waits_for = str(away)
        self.refresh_due.wake()

    def _say_back_again(self) -> None:
        if self.waits_for is not None:
            self.waits_for = None
            self.notices.say(Level.NOTE, "the database answers again")

    def situation(self) -> Situation:
        """What may start now."""
        now, views = self.world.clock.now(), self.world.sessions.view()
        plain = situation_of(
            now=now,
            views=views,
            closed_gates=self.gates.closed(),
            busy=dict(self.busy),
            limits=self.world.settings.limits,
            silence=self.watch.silence,
        )
        plain = replace(plain, too_long=self.world.meter.too_long(views, now), site_away=self.circuit.away())
        return self.scratch.in_situation(plain, self.book.live)

    async def _follow_sessions(self, now: float) -> None:
        """Tell runs of a login and of its end; a run with an action under way hears it from that action."""
        views = self.world.sessions.view()
        for warning in session_warnings(views, self._looked_at, now):
            self.notices.tell(warning)
        self._looked_at = now
        alive = self.world.sessions.alive()
        idle = [run for run in self.book.live() if run.remote_id not in self.busy]
        if alive and (revived := [run.remote_id for run in idle if run.parked]):
            self.scratch_due.wake()
            await self.book.apply_to_all(revived, SessionOpened())
            self.watch.due.wake()
        elif not alive and (parked := [run.remote_id for run in idle if not run.parked and run.step in NETWORK_STEPS]):
            await self.book.apply_to_all(parked, SessionGone())

    def _start_what_may(self, now: float) -> None:
        runs = self.book.live()
        situation = self.situation()
        for action in choose(runs, situation):
            self._start(action)
        self._start_poll(now, situation, runs)
        self._start_scratch(now, situation, runs)
        if self.sweep_due.is_due(now) and self._tasks.start_once("sweep", self._sweep):
            self.sweep_due.next_in(now, self.world.settings.sweep_s)

    def _start_scratch(self, now: float, situation: Situation, runs: Sequence[Run]) -> None:
        """Look at the room and at purge clocks now and then; at the databases alone when a new run is not yet reckoned with."""
        if self.scratch_due.is_due(now):
            session = situation.session and situation.may_order and situation.site_away is None
            if self._tasks.start_once("scratch", lambda: self.scratch.look(runs, session=session)):
                self.scratch_due.next_in(now, self.world.settings.scratch.look_s)
        elif self.scratch.knows_not(runs):
            self._tasks.start_once("scratch", lambda: self.scratch.read(runs))

    def _start_poll(self, now: float, situation: Situation, live: Sequence[Run]) -> None:
        runs = to_poll(live, situation) if self.watch.due.is_due(now) else []
        if runs and self._tasks.start_once("poll", lambda: self._poll(runs)):
            self.watch.begin()
            self.busy.update({run.remote_id: PollRun for run in runs})

    # -- tasks -------------------------------------------------------------------------------------------------------

    def _start(self, action: Action) -> None:
        run = self.book.runs[action.remote_id]
        self.busy[run.remote_id] = type(action)
        self._tasks.start(f"{type(action).__name__} {run.remote_id}", self._perform(type(action), run))

    async def _perform(self, kind: type[Action], run: Run) -> None:
        """The run stays busy until its event is settled: an action that starts twice on one state would be done twice."""
        try:
            async with self._registering if kind in REGISTERING else nullcontext():
                event = self.circuit.heard(run, await outcome_of(PERFORMERS[kind], self.world, run))
            await self.settle(run, event)
        finally:
            self.busy.pop(run.remote_id, None)

    async def settle(self, run: Run, event: Event) -> None:
        """Apply what happened to a run, and start what follows at once."""
        try:
            actions = await self.book.apply(run.remote_id, event)
        except InvalidMove as invalid:
            await self._settle_invalid(run, event, invalid)
        except DatabaseAway as away:
            self._say_away(away)
        else:
            self.carry_out(actions)
            self._after(run)

    async def _settle_invalid(self, run: Run, event: Event, invalid: InvalidMove) -> None:
        """An event that comes too late, after another hand moved the run, is dropped; at the same step it is a fault of ours."""
        log.warning("run %d: %s\n%s", run.remote_id, invalid, invalid.evidence)
        now = self.book.runs.get(run.remote_id)
        if now is None or now.step is not run.step or isinstance(event, StepFailed):
            return
        sentence = f"a fault of ours: {invalid}; the log has the story"
        await self.settle(run, StepFailed(kind=FaultKind.PERMANENT, sentence=sentence, fault=Fault.PROGRAMMING))

    def carry_out(self, actions: Iterable[Action]) -> None:
        """Start what a move asks for besides the run's next step."""
        for action in actions:
            if isinstance(action, CancelJob):
                run = self.book.runs.get(action.remote_id)
                name = run.attempt.job_name(run.remote_id) if run and run.attempt and run.attempt.nonce else ""
                work = partial(cancel_job, self.world, action, self.notices, name=name)
                self._tasks.start_once(f"cancel {action.job}", work)

    def _after(self, before: Run) -> None:
        """Wake what a move makes due: a submitted job is looked at soon, a full run's successors are defined at once."""
        after = self.book.runs.get(before.remote_id)
        if after is None or after.step is before.step:
            return
        if after.step is Step.POLL:
            self.watch.soon()
        if after.step is Step.DONE:
            self.watch.forget(after.remote_id)
            self.scratch.look_again(after.remote_id)
            self.scratch_due.wake()
            self.sweep_due.wake()

    async def _poll(self, runs: list[Run]) -> None:
        try:
            events = await self._looked(runs)
            for run in runs:
                if run.remote_id in events:
                    await self.settle(run, events[run.remote_id])
        finally:
            for run in runs:
                self.busy.pop(run.remote_id, None)
        self._ask_again_for_cancels()

    async def _looked(self, runs: list[Run]) -> dict[int, Event]:
        try:
            events = await self.watch.look(runs)
        except HelperAway as away:
            self.circuit.failed(str(away))
            raise
        self.circuit.serves()
        return events

    def _ask_again_for_cancels(self) -> None:
        """A wish to cancel stands until the scheduler confirms it."""
        for run in self.book.live():
            if run.cancel_wanted and run.step is Step.POLL and run.attempt and run.attempt.job:
                self.carry_out([CancelJob(remote_id=run.remote_id, job=run.attempt.job)])

    async def _sweep(self) -> None:
        closed = self.gates.closed()
        labels = await self.gates.labels(self.world.settings.labels)
        async with self._registering:
            done = await sweep(self.world, labels, advance="advance" not in closed, define="define" not in closed)
        if done.defined:
            self.refresh_due.wake()
        if done.advanced:
            self.sweep_due.wake()
        if done.troubles:
            # a standing notice: said when it begins or changes
            more = f" (and {len(done.troubles) - 3} more)" if len(done.troubles) > 3 else ""
            raise BadData("; ".join(done.troubles[:3]) + more)
