"""Carry out an operator's wish to end a job, and say what the scheduler answered."""

from __future__ import annotations

from rpconsole.commands.scheduler import CancelOutcome, JobOutcome
from rpconsole.domain.action import CancelJob, Level
from rpconsole.domain.fault import BadData
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.submit import queue_argv
from rpconsole.engine.world import World


async def cancel_job(world: World, action: CancelJob, notices: NoticeBoard, *, name: str = "") -> None:
    """Ask the scheduler; the run itself ends when the scheduler's own record or the job's end mark says so.

    ``name`` is the job's, which no other has: an id that the queue shows under another name is not ended.
    """
    jobs, other = await _ours(world, action.job, name)
    if other:
        sentence = f"job {action.job} was not cancelled: the scheduler says that it is '{other}', and ours is '{name}'"
        notices.say(Level.WARN, sentence, remote_id=action.remote_id)
    for job in jobs:
        await _cancel(world, job, action.remote_id, notices)


async def _ours(world: World, job: str, name: str) -> tuple[tuple[str, ...], str]:
    """The ids to end: all that bear the name, else the one that we know; and whose that one is, if not ours."""
    heard = await world.site.poll(queue_argv(world), [], timeout_s=world.settings.waits.queue_s)
    listing = world.settings.scheduler.read_queue(heard.queue)
    if not name or listing is None or not listing.has_names:
        return (job,), ""
    named = [state.job for state in listing.by_name(name) if state.job and state.outcome is not JobOutcome.ENDED]
    if named:
        return tuple(named), ""
    row = listing.by_job(job)
    if row is not None and row.name and not row.may_be(name):
        return (), row.name
    return (job,), ""


async def _cancel(world: World, job: str, remote_id: int, notices: NoticeBoard) -> None:
    try:
        argv = world.settings.scheduler.cancel_command(job)
    except BadData as refused:
        sentence = f"job {job} cannot be cancelled from here: {refused}; the site's own commands can"
        notices.say(Level.WARN, sentence, remote_id=remote_id)
        return
    printed = await world.site.run(argv, timeout_s=world.settings.waits.queue_s)
    answer = world.settings.scheduler.read_cancel(job, printed)
    if answer.outcome is CancelOutcome.CANCELLED:
        notices.say(Level.NOTE, f"job {job} is being cancelled", remote_id=remote_id)
    else:
        sentence = f"job {job} was not cancelled: {answer.sentence or answer.outcome}"
        notices.say(Level.WARN, sentence, remote_id=remote_id)
    if answer.others:
        sentence = f"cancelling {job} also ended {', '.join(answer.others)}: the scheduler read the id as a pattern"
        notices.say(Level.ALERT, sentence, remote_id=remote_id)
