"""What a helper that fails costs a run: time, ever more of it, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.domain.test_machine import NOW, a_run, an_attempt

from rpconsole.domain import event as ev
from rpconsole.domain.action import TellOperators
from rpconsole.domain.machine import decide
from rpconsole.domain.retry import DEATHS_TOLD, RetryPolicy, site_delay_s
from rpconsole.domain.run import NETWORK_STEPS
from rpconsole.domain.schedule import SiteAway, Situation, choose, is_ready
from rpconsole.domain.why import Reasons, reasons

POLICY = RetryPolicy()
STEPS = sorted(NETWORK_STEPS)
AWAY = SiteAway(sentence="The helper does not start. fe1 ended it.", again_at=NOW + 240)


def situation(**changes) -> Situation:
    return replace(Situation(now=NOW, closed_gates=frozenset(), session=True), **changes)


def test_each_wait_is_twice_the_one_before_and_the_longest_is_a_steps_last_delay():
    waits = [site_delay_s(POLICY, times) for times in range(1, 100)]
    assert waits[:6] == [30, 60, 120, 240, 480, 960]
    assert set(waits[6:]) == {1200}


def test_a_wait_is_never_shorter_than_that_for_any_service_that_is_away():
    assert site_delay_s(RetryPolicy(away_s=30, delays_s=(1.0,)), 7) == 30


@pytest.mark.parametrize("step", STEPS)
def test_a_helper_that_does_not_start_spends_nothing_however_often(step):
    run = before = a_run(step=step, attempt=an_attempt(), attempts=1, tries=2)
    for turn in range(50):
        run, told = decide(run, ev.HelperAway(sentence="The helper does not start."), NOW + turn, POLICY)
        assert not [one for one in told if isinstance(one, TellOperators)]
    assert run == before.with_(hold="The helper does not start.", next_try_at=NOW + 49 + POLICY.away_s, fault=2)


@pytest.mark.parametrize("step", STEPS)
def test_a_helper_that_dies_over_one_run_spends_nothing_is_asked_ever_less_often_and_told_of_once(step):
    run = before = a_run(step=step, attempt=an_attempt(), attempts=1, tries=2)
    told = []
    for times in range(1, 50):
        run, actions = decide(run, ev.HelperDied(sentence="The helper at fe1 ended.", times=times), NOW, POLICY)
        told += [action.sentence for action in actions if isinstance(action, TellOperators)]
        assert run.next_try_at == NOW + site_delay_s(POLICY, times)
    assert (run.step, run.tries, run.attempt, run.attempts) == (step, 2, before.attempt, 1)
    (sentence,) = told
    assert f"{DEATHS_TOLD} times in a row over this run" in sentence
    assert "'rpconsole run cancel 17' gives it up" in sentence
    assert "49 times in a row" in run.hold


@pytest.mark.parametrize("step", STEPS)
def test_nothing_that_needs_the_site_is_begun_while_its_helper_is_away_and_each_run_says_so(step):
    run = a_run(step=step, attempt=an_attempt("1"))
    held = situation(site_away=AWAY)
    assert is_ready(run, situation())
    assert not is_ready(run, held)
    assert choose([run], held) == []
    (why,) = reasons(run.with_(hold=AWAY.sentence, next_try_at=NOW + 30), held)
    assert why == (
        "the helper at the site does not serve: The helper does not start. fe1 ended it. "
        "It is asked again in 240 s; 'rpconsole run retry 17' (A) asks at once"
    )


def test_each_of_many_runs_names_its_own_number():
    many = Reasons(situation(site_away=AWAY))
    told = [many.of(a_run(remote_id=number, step=STEPS[0]))[0] for number in (1, 2)]
    assert ["run retry 1'" in told[0], "run retry 2'" in told[1]] == [True, True]
