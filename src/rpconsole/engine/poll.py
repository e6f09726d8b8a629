"""Ask the site how every running job stands, in one round trip, and say of each what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rpconsole.commands.results import EndMark, TaskResults
from rpconsole.commands.scheduler import JobOutcome, JobState, QueueListing, last_words
from rpconsole.domain.event import Event, JobEnded, JobHeld, JobKilled, JobNotListed, JobQueued, JobRunning
from rpconsole.domain.run import Run
from rpconsole.engine.results_book import ResultsBook, read_to_end, take_all
from rpconsole.engine.submit import queue_argv
from rpconsole.engine.world import World
from rpconsole.ports.run_store import RunChange
from rpconsole.ports.site import Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Polled:
    """What one round trip told."""

    #: of each run; a run of which nothing new is known is left out
    events: Mapping[int, Event]
    #: what the scheduler printed instead of its queue; None = it answered
    silence: str | None


async def poll_runs(world: World, runs: Sequence[Run], book: ResultsBook) -> Polled:
    """What is known of each run now.

    The queue is read before the results, so that a job which ends between the two is seen by its end mark and not as gone.
    """
    root = world.settings.layout.remote_root
    asks = [book.ask(run, root) for run in runs]
    answer = await world.site.poll(queue_argv(world), asks, timeout_s=world.settings.waits.queue_s)
    listing = world.settings.scheduler.read_queue(answer.queue)
    await take_all(world, runs, answer.results, book)
    events: dict[int, Event] = {}
    for run in runs:
        event = await _event_of(world, run, book.of[run.remote_id], listing, book)
        if event is not None:
            events[run.remote_id] = event
        await world.runs.change_run(run.remote_id, RunChange(touch=True))
    return Polled(events=events, silence=_silence(answer.queue) if listing is None else None)


def _silence(queue: Answer) -> str:
    said = last_words((queue.out, queue.err))
    if queue.timed_out or not said:
        return "it did not answer in time" if queue.timed_out else f"it ended with {queue.rc} and printed nothing"
    return f"it printed '{said}'"


async def _event_of(
    world: World, run: Run, results: TaskResults, listing: QueueListing | None, book: ResultsBook
) -> Event | None:
    end = end_mark(run, results)
    if end is not None:
        return JobEnded(passed=end.passed, failed=end.failed, left=end.left)
    if listing is None or run.attempt is None or run.attempt.job is None:
        return None
    state = listing.by_job(run.attempt.job) or next(iter(listing.by_name(run.attempt.job_name(run.remote_id))), None)
    if state is None or state.outcome in (JobOutcome.ENDED, JobOutcome.GONE):
        return await _look_closer(world, run, results, book)
    book.unlisted_since.pop(run.remote_id, None)
    return _listed(state, results)


def end_mark(run: Run, results: TaskResults) -> EndMark | None:
    """The end mark of the run's present attempt; one of an attempt before does not count."""
    if run.attempt is None or not run.attempt.nonce:
        return results.ends[-1] if results.ends else None
    return results.end_of(run.attempt.job_name(run.remote_id))


def _listed(state: JobState, results: TaskResults) -> Event | None:
    match state.outcome:
        case JobOutcome.QUEUED:
            return JobQueued()
        case JobOutcome.HELD:
            return JobHeld(sentence=f"job {state.job} is held: {state.sentence or state.word}")
        case JobOutcome.RUNNING:
            return JobRunning(done=len(results.passed), failed=len(results.abandoned), total=tasks_of(results))
        case _:
            return None


async def _look_closer(world: World, run: Run, results: TaskResults, book: ResultsBook) -> Event | None:
    """A job that the queue does not list: ask for it by id, then read its results once more before saying anything."""
    assert run.attempt is not None
    assert run.attempt.job is not None
    job = run.attempt.job
    argv = world.settings.scheduler.job_command(job)
    printed = await world.site.run(argv, timeout_s=world.settings.waits.queue_s)
    state = world.settings.scheduler.read_job(job, printed).state
    if state.outcome in (JobOutcome.QUEUED, JobOutcome.HELD, JobOutcome.RUNNING):
        return _listed(state, results)
    results = await read_to_end(world, run, book)
    end = end_mark(run, results)
    if end is not None:
        return JobEnded(passed=end.passed, failed=end.failed, left=end.left)
    if state.outcome is JobOutcome.ENDED:
        return JobKilled(
            left=_cut(run, results), sentence=f"the scheduler says '{state.word}' of job {job}, which left no end mark"
        )
    if state.outcome is JobOutcome.GONE:
        return _gone(world, run, job, book)
    return None


def tasks_of(results: TaskResults) -> int:
    """How many tasks the job has; 0 before it started."""
    return results.starts[-1].tasks if results.starts else 0


def _cut(run: Run, results: TaskResults) -> int:
    """Tasks that were cut: without a start mark of this attempt at least one was, however many there are."""
    left = tasks_of(results) - len(results.passed) - len(results.abandoned)
    started = run.attempt is not None and results.has_started(run.attempt.job_name(run.remote_id))
    return max(0, left) if started else max(1, left)


def _gone(world: World, run: Run, job: str, book: ResultsBook) -> Event | None:
    """The scheduler may not know a fresh id yet, so absence is only called out after a while, and decides nothing."""
    now = world.clock.now()
    since = book.unlisted_since.setdefault(run.remote_id, now)
    if now - since < world.settings.waits.unlisted_s:
        return None
    return JobNotListed(
        sentence=f"job {job} is in no list of the scheduler and left no end mark: look at its log, then "
        f"'rpconsole run resubmit {run.remote_id}'"
    )
