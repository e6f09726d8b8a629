"""Submit a run's job exactly once."""

from __future__ import annotations

import secrets
from dataclasses import replace
from posixpath import dirname

from rpconsole.commands.remedies import with_remedy
from rpconsole.commands.scheduler import JobOrder, SubmitAnswer
from rpconsole.domain.event import (
    Event,
    JobAccepted,
    QueueFull,
    SchedulerAway,
    StepFailed,
    SubmitIntended,
    SubmitRefused,
    SubmitUnknown,
)
from rpconsole.domain.fault import BadConfiguration, FaultKind, NoAnswer, NoSession, SessionLost, SiteFailed
from rpconsole.domain.run import Attempt, Run
from rpconsole.engine.remote_names import claim_dir, script_path
from rpconsole.engine.world import World
from rpconsole.ports.site import SubmitOrder


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
    return await _unless_taken(world, run, run.attempt, world.settings.scheduler.read_submit(receipt.answer))


async def _unless_taken(world: World, run: Run, attempt: Attempt, answer: SubmitAnswer) -> SubmitAnswer:
    """A scheduler that says no and took the job all the same would be given it again: its queue is looked at before it is believed."""
    if not isinstance(answer, SubmitRefused | QueueFull | SchedulerAway):
        return answer
    heard = await world.site.poll(queue_argv(world), [], timeout_s=world.settings.waits.queue_s)
    listing = world.settings.scheduler.read_queue(heard.queue)
    named = listing.by_name(attempt.job_name(run.remote_id)) if listing else ()
    if named and named[0].job:
        return JobAccepted(job=named[0].job)
    return replace(answer, sentence=with_remedy(answer.sentence, run=run.remote_id))


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


def queue_argv(world: World) -> tuple[str, ...]:
    """The scheduler's listing of our user's jobs."""
    return tuple(world.settings.scheduler.queue_command(site_user(world)))


def site_user(world: World) -> str:
    """As whom we are logged in, which is whose jobs ours are."""
    return next((view.user for view in world.sessions.view() if view.user), "")
