"""Ask the site how every running job stands, in one round trip, and say of each what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rpconsole.commands.results import TaskResults
from rpconsole.commands.scheduler import JobOutcome, JobState, QueueListing, job_key, last_words
from rpconsole.domain.event import Event, JobRunning, StepFailed
from rpconsole.domain.fault import FaultKind
from rpconsole.domain.paths import BadKey
from rpconsole.domain.run import Run
from rpconsole.domain.schedule import Expectation, expectation
from rpconsole.engine.foreign_job import results_of_job
from rpconsole.engine.gone import Gone, JobMemory, explained, look_for_gone
from rpconsole.engine.job_events import ended, listed_event, silence_of_runner, tasks_of
from rpconsole.engine.results_book import ResultsBook, take_all
from rpconsole.engine.submit import queue_argv
from rpconsole.engine.world import World
from rpconsole.ports.site import Answer, ResultsAsk


@dataclass(kw_only=True, slots=True)
class Polled:
    """What one poll found."""

    #: a run of which nothing new is known is left out
    events: dict[int, Event] = field(default_factory=dict)
    expected: list[Expectation] = field(default_factory=list)
    #: what the scheduler did instead of giving its queue; None = it answered
    silence: str | None = None


async def poll_runs(world: World, runs: Sequence[Run], book: ResultsBook, memory: JobMemory) -> Polled:
    """What is known of each run now.

    The queue is read before the results, so that a job which ends between the two is seen by its end mark and not as gone.
    """
    asks, lost = _asks(world, runs, book)
    runs = [run for run in runs if run.remote_id not in lost]
    answer = await world.site.poll(queue_argv(world), asks, timeout_s=world.settings.waits.queue_s)
    listing = world.settings.scheduler.read_queue(answer.queue)
    await take_all(world, runs, answer.results, book)
    polled = Polled(events=lost, silence=None if listing is not None else _silence(answer.queue))
    gone: list[Gone] = []
    for run in runs:
        results = await results_of_job(world, run, book.of[run.remote_id])
        state = _state_of(run, results, listing, gone, memory)
        end = ended(run, results)
        if end is not None and not _may_be_anothers(run, state, listing):
            polled.events[run.remote_id] = end
        elif state is not None:
            book.unlisted_since.pop(run.remote_id, None)
            memory.said_ended.pop(run.remote_id, None)
            await _note_listed(world, run, state, polled, memory, results)
            _note_silence(world, run, polled, results, answer.now)
            polled.expected.append(_expected(world, run, state, results, answer.now))
    polled.events |= await look_for_gone(world, gone, book, memory)
    # what has just gone is looked at again soon: a fresh id may be unknown for a while, a killed job's marks may come late
    polled.expected += [Expectation(left_s=0.0) for one in gone if one.run.remote_id not in polled.events]
    await world.runs.touch([run.remote_id for run in runs])
    return polled


def _asks(world: World, runs: Sequence[Run], book: ResultsBook) -> tuple[list[ResultsAsk], dict[int, Event]]:
    """What to ask for each run; one whose path_base another hand made no key of must not hold up the others."""
    root = world.settings.layout.remote_root
    asks: list[ResultsAsk] = []
    lost: dict[int, Event] = {}
    for run in runs:
        try:
            asks.append(book.ask(run, root))
        except BadKey as error:
            sentence = f"the path_base of its row leads nowhere: {error}"
            lost[run.remote_id] = StepFailed(kind=FaultKind.PERMANENT, sentence=sentence, fault=error.fault)
    return asks, lost


def _silence(queue: Answer) -> str:
    said = last_words((queue.out, queue.err))
    if queue.timed_out or not said:
        return "it did not answer in time" if queue.timed_out else f"it ended with {queue.rc} and printed nothing"
    return f"it printed '{said}'"


def _may_be_anothers(run: Run, state: JobState | None, listing: QueueListing | None) -> bool:
    """Whether an end mark may be that of a job before this one, of which no name is known: the list shows it alive, or does not come."""
    is_named = run.attempt is not None and bool(run.attempt.nonce)
    return not is_named and (state is not None or listing is None)


def _state_of(
    run: Run, results: TaskResults, listing: QueueListing | None, gone: list[Gone], memory: JobMemory
) -> JobState | None:
    """The job's row in the listing; one that is not among the living is put aside to be looked for."""
    if listing is None or run.attempt is None or run.attempt.job is None:
        return None
    # the name first: no other job has it, while an id may have been read out of a greeting
    name = run.attempt.job_name(run.remote_id)
    named = next(iter(listing.by_name(name)), None)
    if named is not None and named.job and job_key(named.job) != job_key(run.attempt.job):
        memory.listed_as[name] = named.job
    job = memory.listed_as.get(name, run.attempt.job)
    state = named or listing.by_job(job)
    if state is not None and run.attempt.nonce and not state.may_be(name):
        state = None
    if state is not None and state.outcome not in (JobOutcome.ENDED, JobOutcome.GONE):
        return state
    if ended(run, results) is None:
        gone.append(Gone(run=run, job=job, state=state))
    return None


async def _note_listed(
    world: World, run: Run, state: JobState, polled: Polled, memory: JobMemory, results: TaskResults
) -> None:
    if state.outcome in (JobOutcome.HELD, JobOutcome.QUEUED):
        state = await explained(world, run, state, memory)
    event = listed_event(run, state, results)
    if event is not None:
        polled.events[run.remote_id] = event


def _note_silence(world: World, run: Run, polled: Polled, results: TaskResults, now: float) -> None:
    event = polled.events.get(run.remote_id)
    if isinstance(event, JobRunning):
        odd = silence_of_runner(run, results, now=now, beat_s=world.settings.beat_s)
        polled.events[run.remote_id] = replace(event, sentence=odd)


def _expected(world: World, run: Run, state: JobState, results: TaskResults, now: float) -> Expectation:
    """``now`` is the site's clock, which the runner's marks were written by."""
    if run.cancel_wanted:
        return Expectation(left_s=0.0)
    return expectation(
        tasks=tasks_of(results),
        ended=len(results.passed) + len(results.abandoned),
        elapsed_s=now - results.starts[-1].epoch if results.starts else 0.0,
        wall_left_s=state.left_s,
        is_running=state.outcome is JobOutcome.RUNNING,
        unknown_s=world.settings.plan.min_hours * 3600.0,
    )
