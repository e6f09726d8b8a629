"""The renewal of the sessions: gates shut, work ended, sessions down and up, gates as they were, runs revived."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from tests.engine.conftest import ROOT, Bench

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.fault import BadConfiguration, SiteRefused
from rpconsole.domain.haul import HaulState, Way
from rpconsole.domain.renewal import Choice, LineState, Outcome, RenewalStep
from rpconsole.domain.session import SessionState


class Person:
    """Answers every question with a good token, once he is let."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.is_there = True
        self.asked: list[tuple[str, str]] = []
        self.answer: str | None = "good"

    async def __call__(self, challenge):
        self.asked.append((challenge.host, challenge.user))
        await self.may_answer.wait()
        if self.answer is None:
            return None
        token = self.bench.sessions.issue() if self.answer == "good" else self.answer
        return [token for _ in challenge.prompts]


class SlowTransfer:
    """Holds every transfer after its first file, until it is let go on."""

    def __init__(self, bench: Bench) -> None:
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()
        bench.site.between_files = self._wait

    async def _wait(self) -> None:
        self.reached.set()
        await self.go_on.wait()


@pytest.fixture
def person(bench):
    return Person(bench)


@asynccontextmanager
async def renewing(bench, person, *, cut=False, user=None, who="ann"):
    """A renewal under way."""
    order = bench.engine.renew(person, user=user, cut=cut, who=who, is_anyone_there=lambda: person.is_there)
    task = asyncio.create_task(order)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def standing(bench):
    """The sessions, whatever goes over them at the moment."""
    return [replace(view, rate_in=0.0, rate_out=0.0, carrying=()) for view in bench.sessions.view()]


def view_of(bench):
    return bench.engine.snapshot().renewal


def waits(bench):
    """What is waited for; nothing before the renewal has begun."""
    return view_of(bench).waits if view_of(bench) else ()


def gates_shut(bench):
    return {gate.name for gate in bench.engine.snapshot().gates if not gate.open}


async def shipping(bench):
    """Logged in, and a transfer is held after its first file."""
    transfer = SlowTransfer(bench)
    await bench.login()
    await bench.until(transfer.reached.is_set)
    return transfer


async def test_all_eight_steps_are_done_in_their_order(bench, person):
    async with bench.running():
        await bench.login()
        opened_at = [view.opened_at for view in bench.sessions.view()]
        await bench.until(lambda: bench.states() == ["run"])
        async with renewing(bench, person) as task:
            await bench.until(task.done)
            view = task.result()
        assert view.outcome is Outcome.DONE
        assert [line.step for line in view.lines] == list(RenewalStep)
        assert {line.state for line in view.lines} == {LineState.DONE}
        assert person.asked == [("fe1", "operator"), ("fe2", "operator")]
        assert all(new.opened_at > old for new, old in zip(bench.sessions.view(), opened_at, strict=True))
        assert gates_shut(bench) == set()
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"] * 4)


async def test_it_waits_for_a_transfer_and_says_why_and_starts_nothing_meanwhile(bench, person):
    async with bench.running():
        transfer = await shipping(bench)
        async with renewing(bench, person) as task:
            await bench.until(lambda: waits(bench))
            calls = list(bench.site.calls)
            await bench.until(lambda: view_of(bench).step is RenewalStep.DRAIN)
            wait = view_of(bench).waits[0]
            assert (wait.remote_id, wait.action, wait.cuttable) == (1, "ship", True)
            assert gates_shut(bench) == {"exec", "poll"}
            assert {gate.who for gate in bench.engine.snapshot().gates if not gate.open} == {"renewal by ann"}
            assert Choice.CUT in view_of(bench).choices
            assert bench.site.calls == calls
            assert bench.sessions.alive()
            transfer.go_on.set()
            await bench.until(task.done)
        assert task.result().outcome is Outcome.DONE
        assert bench.site.calls.count("send") == 1


