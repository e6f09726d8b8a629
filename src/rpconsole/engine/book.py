"""The live runs in memory, and the one way in which they move: decide, write the journal, write the database."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import replace

from rpconsole.domain.action import Action, Level, TellOperators
from rpconsole.domain.allocation import series_for
from rpconsole.domain.event import Event, JobEnded
from rpconsole.domain.fault import DatabaseAway, DatabaseRefused
from rpconsole.domain.machine import InvalidMove, decide
from rpconsole.domain.retry import RetryPolicy
from rpconsole.domain.run import FINAL_STEPS, STATE_OF_STEP, STEP_OF_STATE, Run, RunRow, RunState, Step, run_of_row
from rpconsole.engine.story import story_line
from rpconsole.engine.world import World
from rpconsole.ports.run_store import RunChange

LIVE_STATES = (RunState.NEW, RunState.PENDING, RunState.RUN, RunState.AUTH)
STOPPED_STATES = frozenset({RunState.PREP_FAIL, RunState.EXEC_FAIL, RunState.ERROR})
#: ended runs that stay in view
KEEP_ENDED = 200

Tell = Callable[[TellOperators], None]


class RunBook:
    """Every live run as we know it.

    The journal is written before the database: after a crash between the two, the journal is ahead by one move and the row still shows
    the state before it, which ``_settle`` recognises. A row that shows anything else was changed by another hand, and that hand wins.
    """

    def __init__(self, world: World, tell: Tell) -> None:
        self._world = world
        self._tell = tell
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.runs: dict[int, Run] = {}
        #: moved in the journal, not yet in the database, which was away
        self.unpushed: set[int] = set()
        #: grows with every move
        self.sequence = 0
        self._has_begun = False

    def live(self) -> list[Run]:
        """Runs that something can be done for, ordered by number."""
        runs, unpushed = self.runs, self.unpushed
        return [
            runs[number] for number in sorted(runs) if number not in unpushed and runs[number].step not in FINAL_STEPS
        ]

    async def refresh(self) -> None:
        """Take up rows that are new to us, and changes that other hands made; a constant number of queries."""
        states = LIVE_STATES if self._has_begun else (*LIVE_STATES, *STOPPED_STATES)
        rows, stopped = _divided(await self._world.runs.runs(states))
        unknown = {number: row for number, row in rows.items() if number not in self.runs}
        ended = [row for row in stopped[-KEEP_ENDED:] if row.remote_id not in self.runs]
        # one after the other: two threads that make thousands of rows at once hold each other up
        known = await self._world.journal.load([*unknown.values(), *ended]) if unknown or ended else {}
        self._take_up_stopped(ended, known)
        if not self._has_begun:
            await self._take_up_full()
        self._has_begun = True
        new = {
            number: known.get(number) or run_of_row(row) for number, row in unknown.items() if number not in self.runs
        }
        self.runs.update(new)
        for row in [row for number, row in rows.items() if not _agree(row, self.runs[number])]:
            await (self._settle(row, new[row.remote_id]) if row.remote_id in new else self._compare(row))
        await self._look_for_missing(rows.keys())
        await self._push_left_over()
        self._forget_old()

    def _take_up_stopped(self, rows: Sequence[RunRow], known: Mapping[int, Run]) -> None:
        """The latest runs that wait for a person: an engine that begins shows what the one before it showed."""
        self.runs.update({row.remote_id: as_known(row, known) for row in rows})

    async def _take_up_full(self) -> None:
        """Runs that an engine before this one left between ``full`` and the registering of what they made ready: their rows look ended."""
        standing = await self._world.journal.standing_at(Step.ADVANCE)
        rows = [await self._world.runs.run(number) for number in standing if number not in self.runs]
        full = [row for row in rows if row is not None and row.state is RunState.FULL]
        self.runs.update(await self._world.journal.load(full) if full else {})

    async def _settle(self, row: RunRow, journalled: Run) -> None:
        """The journal and the database show different states, or jobs: which of them is ahead?"""
        story = await self._world.journal.story(row.remote_id, limit=1)
        # no move goes from one job to another: that was another hand
        if story and row.state is not journalled.state and row.state in _states_of(story[-1].before):
            self.unpushed.add(row.remote_id)
        else:
            self._adopt(row, journalled)

    async def _compare(self, row: RunRow) -> None:
        run = self.runs[row.remote_id]
        if self._locks[row.remote_id].locked() or row.remote_id in self.unpushed or _agree(row, run):
            return
        async with self._locks[row.remote_id]:
            fresh = await self._world.runs.run(row.remote_id)
            if fresh is not None and not _agree(fresh, self.runs[row.remote_id]):
                self._adopt(fresh, self.runs[row.remote_id])

    async def _look_for_missing(self, rows: Set[int]) -> None:
        """Live runs that the database no longer lists as live were ended, or deleted, by another hand."""
        for remote_id in sorted(self.runs.keys() - rows - self.unpushed):
            if self.runs[remote_id].step in (*FINAL_STEPS, Step.ADVANCE) or self._locks[remote_id].locked():
                continue
            row = await self._world.runs.run(remote_id)
            if row is None:
                del self.runs[remote_id]
                self._say(remote_id, Level.WARN, f"run {remote_id} is no longer in the database")
            elif row.state is not self.runs[remote_id].state:
                self._adopt(row, self.runs[remote_id])

    def _adopt(self, row: RunRow, was: Run) -> None:
        """Follow a change that somebody made in the database, keeping count of the attempts there have been."""
        entered = run_of_row(row)
        is_same_job = was.attempt is not None and was.attempt.job is not None and not _has_another_job(row, was)
        attempt = was.attempt if entered.attempt and is_same_job else entered.attempt
        self.runs[row.remote_id] = entered.with_(
            attempts=max(was.attempts, entered.attempts), jobs=max(was.jobs, entered.jobs), attempt=attempt
        )
        self.sequence += 1
        change = f"was set from '{was.state}' to '{row.state}'"
        if row.state is was.state:
            change = f"was given the job {row.job_id}"
        self._say(row.remote_id, Level.WARN, f"run {row.remote_id} {change} by another hand")

    async def _push_left_over(self) -> None:
        for remote_id in sorted(self.unpushed):
            async with self._locks[remote_id]:
                await self._push_or_remember(self.runs[remote_id])

    def _forget_old(self) -> None:
        ended = [run.remote_id for run in self.runs.values() if run.step in FINAL_STEPS]
        for remote_id in sorted(ended)[:-KEEP_ENDED]:
            self.runs.pop(remote_id, None)
            self._locks.pop(remote_id, None)

    async def apply(self, remote_id: int, event: Event) -> tuple[Action, ...]:
        """Move a run by an event and write it down; what else there is to do about it comes back.

        Raises InvalidMove where the event cannot happen, with the run's story; DatabaseAway when the journal is away (nothing
        moved then). A database that is away is caught up with later.
        """
        async with self._locks[remote_id]:
            if remote_id not in self.runs:
                return ()
            run = self.runs[remote_id]
            moved, actions = await self._decide(run, event)
            if moved != run:
                now = self._world.clock.now()
                await self._world.journal.save(moved, story_line(run, event, moved, now))
                self.runs[remote_id] = moved
                self.sequence += 1
                if (run.state, run.job_id, run.fault) != (moved.state, moved.job_id, moved.fault):
                    await self._push_or_remember(moved)
        for action in actions:
            if isinstance(action, TellOperators):
                self._tell(action)
        return actions

    async def apply_to_all(self, remote_ids: Collection[int], event: Event) -> None:
        """Tell many runs of one event that no action follows: two transactions in all, for the journal and then for the database.

        A run that is being moved just now is left out; the next look tells it. Errors as in ``apply``.
        """
        free = [number for number in remote_ids if number in self.runs and not self._locks[number].locked()]
        for number in free:
            await self._locks[number].acquire()
        try:
            await self._apply_to_held(free, event)
        finally:
            for number in free:
                self._locks[number].release()

    async def _apply_to_held(self, remote_ids: Collection[int], event: Event) -> None:
        now = self._world.clock.now()
        before = {number: self.runs[number] for number in remote_ids}
        decided = {number: await self._decide(run, event) for number, run in before.items()}
        moved = {number: run for number, (run, _) in decided.items() if run != before[number]}
        await self._world.journal.save_all(
            [(run, story_line(before[number], event, run, now)) for number, run in moved.items()]
        )
        self.runs.update(moved)
        self.sequence += len(moved)
        await self._push_states(before, moved)
        for action in (action for _, actions in decided.values() for action in actions):
            if isinstance(action, TellOperators):
                self._tell(action)

    async def _push_states(self, before: Mapping[int, Run], moved: Mapping[int, Run]) -> None:
        changed: dict[RunState, list[int]] = {}
        for number, run in moved.items():
            was = before[number]
            if (run.job_id, run.fault) != (was.job_id, was.fault):
                await self._push_or_remember(run)
            elif run.state is not was.state:
                changed.setdefault(run.state, []).append(number)
        for state, numbers in changed.items():
            try:
                await self._world.runs.change_states(numbers, state)
            except (DatabaseAway, DatabaseRefused):
                # pushed one by one, with what is wrong with each, at the next refresh
                self.unpushed.update(numbers)

    async def _decide(self, run: Run, event: Event) -> tuple[Run, tuple[Action, ...]]:
        try:
            return decide(run, event, self._world.clock.now(), self._policy_for(run, event))
        except InvalidMove:
            lines = await self._world.journal.story(run.remote_id, limit=20)
            story = [f"{line.before} -> {line.after}: {line.event} {line.detail}" for line in lines]
            raise InvalidMove(run, event, story) from None

    def _policy_for(self, run: Run, event: Event) -> RetryPolicy:
        """A run that is planned as several jobs has tries beside those that it needs anyway."""
        settings = self._world.settings
        if not isinstance(event, JobEnded):
            return settings.retry
        planned = series_for(run.stage, event.passed + event.failed + event.left, settings.plan).jobs
        return replace(settings.retry, job_attempts=settings.retry.job_attempts + planned - 1)

    async def _push_or_remember(self, run: Run) -> None:
        try:
            await self._push(run)
            self.unpushed.discard(run.remote_id)
        except DatabaseAway:
            self.unpushed.add(run.remote_id)
        except DatabaseRefused as refused:
            self.unpushed.add(run.remote_id)
            self._say(run.remote_id, Level.ALERT, f"run {run.remote_id} cannot be set to '{run.state}': {refused}")

    async def _push(self, run: Run) -> None:
        change = RunChange(state=run.state, job_id=run.job_id, fault=run.fault)
        await self._world.runs.change_run(run.remote_id, change)

    def _say(self, remote_id: int, level: Level, sentence: str) -> None:
        self._tell(TellOperators(remote_id=remote_id, level=level, sentence=sentence))


def as_known(row: RunRow, known: Mapping[int, Run]) -> Run:
    """The run as the journal has it, where that is in the row's state; else as the row alone shows it."""
    run = known.get(row.remote_id)
    return run if run is not None and run.state is row.state else run_of_row(row)


def _divided(found: Iterable[RunRow]) -> tuple[dict[int, RunRow], list[RunRow]]:
    """The rows of live runs by their number, and those that wait for a person."""
    rows, stopped = {}, []
    for row in found:
        if row.state in STOPPED_STATES:
            stopped.append(row)
        else:
            rows[row.remote_id] = row
    return rows, stopped


def _agree(row: RunRow, run: Run) -> bool:
    """Whether journal and row tell the same."""
    return run.state is row.state and not _has_another_job(row, run)


def _has_another_job(row: RunRow, run: Run) -> bool:
    """Whether the row names a job that we did not submit: the run was handed back and submitted anew."""
    job = row.job_id
    # thousands are asked at once, whose jobs are mostly called by their number
    if job is None or job < 0 or (run.attempt is not None and run.attempt.job == str(job)):
        return False
    return STEP_OF_STATE[row.state] is Step.POLL and run.job_id != job


def _states_of(step: str) -> set[RunState]:
    """The database's words that a run shows at a step, parked or not."""
    state = {str(known): word for known, word in STATE_OF_STEP.items()}.get(step)
    if state is None:
        return set()
    return {state, RunState.AUTH} if state is RunState.RUN else {state}
