"""When a waiting job is expected to start, where its queue does not tell: asked of the scheduler when a person asks, and only then."""

from __future__ import annotations

from rpconsole.commands.results import TaskResults
from rpconsole.commands.scheduler import Forecaster
from rpconsole.domain.fault import BadData, NoAnswer, SessionLost, SiteFailed, SiteRefused
from rpconsole.domain.run import Run, Step
from rpconsole.engine.world import World

#: a person waits for it, and such questions are known to hang
_PATIENCE_S = 10.0


async def forecast(world: World, run: Run, results: TaskResults | None) -> str:
    """A sentence; nothing for a job that has begun, of which the queue tells already, or that something else holds up."""
    scheduler, attempt = world.settings.scheduler, run.attempt
    if run.step is not Step.POLL or attempt is None or attempt.job is None or not isinstance(scheduler, Forecaster):
        return ""
    if run.hold:
        return ""
    if results is not None and results.has_started(attempt.job_name(run.remote_id)):
        return ""
    try:
        printed = await world.site.run(scheduler.start_command(attempt.job), timeout_s=_PATIENCE_S)
    except (BadData, NoAnswer, SessionLost, SiteFailed, SiteRefused):
        return ""
    return scheduler.read_forecast(attempt.job, printed)
