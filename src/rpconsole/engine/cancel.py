"""Carry out an operator's wish to end a job, and say what the scheduler answered."""

from __future__ import annotations

from rpconsole.commands.scheduler import CancelOutcome
from rpconsole.domain.action import CancelJob, Level
from rpconsole.domain.fault import BadData
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.world import World


async def cancel_job(world: World, action: CancelJob, notices: NoticeBoard) -> None:
    """Ask the scheduler; the run itself ends when the scheduler's own record or the job's end mark says so."""
    try:
        argv = world.settings.scheduler.cancel_command(action.job)
    except BadData as refused:
        sentence = f"job {action.job} cannot be cancelled from here: {refused}; the site's own commands can"
        notices.say(Level.WARN, sentence, remote_id=action.remote_id)
        return
    answer = world.settings.scheduler.read_cancel(
        action.job, await world.site.run(argv, timeout_s=world.settings.waits.queue_s)
    )
    if answer.outcome is CancelOutcome.CANCELLED:
        notices.say(Level.NOTE, f"job {action.job} is being cancelled", remote_id=action.remote_id)
    else:
        sentence = f"job {action.job} was not cancelled: {answer.sentence or answer.outcome}"
        notices.say(Level.WARN, sentence, remote_id=action.remote_id)
    if answer.others:
        sentence = (
            f"cancelling {action.job} also ended {', '.join(answer.others)}: the scheduler read the id as a pattern"
        )
        notices.say(Level.ALERT, sentence, remote_id=action.remote_id)
