"""Jobs that the queue no longer lists, and jobs that do not start: the scheduler is asked for each of them, and only for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rpconsole.commands.joblog import why_ended
from rpconsole.commands.jobscript import log_path
from rpconsole.commands.results import TaskResults
from rpconsole.commands.scheduler import JobOutcome, JobState, QueueListing
from rpconsole.domain.event import Event, JobKilled, JobNotListed
from rpconsole.domain.fault import BadData, NoAnswer, SiteFailed, SiteRefused
from rpconsole.domain.run import Run
from rpconsole.engine.foreign_job import foreign_end, has_foreign_job, results_of_job
from rpconsole.engine.job_events import cut_tasks, ended, listed_event
from rpconsole.engine.results_book import ResultsBook, take_all
from rpconsole.engine.submit import site_user
from rpconsole.engine.world import World

#: after which a site is not asked for its ended jobs any more
_REFUSALS = 3
#: signs of life in a row that a job which is said to be over has not given
_SILENT_BEATS = 4
#: of a killed job's output, from its end
_OUTPUT_BYTES = 8192


@dataclass(frozen=True, kw_only=True, slots=True)
class Gone:
    """A job that is not among the living; ``state`` where the queue itself says that it has ended."""

    run: Run
    job: str
    state: JobState | None


@dataclass(kw_only=True, slots=True)
class JobMemory:
    """What was learnt of the scheduler besides the present."""

    #: how long it remembers an ended job, where it says so
    purge_s: float | None = None
    #: the ended jobs were asked for
    is_history_asked: bool = False
    #: how often they were not given
    history_refusals: int = 0
    #: run -> (the row that was explained, with its explanation)
    explained: dict[int, tuple[JobState, JobState]] = field(default_factory=dict)
    #: run -> when the scheduler first said that a job has ended, and what was known of the job then
    said_ended: dict[int, tuple[float, tuple[object, ...]]] = field(default_factory=dict)
    #: job name -> the id under which the queue listed it, which the answer to the submit may have had wrong
    listed_as: dict[str, str] = field(default_factory=dict)

    def forget(self, remote_id: int) -> None:
        """Drop a run that has ended."""
        self.explained.pop(remote_id, None)
        self.said_ended.pop(remote_id, None)
        for name in [name for name in self.listed_as if name.startswith(f"rp{remote_id}.")]:
            del self.listed_as[name]


async def explained(world: World, run: Run, state: JobState, memory: JobMemory) -> JobState:
    """A held or blocked job with the scheduler's reason, asked for once as long as its row stays the same."""
    if state.job is None or (state.outcome is JobOutcome.QUEUED and state.sentence != "blocked"):
        return state
    if state.outcome is JobOutcome.HELD and state.sentence not in ("", "blocked"):
        return state
    known = memory.explained.get(run.remote_id)
    if known is None or known[0] != _apart_from_time(state):
        detail, _ = await _ask(world, state.job)
        if detail.outcome in (JobOutcome.NO_ANSWER, JobOutcome.GONE):
            return state
        said = "; ".join(
            dict.fromkeys(words for words in (detail.word, detail.sentence) if words and words != state.word)
        )
        known = (
            _apart_from_time(state),
            replace(state, sentence=f"asked by its id: {said}" if said else state.sentence),
        )
        memory.explained[run.remote_id] = known
    return known[1]


def _apart_from_time(state: JobState) -> JobState:
    return replace(state, left_s=None)


async def _ask(world: World, job: str) -> tuple[JobState, bool]:
    """What the scheduler says of one job, and whether the time was up before it said it.

    An id that must not be given to it, such as an array's, is like one that it does not know: the poll of the others goes on.
    """
    try:
        argv = world.settings.scheduler.job_command(job)
    except BadData as refused:
        return JobState(outcome=JobOutcome.GONE, job=job, sentence=str(refused)), False
    printed = await world.site.run(argv, timeout_s=world.settings.waits.queue_s)
    return world.settings.scheduler.read_job(job, printed).state, printed.timed_out


async def look_for_gone(world: World, gone: Sequence[Gone], book: ResultsBook, memory: JobMemory) -> dict[int, Event]:
    """What became of jobs that are not listed among the living; those of which nothing is known are left out.

    Their results are read once more before anything is said, since they may have ended after the first reading.
    """
    states = await _states(world, gone, memory)
    finals = [one for one in gone if one.run.remote_id in states]
    await _read_again(world, [one.run for one in finals], book)
    events: dict[int, Event] = {}
    for one in finals:
        event = await _event_of(world, one, states[one.run.remote_id], book, memory)
        if event is not None:
            events[one.run.remote_id] = event
    return events


