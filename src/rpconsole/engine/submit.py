"""Submit a run's job exactly once, and find out what became of a submit whose answer never came."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from posixpath import dirname

from rpconsole.commands.scheduler import JobOrder, SubmitAnswer
from rpconsole.domain.event import (
    Event,
    JobAccepted,
    NothingSubmitted,
    StepFailed,
    SubmitDoubtful,
    SubmitIntended,
    SubmitUnknown,
)
from rpconsole.domain.fault import BadConfiguration, FaultKind, NoAnswer, NoSession, SessionLost, SiteFailed
from rpconsole.domain.run import Attempt, Run
from rpconsole.engine.remote_names import claim_dir, script_path
from rpconsole.engine.results_book import ResultsBook, read_to_end
from rpconsole.engine.world import World
from rpconsole.ports.site import Receipt, SubmitOrder


def intend(world: World, run: Run) -> SubmitIntended:
    """The next attempt, to be written down before anything is sent."""
    attempt = Attempt(number=run.attempts + 1, nonce=secrets.token_hex(2), intended_at=world.clock.now())
    return SubmitIntended(attempt=attempt)


async def submit_run(world: World, run: Run) -> Event:
    """Claim at the site and submit; a repeated call for the same attempt only reports.

    An answer that does not come is unknown, never a failure: the order may have reached the scheduler.
    """
    if run.attempt is None:
        return StepFailed(kind=FaultKind.PERMANENT, sentence="no attempt was intended")
    await _make_log_directory(world)
    try:
        receipt = await world.site.submit(_order(world, run, run.attempt), wait_s=world.settings.waits.submit_s)
    except NoSession:
        raise
    except SessionLost:
        return SubmitUnknown(sentence="the session ended while the job was being submitted")
    except NoAnswer as silent:
        return SubmitUnknown(sentence=str(silent))
    if receipt.answer is None:
        return SubmitUnknown(sentence="the scheduler has not answered the submit yet")
    return world.settings.scheduler.read_submit(receipt.answer)


async def _make_log_directory(world: World) -> None:
    """Schedulers fail a job, without a word, whose output has no directory to go to."""
    logs = f"{world.settings.layout.remote_root.rstrip('/')}/stask_logs"
    answer = await world.site.run(["mkdir", "-p", logs], timeout_s=world.settings.waits.queue_s)
    if answer.rc != 0:
        raise SiteFailed(f"{logs} cannot be made at the site: {answer.err.strip()}")


def _order(world: World, run: Run, attempt: Attempt) -> SubmitOrder:
    root = world.settings.layout.remote_root
    script = script_path(run, root)
    name = attempt.job_name(run.remote_id)
    wanted = world.settings.script.directives_of(run.stage)
    if world.settings.script.account_required and wanted.charges_nobody():
        raise BadConfiguration(
            f"this job would be charged to nobody, and the site wants an account: set site.account or "
            f"site.stages.{run.stage}.account"
        )
    job = JobOrder(
        script=script,
        name=name,
        cwd=dirname(script),
        account=wanted.account,
        queue=wanted.queue,
        extra=wanted.submit_options,
    )
    argv = tuple(world.settings.scheduler.submit_command(job))
    return SubmitOrder(claim_dir=claim_dir(run, attempt, root), argv=argv, cwd=dirname(script), name=name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What speaks for and against a job of a doubtful attempt."""

    receipt: Receipt
    #: what the receipt reads as; None without one
    answer: SubmitAnswer | None
    #: id of a job of our name in the queue; None = not listed
    listed: str | None
    #: the queue was read at all
    queue_heard: bool
    #: job id in the start mark that the job itself wrote
    started: str | None


async def reconcile_run(world: World, run: Run) -> Event:
    """Look for evidence in the order receipt, queue, start mark; send nothing."""
    if run.attempt is None:
        return NothingSubmitted()
    evidence = await gather_evidence(world, run, run.attempt)
    return judge(evidence, run, world.settings.waits.receipt_s)


async def gather_evidence(world: World, run: Run, attempt: Attempt) -> Evidence:
    """Everything that the site knows of an attempt."""
    root = world.settings.layout.remote_root
    receipt = await world.site.receipt(claim_dir(run, attempt, root))
    answer = world.settings.scheduler.read_submit(receipt.answer) if receipt.answer else None
    heard = await world.site.poll(queue_argv(world), [], timeout_s=world.settings.waits.queue_s)
    listing = world.settings.scheduler.read_queue(heard.queue)
    name = attempt.job_name(run.remote_id)
    named = listing.by_name(name) if listing else ()
    results = await read_to_end(world, run, ResultsBook())
    starts = [mark for mark in results.starts if mark.name == name]
    return Evidence(
        receipt=receipt,
        answer=answer,
        listed=named[0].job if named else None,
        queue_heard=listing is not None,
        started=starts[-1].job if starts else None,
    )


def judge(evidence: Evidence, run: Run, receipt_s: float) -> Event:
    """One event from the evidence: a job where anything shows one, nothing only without any claim, doubt else."""
    if evidence.answer is not None and not isinstance(evidence.answer, SubmitUnknown):
        return evidence.answer
    job = evidence.listed or evidence.started
    if job:
        return JobAccepted(job=job)
    if not evidence.receipt.claimed:
        return NothingSubmitted()
    if not evidence.queue_heard or (evidence.receipt.age_s or 0.0) < receipt_s:
        sentence = "a submit is in doubt; its evidence is still coming in"
        return StepFailed(kind=FaultKind.AWAY, sentence=sentence)
    age_s = evidence.receipt.age_s or 0.0
    return SubmitDoubtful(
        sentence=f"run {run.remote_id}: submitted {age_s:.0f} s ago, no id came back, and no job of its name is listed: "
        f"look at the scheduler, then 'rpconsole run resubmit {run.remote_id}' or wait"
    )


def queue_argv(world: World) -> tuple[str, ...]:
    """The scheduler's listing of our user's jobs."""
    return tuple(world.settings.scheduler.queue_command(site_user(world)))


def site_user(world: World) -> str:
    """As whom we are logged in, which is whose jobs ours are."""
    return next((view.user for view in world.sessions.view() if view.user), "")
