"""The transition table and decide()."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpconsole.domain import event as ev
from rpconsole.domain.action import CancelJob, TellOperators
from rpconsole.domain.fault import Fault, FaultKind
from rpconsole.domain.machine import TABLE, InvalidMove, decide
from rpconsole.domain.retry import RetryPolicy
from rpconsole.domain.run import FINAL_STEPS, NETWORK_STEPS, Attempt, Run, RunRow, RunState, Step, run_of_row
from rpconsole.domain.stage import Stage

NOW = 1_700_000_000.0


def a_run(**changes) -> Run:
    plain = Run(remote_id=17, stage=Stage.CHIP, label="demo", path_base="neb://any/remote/demo", step=Step.PREPARE)
    return plain.with_(**changes)


def an_attempt(number=1, job=None) -> Attempt:
    return Attempt(number=number, nonce="a1b2", intended_at=NOW, job=job)


#: one plain example of every event
EXAMPLES: dict[type[ev.Event], ev.Event] = {
    ev.RunPrepared: ev.RunPrepared(prepared=2, refused=0, tasks=8),
    ev.PrepareRefused: ev.PrepareRefused(sentence="no detrend"),
    ev.InputsVerified: ev.InputsVerified(sent_files=3, sent_bytes=9, present_files=1),
    ev.SubmitIntended: ev.SubmitIntended(attempt=an_attempt()),
    ev.JobAccepted: ev.JobAccepted(job="4711"),
    ev.SubmitRefused: ev.SubmitRefused(sentence="ERROR: no such account"),
    ev.QueueFull: ev.QueueFull(sentence="too many jobs"),
    ev.SchedulerAway: ev.SchedulerAway(sentence="connect failure"),
    ev.SubmitUnknown: ev.SubmitUnknown(sentence="no answer in 60 s"),
    ev.NothingSubmitted: ev.NothingSubmitted(),
    ev.SubmitDoubtful: ev.SubmitDoubtful(sentence="a claim, no receipt, no job by that name"),
    ev.JobQueued: ev.JobQueued(),
    ev.JobHeld: ev.JobHeld(sentence="Batch:RMFailure"),
    ev.JobRunning: ev.JobRunning(done=1, failed=0, total=8),
    ev.JobEnded: ev.JobEnded(passed=8, failed=0, left=0),
    ev.JobKilled: ev.JobKilled(left=3, sentence="Removed"),
    ev.JobNotListed: ev.JobNotListed(sentence="the scheduler does not know 4711"),
    ev.ProductsVerified: ev.ProductsVerified(passed=2, failed=0, bytes=100),
    ev.DbinfoApplied: ev.DbinfoApplied(passed=2, failed=0),
    ev.RunAdvanced: ev.RunAdvanced(registered=2),
    ev.StepFailed: ev.StepFailed(kind=FaultKind.TRANSIENT, sentence="disk full"),
    ev.HelperAway: ev.HelperAway(sentence="The helper does not start."),
    ev.HelperDied: ev.HelperDied(sentence="The helper at fe1 ended."),
    ev.SessionGone: ev.SessionGone(),
    ev.SessionOpened: ev.SessionOpened(),
    ev.RetryOrdered: ev.RetryOrdered(who="op"),
    ev.ResubmitOrdered: ev.ResubmitOrdered(who="op"),
    ev.CancelOrdered: ev.CancelOrdered(who="op"),
}


def test_every_event_has_an_example_here():
    assert set(EXAMPLES) == set(ev.EVENTS)


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("kind", ev.EVENTS, ids=lambda kind: kind.__name__)
def test_each_step_and_event_either_has_a_row_or_is_refused_by_name(step, kind):
    run = a_run(step=step, attempt=an_attempt(job="4711"), attempts=1)
    if kind is ev.SubmitIntended:
        run = run.with_(attempt=None, attempts=0)
    if (step, kind) not in TABLE:
        with pytest.raises(InvalidMove, match=f"'{step}'.*{kind.__name__}"):
            decide(run, EXAMPLES[kind], NOW)
        return
    moved, _ = decide(run, EXAMPLES[kind], NOW)
    assert moved.step in {step, *TABLE[step, kind].to}


def test_the_whole_way_leads_from_new_to_done_in_the_databases_words():
    run = a_run()
    way = [
        (EXAMPLES[ev.RunPrepared], RunState.PENDING),
        (ev.SubmitIntended(attempt=an_attempt()), RunState.PENDING),
        (EXAMPLES[ev.InputsVerified], RunState.PENDING),
        (EXAMPLES[ev.JobAccepted], RunState.RUN),
        (EXAMPLES[ev.JobRunning], RunState.RUN),
        (EXAMPLES[ev.JobEnded], RunState.RUN),
        (EXAMPLES[ev.ProductsVerified], RunState.RUN),
        (EXAMPLES[ev.DbinfoApplied], RunState.FULL),
        (EXAMPLES[ev.RunAdvanced], RunState.FULL),
    ]
    for event, state in way:
        run, _ = decide(run, event, NOW)
        assert run.state is state
    assert run.step is Step.DONE
    assert run.job_id == 4711


@pytest.mark.parametrize("step", sorted(NETWORK_STEPS))
def test_a_lost_session_parks_the_run_and_spends_no_try_and_no_attempt(step):
    run = a_run(step=step, attempt=an_attempt(job="4711"), attempts=1, tries=1)
    parked, _ = decide(run, ev.SessionGone(), NOW)
    assert (parked.step, parked.tries, parked.attempts, parked.fault) == (step, 1, 1, 0)
    assert parked.parked
    assert parked.state is (RunState.PENDING if step in (Step.SHIP, Step.SUBMIT, Step.RECONCILE) else RunState.AUTH)
    back, _ = decide(parked, ev.SessionOpened(), NOW)
    assert not back.parked
    assert back.next_try_at is None


def test_an_intended_attempt_is_never_replaced_by_another():
    run = a_run(step=Step.SHIP, attempt=an_attempt(), attempts=1)
    with pytest.raises(InvalidMove):
        decide(run, ev.SubmitIntended(attempt=an_attempt(2)), NOW)


def test_a_transient_failure_waits_longer_each_time_and_then_asks_a_person():
    run = a_run(step=Step.SHIP)
    waits = []
    while run.step is Step.SHIP:
        run, actions = decide(run, EXAMPLES[ev.StepFailed], NOW)
        waits.append(run.next_try_at)
    assert run.state is RunState.EXEC_FAIL
    assert len(waits) == RetryPolicy().step_tries
    assert waits[0] < waits[1]
    assert any(isinstance(action, TellOperators) for action in actions)


def test_a_database_that_is_away_is_waited_for_without_end_and_without_counting():
    run = a_run(step=Step.APPLY)
    away = ev.StepFailed(kind=FaultKind.AWAY, sentence="the database does not answer")
    for _ in range(50):
        run, _ = decide(run, away, NOW)
    assert (run.step, run.tries) == (Step.APPLY, 0)


def test_a_stopped_run_takes_up_the_step_where_it_stopped():
    run = a_run(step=Step.RETRIEVE, attempt=an_attempt(job="4711"), attempts=1)
    stopped, _ = decide(run, ev.StepFailed(kind=FaultKind.PERMANENT, sentence="no space at home"), NOW)
    assert stopped.state is RunState.ERROR
    again, _ = decide(stopped, EXAMPLES[ev.RetryOrdered], NOW)
    assert (again.step, again.tries, again.hold) == (Step.RETRIEVE, 0, None)


def test_a_refused_submit_asks_a_person_and_the_next_attempt_verifies_its_inputs_anew():
    run = a_run(step=Step.SUBMIT, attempt=an_attempt(), attempts=1)
    stopped, _ = decide(run, EXAMPLES[ev.SubmitRefused], NOW)
    assert stopped.state is RunState.EXEC_FAIL
    again, _ = decide(stopped, EXAMPLES[ev.RetryOrdered], NOW)
    assert (again.step, again.attempt) == (Step.SHIP, None)


def test_a_full_queue_is_a_wait_and_spends_no_try():
    run = a_run(step=Step.SUBMIT, attempt=an_attempt(), attempts=1)
    waiting, _ = decide(run, EXAMPLES[ev.QueueFull], NOW)
    assert (waiting.state, waiting.tries) == (RunState.PENDING, 0)
    assert waiting.next_try_at > NOW


@pytest.mark.parametrize("kind", [ev.QueueFull, ev.SchedulerAway])
def test_orders_that_made_no_job_do_not_use_up_the_jobs_for_tasks_that_were_cut(kind):
    run = a_run(step=Step.SHIP)
    for number in range(1, 2 * RetryPolicy().job_attempts):
        run, _ = decide(run, ev.SubmitIntended(attempt=an_attempt(number)), NOW)
        run, _ = decide(run.with_(step=Step.SUBMIT), EXAMPLES[kind], NOW)
    run, _ = decide(run, ev.SubmitIntended(attempt=an_attempt(run.attempts + 1)), NOW)
    run, _ = decide(run.with_(step=Step.SUBMIT), EXAMPLES[ev.JobAccepted], NOW)
    cut, _ = decide(run, ev.JobEnded(passed=1, failed=0, left=7), NOW)
    assert (cut.step, cut.jobs) == (Step.SHIP, 1)


@pytest.mark.parametrize("kind", [ev.QueueFull, ev.SchedulerAway])
def test_a_run_that_is_to_be_cancelled_is_not_submitted_once_the_queue_has_room(kind):
    run = a_run(step=Step.RECONCILE, attempt=an_attempt(), attempts=1, cancel_wanted=True)
    stopped, _ = decide(run, EXAMPLES[kind], NOW)
    assert (stopped.step, stopped.attempt) == (Step.STOPPED, None)


@pytest.mark.parametrize(
    ("job", "number"),
    [
        *(("4711", 4711), ("Moab.12", 12), ("12.host3", 12), ("3;mustang2", 3), ("orion2.7", 7), ("12[4]", 12)),
        *((None, -1), ("STDIN", -1)),
    ],
)
def test_the_databases_job_number_is_the_jobs_and_takes_no_digit_of_a_hosts_name(job, number):
    assert a_run(attempt=an_attempt(job=job)).job_id == number


def test_what_a_queued_job_waits_for_is_kept_while_it_waits_and_no_longer():
    run = a_run(step=Step.POLL, attempt=an_attempt(job="4711"), attempts=1)
    waiting, _ = decide(run, ev.JobQueued(sentence="deferred"), NOW)
    assert waiting.hold == "deferred"
    assert decide(waiting, ev.JobRunning(done=0, failed=0, total=8), NOW)[0].hold is None
    assert decide(waiting, ev.JobRunning(done=0, failed=0, total=8, sentence="odd"), NOW)[0].hold == "odd"


def test_a_job_that_nobody_lists_stays_where_it_is_and_is_shown():
    run = a_run(step=Step.POLL, attempt=an_attempt(job="4711"), attempts=1)
    unknown, actions = decide(run, EXAMPLES[ev.JobNotListed], NOW)
    assert unknown.state is RunState.RUN
    assert "4711" in unknown.hold
    assert any(isinstance(action, TellOperators) for action in actions)


def test_tasks_cut_by_the_wall_time_go_into_the_next_attempt_until_the_budget_ends():
    run = a_run(step=Step.POLL, attempt=an_attempt(job="4711"), attempts=1)
    cut = ev.JobEnded(passed=5, failed=0, left=3)
    again, _ = decide(run, cut, NOW)
    assert (again.step, again.attempt) == (Step.SHIP, None)
    last = run.with_(jobs=RetryPolicy().job_attempts)
    home, _ = decide(last, cut, NOW)
    assert home.step is Step.RETRIEVE


def test_a_strict_label_stops_at_a_failed_component_and_an_ignoring_one_goes_on():
    run = a_run(step=Step.APPLY)
    strict, _ = decide(run, ev.DbinfoApplied(passed=1, failed=1, strict=True), NOW)
    loose, _ = decide(run, ev.DbinfoApplied(passed=1, failed=1), NOW)
    assert (strict.state, loose.state) == (RunState.ERROR, RunState.FULL)


def test_a_run_of_which_nothing_came_home_whole_is_never_full():
    run, _ = decide(a_run(step=Step.APPLY), ev.DbinfoApplied(passed=0, failed=4), NOW)
    assert run.state is RunState.ERROR


def test_cancelling_a_running_job_is_a_wish_until_the_scheduler_confirms_it():
    run = a_run(step=Step.POLL, attempt=an_attempt(job="4711"), attempts=1)
    wished, actions = decide(run, EXAMPLES[ev.CancelOrdered], NOW)
    assert (wished.state, wished.cancel_wanted) == (RunState.RUN, True)
    assert CancelJob(remote_id=17, job="4711") in actions
    ended, _ = decide(wished, EXAMPLES[ev.JobKilled], NOW)
    assert ended.state is RunState.ERROR
    assert "cancelled" in ended.hold


def test_cancelling_in_mid_submit_first_finds_out_whether_a_job_exists():
    run = a_run(step=Step.SUBMIT, attempt=an_attempt(), attempts=1)
    wished, _ = decide(run, EXAMPLES[ev.CancelOrdered], NOW)
    assert wished.step is Step.RECONCILE
    found, actions = decide(wished, EXAMPLES[ev.JobAccepted], NOW)
    assert CancelJob(remote_id=17, job="4711") in actions
    never, _ = decide(wished, ev.NothingSubmitted(), NOW)
    assert (found.step, never.step) == (Step.POLL, Step.STOPPED)


def test_a_row_that_the_old_scripts_began_enters_at_the_step_its_state_means():
    row = RunRow(
        remote_id=3, state=RunState.AUTH, stage=Stage.WARP, label="L", path_base="p", job_id=99, last_poll=NOW, fault=0
    )
    run = run_of_row(row)
    assert (run.step, run.parked, run.attempt.job, run.state) == (Step.POLL, True, "99", RunState.AUTH)


def test_a_job_name_is_never_longer_than_what_every_batch_system_keeps():
    name = Attempt(number=12, nonce="abcd", intended_at=NOW).job_name(1234567890)
    assert len(name) <= 15


# -- properties over any sequence of events ------------------------------------------------------------------------

#: causes that let a new attempt be intended: the scheduler's own word, or a person's
ENDS_AN_ATTEMPT = (ev.SubmitRefused, ev.QueueFull, ev.SchedulerAway, ev.JobEnded, ev.JobKilled, ev.ResubmitOrdered)


def _concrete(run: Run, kind: type[ev.Event]) -> ev.Event:
    if kind is ev.SubmitIntended:
        return ev.SubmitIntended(attempt=an_attempt(run.attempts + 1))
    return EXAMPLES[kind]


def _possible(run: Run) -> list[type[ev.Event]]:
    kinds = [kind for (step, kind) in TABLE if step is run.step]
    if run.step is Step.SHIP:  # the performer intends exactly when there is no attempt
        kinds.remove(ev.InputsVerified if run.attempt is None else ev.SubmitIntended)
    return kinds


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_sequence_of_events_is_full_unverified_or_submits_twice_or_counts_a_lost_session(data):
    run, trail, ended = a_run(), [], True
    for _ in range(data.draw(st.integers(1, 60))):
        kinds = _possible(run)
        event = _concrete(run, data.draw(st.sampled_from(sorted(kinds, key=lambda kind: kind.__name__))))
        if isinstance(event, ev.SubmitIntended):
            assert ended, "a new attempt was intended while the one before may still live"
            ended = False
        before = run
        run, _ = decide(run, event, NOW)
        trail.append(type(event))
        ended = ended or isinstance(event, ENDS_AN_ATTEMPT)
        if isinstance(event, ev.SessionGone):
            assert (run.tries, run.attempts, run.step) == (before.tries, before.attempts, before.step)
        if run.state is RunState.FULL:
            assert ev.ProductsVerified in trail
            assert ev.DbinfoApplied in trail
            assert run.passed > 0
        if run.step in FINAL_STEPS and run.step is not Step.DONE:
            assert run.hold, "a stopped run says why"
            assert run.fault >= Fault.NONE