async def test_a_cut_ends_a_transfer_at_the_next_border_and_costs_the_run_nothing(bench, person):
    async with bench.running():
        transfer = await shipping(bench)
        async with renewing(bench, person) as task:
            await bench.until(lambda: waits(bench))
            await bench.engine.steer_renewal(Choice.CUT, "bob")
            await bench.until(lambda: bench.sessions.is_draining)
            transfer.go_on.set()
            await bench.until(task.done)
        assert task.result().outcome is Outcome.DONE
        assert task.result().chosen_by == "bob"
        run = bench.engine.snapshot().runs[0]
        assert (run.attempts, run.tries) == (1, 0)
        await bench.until(lambda: bench.states() == ["run"])
        assert {view.state for view in bench.sessions.view()} == {SessionState.OPEN}


async def test_who_waits_again_after_a_cut_lets_transfers_begin_again(bench, person):
    async with bench.running():
        await shipping(bench)
        async with renewing(bench, person, cut=True):
            await bench.until(lambda: bench.sessions.is_draining)
            await bench.engine.steer_renewal(Choice.WAIT, "ann")
            await bench.until(lambda: not bench.sessions.is_draining)


async def test_abandoned_while_it_waits_it_leaves_everything_as_it_was(bench, person):
    async with bench.running():
        transfer = await shipping(bench)
        before = standing(bench)
        async with renewing(bench, person) as task:
            await bench.until(lambda: waits(bench))
            await bench.engine.steer_renewal(Choice.ABANDON, "bob")
            await bench.until(task.done)
        view = task.result()
        assert view.outcome is Outcome.ABANDONED
        assert "given up by bob" in view.sentence
        assert {line.step for line in view.lines if line.state is LineState.SKIPPED} >= {
            RenewalStep.DRAIN,
            RenewalStep.UP,
        }
        assert standing(bench) == before
        assert gates_shut(bench) == set()
        assert person.asked == []
        transfer.go_on.set()
        await bench.until(lambda: bench.states() == ["run"])


async def test_abandoned_at_the_token_nothing_is_sent_and_runs_wait_for_a_login(bench, person):
    person.may_answer.clear()
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bench.states() == ["run"])
        tries = len(bench.sessions.tries)
        async with renewing(bench, person) as task:
            await bench.until(lambda: person.asked)
            await bench.engine.steer_renewal(Choice.ABANDON, "ann")
            await bench.until(task.done)
        assert task.result().outcome is Outcome.ABANDONED
        assert "rpconsole login" in task.result().sentence
        assert len(bench.sessions.tries) == tries
        assert gates_shut(bench) == set()
        await bench.until(lambda: bench.states() == ["auth"])
        await bench.login()
        await bench.until(lambda: bench.states() == ["run"])


async def test_a_refused_token_ends_it_and_leaves_the_gates_open(bench, person):
    person.answer = "000000"
    async with bench.running():
        await bench.login()
        async with renewing(bench, person) as task:
            await bench.until(task.done)
        view = task.result()
        assert view.outcome is Outcome.FAILED
        assert "refused" in view.sentence
        assert len(person.asked) == 1
        assert next(line for line in view.lines if line.step is RenewalStep.UP).state is LineState.FAILED
        assert gates_shut(bench) == set()


async def test_nobody_there_to_answer_means_that_no_session_is_ended(bench, person):
    person.is_there = False
    async with bench.running():
        await bench.login()
        before = standing(bench)
        async with renewing(bench, person) as task:
            await bench.until(task.done)
        assert task.result().outcome is Outcome.FAILED
        assert "nobody is there" in task.result().sentence
        assert standing(bench) == before
        assert gates_shut(bench) == set()


async def test_a_gate_that_was_shut_by_hand_stays_shut(bench, person):
    async with bench.running():
        await bench.login()
        await bench.engine.set_gates(["poll"], open=False, who="bob")
        async with renewing(bench, person) as task:
            await bench.until(task.done)
        shut = [gate for gate in bench.engine.snapshot().gates if not gate.open]
        assert [(gate.name, gate.who) for gate in shut] == [("poll", "bob")]
        assert "poll" in next(line for line in task.result().lines if line.step is RenewalStep.GATES).detail


async def test_the_engine_that_dies_in_mid_renewal_finds_its_gates_as_operators_left_them(bench, person):
    async with bench.running():
        await shipping(bench)
        async with renewing(bench, person):
            await bench.until(lambda: gates_shut(bench) == {"exec", "poll"})
            assert await bench.world.operations.gates() == {}


