"""The run's state machine: one transition table, and ``decide`` which reads it.

Everything that moves a run from step to step is in ``TABLE``; the diagram in the documentation is drawn from it. A (step, event) pair
that is not in the table raises ``InvalidMove``. Neither the clock nor a random number is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rpconsole.domain import event as ev
from rpconsole.domain.action import Action, CancelJob, Level, TellOperators, action_for
from rpconsole.domain.fault import ExitCode, Fault, RpconsoleError
from rpconsole.domain.retry import DEATHS_TOLD, RetryPolicy, decide_retry, site_delay_s, spread_of
from rpconsole.domain.run import FINAL_STEPS, NETWORK_STEPS, NO_SESSION, Run, Step


class InvalidMove(RpconsoleError):
    """The event cannot happen to a run at this step."""

    exit_code = ExitCode.PROGRAMMING
    fault = Fault.PROGRAMMING

    def __init__(self, run: Run, event: ev.Event, story: Sequence[str] = ()) -> None:
        super().__init__(
            f"run {run.remote_id} stands at '{run.step}', where {type(event).__name__} cannot happen",
            evidence="\n".join(story),
        )
        self.run = run
        self.event = event


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What an effect may look at besides the run and the event."""

    now: float
    policy: RetryPolicy


Effect = Callable[[Run, ev.Event, Context], tuple[Run, tuple[Action, ...]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One row of the table: what an event does at a step."""

    #: every step that this move can lead to, for the diagram and the tests
    to: tuple[Step, ...]
    effect: Effect


def _forward(run: Run, to: Step, **changes: object) -> Run:
    """A move forward clears whatever delayed the step before."""
    clean: dict[str, object] = {"step": to, "tries": 0, "next_try_at": None, "hold": None, "parked": False, "fault": 0}
    return run.with_(**(clean | changes))


def _go(to: Step) -> Move:
    """Go on to a step, nothing else."""
    return Move(to=(to,), effect=lambda run, event, ctx: (_forward(run, to), ()))


def _prepare_refused(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    assert isinstance(event, ev.PrepareRefused)
    return _stop(run, Step.PREP_STOPPED, event.sentence, event.fault)


def _stop(run: Run, to: Step, sentence: str, fault: int) -> tuple[Run, tuple[Action, ...]]:
    stopped = run.with_(step=to, stopped_at=run.step, hold=sentence, fault=int(fault), next_try_at=None, parked=False)
    told = TellOperators(
        remote_id=run.remote_id, level=Level.ALERT, sentence=f"run {run.remote_id} stopped: {sentence}"
    )
    return stopped, (told,)


def _failing(to: Step) -> Move:
    """Spend a try as the policy says; at the end of the budget the run stops at ``to`` for a person."""

    def effect(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
        assert isinstance(event, ev.StepFailed)
        decision = decide_retry(ctx.policy, event.kind, run.tries, ctx.now, spread_of(run.remote_id, run.tries))
        tries = run.tries + 1 if decision.counted else run.tries
        if decision.next_try_at is None:
            return _stop(run.with_(tries=tries), to, event.sentence, event.fault)
        return run.with_(tries=tries, next_try_at=decision.next_try_at, hold=event.sentence, fault=int(event.fault)), ()

    return Move(to=(to,), effect=effect)


def _intended(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    """An attempt that was intended may have been submitted: it is never replaced, only brought to an end."""
    assert isinstance(event, ev.SubmitIntended)
    if run.attempt is not None or event.attempt.number != run.attempts + 1:
        raise InvalidMove(run, event)
    return run.with_(attempt=event.attempt, attempts=event.attempt.number, hold=None), ()


def _inputs_verified(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    """Only an intended attempt may go on to be submitted."""
    if run.attempt is None:
        raise InvalidMove(run, event)
    return _forward(run, Step.SUBMIT), ()


def _accepted(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    assert isinstance(event, ev.JobAccepted)
    assert run.attempt is not None
    polled = _forward(run, Step.POLL, attempt=run.attempt._replace(job=event.job), jobs=run.jobs + 1)
    return polled, (CancelJob(remote_id=run.remote_id, job=event.job),) if run.cancel_wanted else ()


def _refused(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    """The scheduler's no is final for this attempt; another identical order would meet the same answer."""
    assert isinstance(event, ev.SubmitRefused)
    again = run.with_(step=Step.SHIP, attempt=None)
    return _stop(again, Step.EXEC_STOPPED, event.sentence, Fault.PROGRAMMING)


def _no_room(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    """A wait, not a failure: no job was made, so the next attempt is one more order and not one more job."""
    assert isinstance(event, ev.QueueFull | ev.SchedulerAway)
    again = run.with_(step=Step.SHIP, attempt=None)
    if run.cancel_wanted:
        return _stop(again, Step.STOPPED, "cancelled before it was submitted", Fault.NONE)
    return again.with_(next_try_at=ctx.now + ctx.policy.queue_full_s, hold=event.sentence), ()


def _unknown(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    assert isinstance(event, ev.SubmitUnknown)
    return run.with_(step=Step.RECONCILE, next_try_at=None, hold=event.sentence), ()


def _nothing(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    """The same attempt is submitted again: without a claim at the site nobody ever took it up."""
    if run.cancel_wanted:
        return _stop(run, Step.STOPPED, "cancelled before it was submitted", Fault.NONE)
    return _forward(run, Step.SUBMIT), ()


def _doubtful(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    assert isinstance(event, ev.SubmitDoubtful)
    waiting = run.with_(next_try_at=ctx.now + ctx.policy.reconcile_s, hold=event.sentence)
    if run.hold == event.sentence:
        return waiting, ()
    return waiting, (TellOperators(remote_id=run.remote_id, level=Level.ALERT, sentence=event.sentence),)


def _resubmit(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    return _forward(run, Step.SHIP, attempt=None), ()


def _stay(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    return run.with_(hold=None, parked=False, tries=0, next_try_at=None, fault=0), ()


def _listed(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    assert isinstance(event, ev.JobQueued | ev.JobRunning)
    stayed, actions = _stay(run, event, ctx)
    return stayed.with_(hold=event.sentence or None), actions


def _held(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    assert isinstance(event, ev.JobHeld | ev.JobNotListed)
    held = run.with_(hold=event.sentence, next_try_at=None)
    if run.hold == event.sentence:
        return held, ()
    return held, (TellOperators(remote_id=run.remote_id, level=Level.WARN, sentence=event.sentence),)


def _ended(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    """Tasks cut for want of time are submitted once more; the runner skips those that are done."""
    assert isinstance(event, ev.JobEnded | ev.JobKilled)
    if run.cancel_wanted:
        return _stop(run, Step.STOPPED, "cancelled by an operator", Fault.NONE)
    if event.left and run.jobs < ctx.policy.job_attempts:
        hold = f"{event.left} tasks were not finished; they go into the next attempt"
        return _forward(run, Step.SHIP, attempt=None, hold=hold), ()
    return _forward(run, Step.RETRIEVE), ()


def _park(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    """Wait for a login: nothing is counted, nothing is marked failed."""
    return run.with_(parked=True, next_try_at=None, hold=f"{NO_SESSION}: log in", fault=0), ()


def _revive(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    if not run.parked:
        return run, ()
    return run.with_(parked=False, next_try_at=None, hold=None), ()


def _helper_away(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    """Nothing is counted: the site failed before it heard of the run."""
    assert isinstance(event, ev.HelperAway)
    return run.with_(next_try_at=ctx.now + ctx.policy.away_s, hold=event.sentence, fault=int(Fault.SYSTEM)), ()


def _helper_died(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    """Nothing is counted either, as the run may have had no part in it; a run that may is tried ever less often, and told of."""
    assert isinstance(event, ev.HelperDied)
    delay_s = site_delay_s(ctx.policy, event.times)
    often = f" It did so {event.times} times in a row over this run." if event.times > 1 else ""
    held = run.with_(next_try_at=ctx.now + delay_s, hold=event.sentence + often, fault=int(Fault.TIMEOUT))
    if event.times != DEATHS_TOLD:
        return held, ()
    told = f"run {run.remote_id}: {held.hold} It is tried again, ever less often; 'rpconsole run cancel {run.remote_id}' gives it up"
    return held, (TellOperators(remote_id=run.remote_id, level=Level.ALERT, sentence=told),)


def _verified(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    assert isinstance(event, ev.ProductsVerified)
    return _forward(run, Step.APPLY, passed=event.passed, failed=event.failed), ()


def _applied(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    """``full`` needs at least one component whose products were verified; a strict label needs them all."""
    assert isinstance(event, ev.DbinfoApplied)
    counted = run.with_(passed=event.passed, failed=event.failed)
    if event.passed == 0:
        return _stop(counted, Step.STOPPED, "not one component came home whole", Fault.DATA)
    if event.failed and event.strict:
        sentence = f"{event.failed} components failed and label {run.label} is strict"
        return _stop(counted, Step.STOPPED, sentence, Fault.DATA)
    return _forward(counted, Step.ADVANCE), ()


def _advance_later(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    """The run is full whatever happens to its successors, so it can only wait."""
    assert isinstance(event, ev.StepFailed)
    last = ctx.policy.delays_s[-1]
    delay_s = ctx.policy.away_s if run.tries < ctx.policy.step_tries else last
    return run.with_(tries=run.tries + 1, next_try_at=ctx.now + delay_s, hold=event.sentence), ()


def _retry(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    """Take up the step that stopped; a retry of a live run only ends its waiting."""
    if run.step not in FINAL_STEPS:
        return run.with_(tries=0, next_try_at=None, hold=None), ()
    back = run.stopped_at or _BACK[run.step]
    return _forward(run, back, stopped_at=None, cancel_wanted=False), ()


_BACK = {Step.PREP_STOPPED: Step.PREPARE, Step.EXEC_STOPPED: Step.SHIP, Step.STOPPED: Step.POLL}


def _cancel(run: Run, event: ev.Event, ctx: Context) -> tuple[Run, tuple[Action, ...]]:
    assert isinstance(event, ev.CancelOrdered)
    wanted = run.with_(cancel_wanted=True)
    if run.step is Step.POLL and run.attempt and run.attempt.job:
        asked = wanted.with_(hold=f"{event.who} wants it cancelled; waiting for the scheduler to confirm")
        return asked, (CancelJob(remote_id=run.remote_id, job=run.attempt.job),)
    if run.step in (Step.SUBMIT, Step.RECONCILE):
        hold = f"{event.who} wants it cancelled; first it must be known whether a job exists"
        return wanted.with_(step=Step.RECONCILE, hold=hold, next_try_at=None), ()
    if run.step in (Step.RETRIEVE, Step.APPLY):
        return run, ()
    return _stop(wanted, Step.STOPPED, f"cancelled by {event.who}", Fault.NONE)


#: where a wish to cancel leads, if not at once to a stop
_CANCELLED_TO: dict[Step, tuple[Step, ...]] = {
    Step.SUBMIT: (Step.RECONCILE,),
    Step.RECONCILE: (),
    Step.POLL: (),
    Step.RETRIEVE: (),
    Step.APPLY: (),
}

_PARK = Move(to=(), effect=_park)
_REVIVE = Move(to=(), effect=_revive)
_STAY = Move(to=(), effect=_stay)

Table = dict[tuple[Step, type[ev.Event]], Move]

TABLE: Table = {
    (Step.PREPARE, ev.RunPrepared): _go(Step.SHIP),
    (Step.PREPARE, ev.PrepareRefused): Move(to=(Step.PREP_STOPPED,), effect=_prepare_refused),
    (Step.PREPARE, ev.StepFailed): _failing(Step.PREP_STOPPED),
    (Step.SHIP, ev.SubmitIntended): Move(to=(), effect=_intended),
    (Step.SHIP, ev.InputsVerified): Move(to=(Step.SUBMIT,), effect=_inputs_verified),
    (Step.SHIP, ev.StepFailed): _failing(Step.EXEC_STOPPED),
    (Step.SUBMIT, ev.JobAccepted): Move(to=(Step.POLL,), effect=_accepted),
    (Step.SUBMIT, ev.SubmitRefused): Move(to=(Step.EXEC_STOPPED,), effect=_refused),
    (Step.SUBMIT, ev.QueueFull): Move(to=(Step.SHIP, Step.STOPPED), effect=_no_room),
    (Step.SUBMIT, ev.SchedulerAway): Move(to=(Step.SHIP, Step.STOPPED), effect=_no_room),
    (Step.SUBMIT, ev.SubmitUnknown): Move(to=(Step.RECONCILE,), effect=_unknown),
    (Step.SUBMIT, ev.StepFailed): _failing(Step.EXEC_STOPPED),
    (Step.RECONCILE, ev.JobAccepted): Move(to=(Step.POLL,), effect=_accepted),
    (Step.RECONCILE, ev.SubmitRefused): Move(to=(Step.EXEC_STOPPED,), effect=_refused),
    (Step.RECONCILE, ev.QueueFull): Move(to=(Step.SHIP, Step.STOPPED), effect=_no_room),
    (Step.RECONCILE, ev.SchedulerAway): Move(to=(Step.SHIP, Step.STOPPED), effect=_no_room),
    (Step.RECONCILE, ev.NothingSubmitted): Move(to=(Step.SUBMIT, Step.STOPPED), effect=_nothing),
    (Step.RECONCILE, ev.SubmitDoubtful): Move(to=(), effect=_doubtful),
    (Step.RECONCILE, ev.ResubmitOrdered): Move(to=(Step.SHIP,), effect=_resubmit),
    (Step.RECONCILE, ev.StepFailed): Move(to=(), effect=_advance_later),
    (Step.POLL, ev.JobQueued): Move(to=(), effect=_listed),
    (Step.POLL, ev.JobRunning): Move(to=(), effect=_listed),
    (Step.POLL, ev.JobHeld): Move(to=(), effect=_held),
    (Step.POLL, ev.JobNotListed): Move(to=(), effect=_held),
    (Step.POLL, ev.JobEnded): Move(to=(Step.RETRIEVE, Step.SHIP, Step.STOPPED), effect=_ended),
    (Step.POLL, ev.JobKilled): Move(to=(Step.RETRIEVE, Step.SHIP, Step.STOPPED), effect=_ended),
    (Step.POLL, ev.ResubmitOrdered): Move(to=(Step.SHIP,), effect=_resubmit),
    (Step.POLL, ev.StepFailed): Move(to=(), effect=_advance_later),
    (Step.RETRIEVE, ev.ProductsVerified): Move(to=(Step.APPLY,), effect=_verified),
    (Step.RETRIEVE, ev.StepFailed): _failing(Step.STOPPED),
    (Step.APPLY, ev.DbinfoApplied): Move(to=(Step.ADVANCE, Step.STOPPED), effect=_applied),
    (Step.APPLY, ev.StepFailed): _failing(Step.STOPPED),
    (Step.ADVANCE, ev.RunAdvanced): _go(Step.DONE),
    (Step.ADVANCE, ev.StepFailed): Move(to=(), effect=_advance_later),
}
for _step in NETWORK_STEPS:
    TABLE.setdefault((_step, ev.SessionGone), _PARK)
    TABLE[_step, ev.HelperAway] = Move(to=(), effect=_helper_away)
    TABLE[_step, ev.HelperDied] = Move(to=(), effect=_helper_died)
for _step in Step:
    TABLE[_step, ev.SessionOpened] = _REVIVE
    if _step is not Step.DONE:
        TABLE[_step, ev.RetryOrdered] = Move(to=(_BACK[_step],) if _step in _BACK else (), effect=_retry)
    if _step not in FINAL_STEPS and _step is not Step.ADVANCE:
        TABLE[_step, ev.CancelOrdered] = Move(to=_CANCELLED_TO.get(_step, (Step.STOPPED,)), effect=_cancel)


def decide(run: Run, event: ev.Event, now: float, policy: RetryPolicy | None = None) -> tuple[Run, tuple[Action, ...]]:
    """What an event makes of a run: the run after it, and everything to do about it.

    The last action is what the run's step asks for next; the engine starts it when gates, sessions and ``next_try_at`` allow.
    Raises InvalidMove where the table has no row.
    """
    move = TABLE.get((run.step, type(event)))
    if move is None:
        raise InvalidMove(run, event)
    moved, actions = move.effect(run, event, Context(now=now, policy=policy or RetryPolicy()))
    following = action_for(moved)
    return moved, (*actions, following) if following else actions
