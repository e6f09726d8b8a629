"""What the scheduler's rows and the runner's marks mean for a run."""

from __future__ import annotations

from rpconsole.commands.remedies import waiting_sentence
from rpconsole.commands.results import EndMark, TaskResults
from rpconsole.commands.scheduler import JobOutcome, JobState
from rpconsole.domain.event import Event, JobEnded, JobHeld, JobQueued, JobRunning
from rpconsole.domain.run import Run


def ended(run: Run, results: TaskResults) -> JobEnded | None:
    """That the present attempt's own end mark is there."""
    end = end_mark(run, results)
    return JobEnded(passed=end.passed, failed=end.failed, left=end.left) if end is not None else None


def end_mark(run: Run, results: TaskResults) -> EndMark | None:
    """The end mark of the run's present attempt; one of an attempt before does not count."""
    if run.attempt is None or not run.attempt.nonce:
        return results.ends[-1] if results.ends else None
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


def tasks_of(results: TaskResults) -> int:
    """How many tasks the job has; 0 before it started."""
    return results.starts[-1].tasks if results.starts else 0


def cut_tasks(run: Run, results: TaskResults) -> int:
    """Tasks that a killed job cut: without a start mark of this attempt at least one was, however many there are."""
    left = tasks_of(results) - len(results.passed) - len(results.abandoned)
    started = run.attempt is not None and results.has_started(run.attempt.job_name(run.remote_id))
    return max(0, left) if started else max(1, left)
