"""What an order would do, found out by deciding it without carrying it out."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence

from rpconsole.domain.action import Action, CancelJob, action_for
from rpconsole.domain.event import CancelOrdered, Event, ResubmitOrdered, RetryOrdered
from rpconsole.domain.looks import OrderPreview
from rpconsole.domain.machine import InvalidMove, decide
from rpconsole.domain.run import Component, ComponentState, Run
from rpconsole.engine.world import World

#: orders that move a run; ``revert`` changes components only
MOVES: Mapping[str, Callable[[str], Event]] = {
    "cancel": lambda who: CancelOrdered(who=who),
    "retry": lambda who: RetryOrdered(who=who),
    "resubmit": lambda who: ResubmitOrdered(who=who),
}
#: components that a preview names before it only counts
NAMED = 12


def moved_preview(world: World, run: Run, verb: str, who: str) -> OrderPreview:
    """What the order makes of the run; nothing is written and nothing is sent."""
    try:
        moved, actions = decide(run, MOVES[verb](who), world.clock.now(), world.settings.retry)
    except InvalidMove as invalid:
        return OrderPreview(remote_id=run.remote_id, refused=str(invalid).partition("\n")[0])
    site = [
        shlex.join(world.settings.scheduler.cancel_command(action.job))
        for action in actions
        if isinstance(action, CancelJob)
    ]
    return OrderPreview(remote_id=run.remote_id, site=tuple(site), rows=_rows(run, moved), then=_then(moved, actions))


def reverted_preview(run: Run, failed: Sequence[Component], *, rebundle: bool) -> OrderPreview:
    """The rows that a revert sets to ``retry``; with ``rebundle`` also the run that is made of them at once."""
    if not failed:
        return OrderPreview(remote_id=run.remote_id, refused="it has no failed component")
    ids = [str(one.stage_id) for one in failed[:NAMED]]
    more = f", … {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    rows = [
        f"UPDATE remoteComponent SET state = '{ComponentState.RETRY}' WHERE remote_id = {run.remote_id}"
        f" AND stage_id IN ({', '.join(ids)}{more}): {len(failed)} row{'' if len(failed) == 1 else 's'}"
    ]
    if rebundle:
        rows.append(f"INSERT remoteRun (state 'new', stage '{run.stage}', label '{run.label}') and its remoteComponent")
        return OrderPreview(remote_id=run.remote_id, rows=tuple(rows), then="the new run is prepared")
    return OrderPreview(remote_id=run.remote_id, rows=tuple(rows), then="the next definition takes them")


def _rows(run: Run, moved: Run) -> tuple[str, ...]:
    columns = {
        "state": (f"'{run.state}'", f"'{moved.state}'"),
        "job_id": (run.job_id, moved.job_id),
        "fault": (run.fault, moved.fault),
    }
    changed = [f"{name} = {now}" for name, (was, now) in columns.items() if was != now]
    if not changed:
        return ()
    return (f"UPDATE remoteRun SET {', '.join(changed)} WHERE remote_id = {run.remote_id}: 1 row",)


def _then(moved: Run, actions: Sequence[Action]) -> str:
    if moved.hold:
        return moved.hold
    following = action_for(moved)
    return (
        f"it goes on at '{moved.step}'"
        if following is not None and following in actions
        else f"it is at '{moved.step}'"
    )