async def test_a_session_that_is_cut_while_it_waits_does_not_stop_it(bench, person):
    async with bench.running():
        transfer = await shipping(bench)
        bench.site.trouble("send", after_files=1)
        async with renewing(bench, person) as task:
            await bench.until(lambda: waits(bench))
            transfer.go_on.set()
            await bench.until(task.done)
        assert task.result().outcome is Outcome.DONE
        assert bench.sessions.alive()


async def test_parked_runs_go_on_and_are_counted(bench, person):
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bench.states() == ["run"])
        async with renewing(bench, person) as task:
            await bench.until(task.done)
        detail = next(line for line in task.result().lines if line.step is RenewalStep.REVERT).detail
        assert detail == "1 runs of DEMO go on"
        assert bench.rows.all(t.remote_run)[0]["state"] == "run"


async def test_a_second_renewal_is_refused_with_the_name_of_the_first(bench, person):
    async with bench.running():
        await shipping(bench)
        async with renewing(bench, person):
            await bench.until(lambda: waits(bench))
            with pytest.raises(SiteRefused, match="ann renews the sessions already"):
                await bench.engine.renew(person, user=None, cut=False, who="bob", is_anyone_there=lambda: True)


async def test_choices_are_refused_where_they_do_not_fit(bench, person):
    person.may_answer.clear()
    async with bench.running():
        with pytest.raises(SiteRefused, match="no renewal is under way"):
            await bench.engine.steer_renewal(Choice.CUT, "ann")
        async with renewing(bench, person):
            await bench.until(lambda: person.asked)
            with pytest.raises(SiteRefused, match="possible: abandon"):
                await bench.engine.steer_renewal(Choice.CUT, "ann")


async def test_an_account_that_operators_do_not_have_is_refused_before_anything_is_shut(bench, person):
    settings = replace(bench.world.settings, accounts=("operator", "watersc1"), any_account=False)
    bench.world = replace(bench.world, settings=settings)
    async with bench.running():
        await bench.login()
        with pytest.raises(BadConfiguration, match=r"'watersc2'.*watersc1"):
            await bench.engine.renew(person, user="watersc2", cut=False, who="ann", is_anyone_there=lambda: True)
        assert gates_shut(bench) == set()
        async with renewing(bench, person, user="watersc1") as task:
            await bench.until(task.done)
        assert {view.user for view in bench.sessions.view()} == {"watersc1"}
        assert {user for _, user in person.asked} == {"watersc1"}


async def test_renewals_and_their_choices_are_in_the_audit(bench, person):
    async with bench.running():
        await shipping(bench)
        async with renewing(bench, person) as task:
            await bench.until(lambda: waits(bench))
            await bench.engine.steer_renewal(Choice.ABANDON, "bob")
            await bench.until(task.done)
        acts = [(act.who, act.what) for act in await bench.engine.acts()]
        assert ("ann", "renew the sessions") in acts
        assert ("bob", "renewal: abandon") in acts


async def test_a_haul_ends_at_its_next_border_for_the_renewal_and_goes_on_by_itself_over_the_new_sessions(
    bench, person
):
    top = bench.folder / "cat"
    top.mkdir()
    for number in range(6):
        (top / f"f{number}").write_bytes(b"x" * (1 + number))
    async with bench.running():
        # or the transfer that is held might be a run's
        await bench.engine.set_gates(["exec"], open=False, who="ann")
        transfer = SlowTransfer(bench)
        await bench.login()
        await bench.engine.hauls.order(Way.SEND, [str(top)], f"{ROOT}/refs", "ann")
        await bench.until(transfer.reached.is_set)
        async with renewing(bench, person) as task:
            await bench.until(lambda: any(wait.haul for wait in waits(bench)))
            (wait,) = waits(bench)
            assert (wait.subject, wait.action, wait.cuttable) == ("haul 1", Way.SEND, True)
            assert wait.bytes_left > 0
            assert person.asked == []
            transfer.go_on.set()
            await bench.until(task.done)
        assert task.result().outcome is Outcome.DONE
        await bench.until(lambda: bench.engine.snapshot().hauls[0].haul.state is HaulState.DONE)
        assert bench.engine.snapshot().hauls[0].haul.files_parked == 0
