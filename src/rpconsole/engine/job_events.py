"""What the scheduler's rows and the runner's marks mean for a run."""

from __future__ import annotations

from rpconsole.commands.remedies import waiting_sentence
from rpconsole.commands.results import EndMark, TaskResults
from rpconsole.commands.scheduler import JobOutcome, JobState
from rpconsole.domain.event import Event, JobEnded, JobHeld, JobQueued, JobRunning
from rpconsole.domain.run import Run

#: signs of life that are missed before a person is told
_SILENT_BEATS = 15


def ended(run: Run, results: TaskResults) -> JobEnded | None:
    """That the present attempt's own end mark is there."""
    end = end_mark(run, results)
    return JobEnded(passed=end.passed, failed=end.failed, left=end.left) if end is not None else None


def end_mark(run: Run, results: TaskResults) -> EndMark | None:
    """The end mark of the run's present attempt; one of an attempt before does not count.

    Of a job that is known by its number alone (the journal was lost, or a person submitted our script) it is that of the last start.
    """
    if run.attempt is None or not run.attempt.nonce:
        return results.end_of(results.starts[-1].name) if results.starts else None
    return results.end_of(run.attempt.job_name(run.remote_id))


def listed_event(run: Run, state: JobState, results: TaskResults) -> Event | None:
    """What a job's row means for its run; a word that we do not know means nothing."""
    match state.outcome:
        case JobOutcome.QUEUED:
            return JobQueued(sentence=waiting_sentence(state, run=run.remote_id))
        case JobOutcome.HELD:
            return JobHeld(sentence=waiting_sentence(state, run=run.remote_id))
        case JobOutcome.RUNNING:
            return JobRunning(done=len(results.passed), failed=len(results.abandoned), total=tasks_of(results))
        case _:
            return None


def silence_of_runner(run: Run, results: TaskResults, *, now: float, beat_s: float) -> str:
    """That a job which is said to run gives no sign of life, for a person; nothing where it does, or never gave any.

    ``now`` is the site's clock.
    """
    name = run.attempt.job_name(run.remote_id) if run.attempt is not None else ""
    if results.alive_at is None or not results.has_started(name) or results.alive_at < _start_of(results, name):
        return ""
    silent_s = now - results.alive_at
    if silent_s < _SILENT_BEATS * beat_s:
        return ""
    return (
        f"the scheduler says that it runs, but its runner has given no sign of life for {silent_s / 60:.0f} minutes: its node hangs, or it "
        f"was killed; 'rpconsole run cancel {run.remote_id}' ends it, and 'rpconsole run retry {run.remote_id}' then does the rest"
    )


def _start_of(results: TaskResults, name: str) -> float:
    return next(mark.epoch for mark in reversed(results.starts) if mark.name == name)


def tasks_of(results: TaskResults) -> int:
    """How many tasks the job has; 0 before it started."""
    return results.starts[-1].tasks if results.starts else 0


def cut_tasks(run: Run, results: TaskResults) -> int:
    """Tasks that a killed job cut: without a start mark of this attempt at least one was, however many there are."""
    left = tasks_of(results) - len(results.passed) - len(results.abandoned)
    started = run.attempt is not None and results.has_started(run.attempt.job_name(run.remote_id))
    return max(0, left) if started else max(1, left)
