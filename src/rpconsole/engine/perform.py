"""The edge of every performer: whatever goes wrong inside comes out as an event."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from rpconsole.domain import event as ev
from rpconsole.domain.event import Event, SessionGone, StepFailed
from rpconsole.domain.fault import Fault, FaultKind, HelperAway, HelperDied, RpconsoleError, SessionLost
from rpconsole.domain.full_disk import kind_of
from rpconsole.domain.run import NETWORK_STEPS, Run
from rpconsole.engine.world import World

log = logging.getLogger(__name__)

Performer = Callable[[World, Run], Awaitable[Event]]


async def outcome_of(performer: Performer, world: World, run: Run) -> Event:
    """Carry out one action and answer with what happened; never raises, but lets a cancellation through."""
    log.info("run %d: %s started", run.remote_id, run.step)
    try:
        event = await performer(world, run)
    except SessionLost as lost:
        log.info("run %d: %s parked: %s", run.remote_id, run.step, lost)
        return SessionGone()
    except RpconsoleError as error:
        log.warning("run %d: %s failed: %s", run.remote_id, run.step, error)
        return _failure(run, error)
    except Exception:
        log.exception("run %d: %s ended in a fault of ours", run.remote_id, run.step)
        sentence = f"a fault of ours in '{run.step}'; the log has the details"
        return StepFailed(kind=FaultKind.PERMANENT, sentence=sentence, fault=Fault.PROGRAMMING)
    log.info("run %d: %s ended: %s", run.remote_id, run.step, type(event).__name__)
    return event


def _failure(run: Run, error: RpconsoleError) -> Event:
    """What the site's helper does to a run that needs it is the site's, not the run's."""
    if run.step in NETWORK_STEPS and isinstance(error, HelperAway):
        return ev.HelperAway(sentence=str(error))
    if run.step in NETWORK_STEPS and isinstance(error, HelperDied):
        return ev.HelperDied(sentence=str(error))
    return StepFailed(kind=kind_of(error), sentence=str(error), fault=error.fault)
