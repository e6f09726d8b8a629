"""Find out what became of a submit whose answer never came; nothing is sent."""

from __future__ import annotations

from rpconsole.commands.remedies import with_remedy
from rpconsole.commands.results import TaskResults
from rpconsole.commands.scheduler import SubmitAnswer, last_words
from rpconsole.domain.event import Event, JobAccepted, NothingSubmitted, StepFailed, SubmitDoubtful, SubmitUnknown
from rpconsole.domain.evidence import SubmitEvidence, SubmitReading, recommended
from rpconsole.domain.fault import FaultKind, NoAnswer, SessionLost
from rpconsole.domain.run import Attempt, Run
from rpconsole.engine.remote_names import claim_dir
from rpconsole.engine.results_book import ResultsBook, read_to_end
from rpconsole.engine.submit import queue_argv
from rpconsole.engine.world import World
from rpconsole.ports.site import Receipt


async def reconcile_run(world: World, run: Run) -> Event:
    """Look for evidence: the receipt, the queue by name, the start mark."""
    if run.attempt is None:
        return NothingSubmitted()
    evidence, answer = await _gather(world, run, run.attempt)
    return judge(evidence, answer, world.settings.waits.receipt_s)


async def evidence_of(world: World, run: Run) -> SubmitEvidence:
    """Everything that is known of the run's present attempt, with one recommended act."""
    plain = SubmitEvidence(remote_id=run.remote_id, step=str(run.step))
    if run.attempt is not None:
        plain = _intended(run, run.attempt)
        try:
            plain, _ = await _gather(world, run, run.attempt)
        except (SessionLost, NoAnswer):
            pass  # the journal's part stands; the act says what is missing
    return recommended(plain, receipt_s=world.settings.waits.receipt_s)


def _intended(run: Run, attempt: Attempt) -> SubmitEvidence:
    return SubmitEvidence(
        remote_id=run.remote_id,
        step=str(run.step),
        attempt=attempt.number,
        name=attempt.job_name(run.remote_id),
        intended_at=attempt.intended_at,
        job=attempt.job,
    )


async def _gather(world: World, run: Run, attempt: Attempt) -> tuple[SubmitEvidence, SubmitAnswer | None]:
    receipt = await world.site.receipt(claim_dir(run, attempt, world.settings.layout.remote_root))
    answer = world.settings.scheduler.read_submit(receipt.answer) if receipt.answer else None
    heard = await world.site.poll(queue_argv(world), [], timeout_s=world.settings.waits.queue_s)
    listing = world.settings.scheduler.read_queue(heard.queue)
    name = attempt.job_name(run.remote_id)
    results = await read_to_end(world, run, ResultsBook())
    starts = [mark for mark in results.starts if mark.name == name]
    evidence = SubmitEvidence(
        remote_id=run.remote_id,
        step=str(run.step),
        attempt=attempt.number,
        name=name,
        intended_at=attempt.intended_at,
        job=attempt.job,
        is_asked=True,
        is_claimed=receipt.claimed,
        claim_age_s=receipt.age_s,
        reading=_reading(answer),
        answer=_said(receipt),
        is_queue_heard=listing is not None and listing.has_names,
        listed=tuple((state.job or "", state.word) for state in (listing.by_name(name) if listing else ())),
        started=starts[-1].job if starts else None,
        started_age_s=max(0.0, heard.now - starts[-1].epoch) if starts else None,
        ended=_ending(results, name),
    )
    return evidence, answer


def _ending(results: TaskResults, name: str) -> str | None:
    end = results.end_of(name)
    return f"{end.reason}: {end.passed} passed, {end.failed} failed, {end.left} left" if end else None


def _reading(answer: SubmitAnswer | None) -> SubmitReading:
    match answer:
        case None:
            return SubmitReading.NONE
        case JobAccepted():
            return SubmitReading.ACCEPTED
        case SubmitUnknown():
            return SubmitReading.UNKNOWN
    return SubmitReading.NO_JOB


def _said(receipt: Receipt) -> str:
    return last_words((receipt.answer.out, receipt.answer.err)) if receipt.answer else ""


def judge(evidence: SubmitEvidence, answer: SubmitAnswer | None, receipt_s: float) -> Event:
    """One event from the evidence: a job where anything shows one, nothing only without any claim, doubt else.

    The queue and the job's own mark are believed before a refusal: a scheduler may say no and take the job all the same.
    """
    if isinstance(answer, JobAccepted):
        return answer
    job = next((job for job, _ in evidence.listed if job), None) or evidence.started
    if job:
        return JobAccepted(job=job)
    if answer is not None and not isinstance(answer, SubmitUnknown):
        return type(answer)(sentence=with_remedy(answer.sentence, run=evidence.remote_id))
    if not evidence.is_claimed:
        return NothingSubmitted()
    age_s = evidence.claim_age_s or 0.0
    if not evidence.is_queue_heard or age_s < receipt_s:
        sentence = "a submit is in doubt; its evidence is still coming in"
        return StepFailed(kind=FaultKind.AWAY, sentence=sentence)
    return SubmitDoubtful(
        sentence=f"run {evidence.remote_id}: submitted {age_s:.0f} s ago, no id came back, and no job of its name is listed: "
        f"'rpconsole reconcile {evidence.remote_id}' shows the evidence; 'rpconsole run resubmit {evidence.remote_id}' decides"
    )