async def _states(world: World, gone: Sequence[Gone], memory: JobMemory) -> dict[int, JobState]:
    """Each job's last state: from the queue, from one look at the ended ones where there are several, else by its id.

    One of which nothing was heard is left out; a time-out ends the asking, as the others would each wait as long.
    """
    asked = [one for one in gone if one.state is None]
    history = await look_at_history(world, memory) if len(asked) > 1 else None
    states: dict[int, JobState] = {}
    for one in gone:
        state = one.state or (history.by_job(one.job) if history else None)
        if state is None:
            state, is_silent = await _ask(world, one.job)
            if is_silent:
                break
        if state.outcome is not JobOutcome.NO_ANSWER:
            states[one.run.remote_id] = _unless_anothers(one, state)
    return states


def _unless_anothers(one: Gone, state: JobState) -> JobState:
    """An id that the answer to the submit had wrong may be anybody's: what is told of another name is not told of ours."""
    attempt = one.run.attempt
    if attempt is None or not attempt.nonce or state.may_be(attempt.job_name(one.run.remote_id)):
        return state
    return JobState(outcome=JobOutcome.GONE, job=one.job, sentence=f"job {one.job} is '{state.name}'")


async def look_at_history(world: World, memory: JobMemory) -> QueueListing | None:
    """The ended jobs that the scheduler remembers, and how long it does; some sites show them to their staff only."""
    memory.is_history_asked = True
    if memory.history_refusals >= _REFUSALS:
        return None
    argv = world.settings.scheduler.history_command(site_user(world))
    listing = world.settings.scheduler.read_queue(await world.site.run(argv, timeout_s=world.settings.waits.queue_s))
    if listing is None:
        memory.history_refusals += 1
    elif listing.purge_s is not None:
        memory.purge_s = listing.purge_s
    return listing


async def _read_again(world: World, runs: Sequence[Run], book: ResultsBook) -> None:
    if runs:
        asks = [book.ask(run, world.settings.layout.remote_root) for run in runs]
        again = await world.site.poll((), asks, timeout_s=world.settings.waits.queue_s)
        await take_all(world, runs, again.results, book)


async def _event_of(world: World, one: Gone, state: JobState, book: ResultsBook, memory: JobMemory) -> Event | None:
    results = await results_of_job(world, one.run, book.of[one.run.remote_id])
    if state.outcome in (JobOutcome.QUEUED, JobOutcome.HELD, JobOutcome.RUNNING):
        return listed_event(one.run, state, results)
    if (end := ended(one.run, results)) is not None:
        return end
    if await has_foreign_job(world, one.run):
        end = await foreign_end(world, one.run, is_over=state.outcome is JobOutcome.ENDED)
        if end is not None:
            return end
    if state.outcome is JobOutcome.ENDED:
        if not _is_said_twice(world, one, results, memory):
            return None
        said = f"{state.word}, {state.sentence}" if state.sentence else state.word
        sentence = f"the scheduler says '{said}' of job {one.job}, which left no end mark"
        if told := await _told_by_its_output(world, one.run):
            sentence += f"; its output says '{told}'"
        return JobKilled(left=cut_tasks(one.run, results), sentence=sentence)
    return _not_listed(world, one, book) if state.outcome is JobOutcome.GONE else None


def _is_said_twice(world: World, one: Gone, results: TaskResults, memory: JobMemory) -> bool:
    """Whether an earlier look was told so too, and no mark, no result and no sign of life has come for several beats since.

    A scheduler may be mistaken, and the site's files may show a job's last lines late; a new job would take over from a living one.
    """
    now = world.clock.now()
    known = (
        one.job,
        len(results.starts),
        len(results.tasks),
        len(results.passed),
        len(results.abandoned),
        results.alive_at,
    )
    first_at, before = memory.said_ended.get(one.run.remote_id, (now, ()))
    if before != known:
        memory.said_ended[one.run.remote_id] = (now, known)
        return False
    return now - first_at >= _SILENT_BEATS * world.settings.beat_s


async def _told_by_its_output(world: World, run: Run) -> str:
    """Why it was ended, for a person; an output that is not there explains nothing."""
    path = log_path(world.settings.layout.remote_root, run.stage, run.remote_id)
    try:
        return why_ended((await world.site.tail(path, offset=-_OUTPUT_BYTES, limit=_OUTPUT_BYTES)).text)
    except (BadData, NoAnswer, SiteFailed, SiteRefused):
        return ""


def _not_listed(world: World, one: Gone, book: ResultsBook) -> Event | None:
    """The scheduler may not know a fresh id yet, so absence is only called out after a while, and decides nothing."""
    now, remote_id = world.clock.now(), one.run.remote_id
    since = book.unlisted_since.setdefault(remote_id, now)
    if now - since < world.settings.waits.unlisted_s:
        return None
    return JobNotListed(
        sentence=f"job {one.job} is in no list of the scheduler and left no end mark: 'rpconsole reconcile {remote_id}' shows "
        f"what speaks for and against it; then 'rpconsole run resubmit {remote_id}'"
    )
