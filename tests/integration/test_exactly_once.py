"""Submitting over a connection that is cut at any byte, to a scheduler that is silent, late, lying, restarted or forgetful: one job."""

from __future__ import annotations

import asyncio
import subprocess

import pytest
from tests.integration.cut_world import CutWorld, cut_world, is_polled

from rpconsole.domain.event import NothingSubmitted, StepFailed, SubmitDoubtful, SubmitUnknown
from rpconsole.domain.run import Step

#: bytes between two cuts inside a message, where one is as good as another
STRIDE = 101


@pytest.fixture
async def world(tmp_path):
    async with cut_world(tmp_path) as world:
        await world.login()
        await world.warm()
        yield world


async def cuts_of(world: CutWorld, direction: str) -> list[int]:
    """Where to cut, in bytes: before, at and behind each border of messages of an undisturbed submit, and here and there within."""
    world.cut.arm("", 0)
    run = await world.until(world.new_run(), is_polled)
    assert world.jobs(run) == 1
    total, borders = world.cut.flowed[direction], world.cut.borders[direction]
    assert total > 300, "the whole dialogue is counted"
    around = {border + beside for border in [0, *borders] for beside in (-1, 0, 1)}
    return sorted(after for after in around | set(range(0, total, STRIDE)) if 0 <= after <= total)


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["in", "out"])
async def test_cut_anywhere_in_the_dialogue_the_run_is_submitted_once_and_never_lost(world, direction):
    for after in await cuts_of(world, direction):
        await world.rest()
        run = world.new_run()
        world.cut.arm(direction, after)
        run = await world.until(run, is_polled)
        assert world.jobs(run) == 1, f"cut {direction} after {after} bytes"
        assert run.attempts == 1, f"cut {direction} after {after} bytes"


async def test_cut_while_the_submit_program_runs_it_runs_to_its_end_and_its_answer_is_found(world):
    world.how("msub-then", "sleep 0.6")
    run = world.new_run()
    total = 400
    world.cut.arm("in", total)
    run = await world.until(run, is_polled)
    assert world.jobs(run) == 1
    assert run.attempt is not None
    assert run.attempt.job is not None


async def test_an_answer_that_comes_after_the_time_out_is_waited_for_and_not_asked_for_again(tmp_path):
    async with cut_world(tmp_path, submit_s=0.2) as world:
        await world.login()
        world.how("msub-then", "until test -e go; do sleep 0.05; done")
        run, event = await world.step(world.new_run())
        assert isinstance(event, SubmitUnknown)
        world.mark("go", is_there=True)
        run = await world.until(run, is_polled)
        assert world.jobs(run) == 1


@pytest.mark.parametrize(
    "garbage",
    [
        "printf '\\001\\002\\377 core dumped'; exit 0",
        "echo 'ERROR:    communication error H:42559 (client timed out after 30 seconds)' >&2; exit 1",
        "echo 'You have new mail'; exit 0",
        "kill -9 $$",
    ],
    ids=["bytes", "communication error", "no id", "killed"],
)
async def test_garbage_in_place_of_an_id_leads_to_the_job_that_the_queue_shows(world, garbage):
    world.how("msub-then", garbage)
    run, event = await world.step(world.new_run())
    assert isinstance(event, SubmitUnknown)
    run = await world.until(run, is_polled)
    assert world.jobs(run) == 1
    assert run.attempt is not None
    assert run.attempt.job == "Moab.1"


async def test_a_scheduler_that_restarts_in_the_middle_is_waited_for_and_its_job_adopted(world):
    world.how("msub-then", "echo 'ERROR:  cannot connect to server' >&2; exit 1")
    world.how("showq", "echo 'ERROR:  cannot connect to server' >&2; exit 1")
    run, _ = await world.step(world.new_run())
    for _ in range(3):
        run, event = await world.step(run)
        assert isinstance(event, StepFailed)
        assert run.step is Step.RECONCILE
    world.how("showq", "")
    run = await world.until(run, is_polled)
    assert world.jobs(run) == 1


async def test_a_queue_that_cannot_be_read_never_makes_a_submit_doubtful_or_anew(tmp_path):
    async with cut_world(tmp_path, receipt_s=0.0) as world:
        await world.login()
        world.how("msub-then", "kill -9 $$")
        world.how("showq", "printf '<Data><queue'; exit 0")
        run, _ = await world.step(world.new_run())
        for _ in range(3):
            run, event = await world.step(run)
            assert isinstance(event, StepFailed)
        assert world.jobs(run) == 1


async def test_a_job_whose_history_was_purged_is_known_by_its_own_start_mark(tmp_path):
    async with cut_world(tmp_path, receipt_s=0.0) as world:
        await world.login()
        world.how("msub-then", "kill -9 $$")
        world.mark("forgets", is_there=True)
        run, _ = await world.step(world.new_run())
        world.start_mark(run)
        run = await world.until(run, is_polled)
        assert world.jobs(run) == 1
        assert run.attempt is not None
        assert run.attempt.job == "Moab.1"


async def test_without_any_trace_of_a_job_a_person_is_asked_and_nothing_is_sent(tmp_path):
    async with cut_world(tmp_path, receipt_s=0.0) as world:
        await world.login()
        world.how("msub-then", "kill -9 $$")
        world.mark("forgets", is_there=True)
        run, _ = await world.step(world.new_run())
        for _ in range(3):
            run, event = await world.step(run)
            assert isinstance(event, SubmitDoubtful)
        assert (run.step, world.jobs(run)) == (Step.RECONCILE, 1)


async def test_an_order_that_never_reached_the_site_is_sent_once_the_next_login_has_shown_it(world):
    run = world.new_run()
    world.ssh.cut()
    run = run.with_(step=Step.RECONCILE)
    run = await world.until(run, lambda run: run.step is not Step.RECONCILE)
    assert run.step is Step.SUBMIT
    run = await world.until(run, is_polled)
    assert world.jobs(run) == 1


@pytest.fixture
def small_scratch(world):
    """The runs' own directory at the site, with room for hardly anything; needs the right to mount."""
    place = world.folder / "scratch" / "r"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small disk here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_a_disk_that_is_full_at_the_claim_submits_nothing_and_later_once(world, small_scratch):
    run = world.new_run()
    filler = small_scratch / "filler"
    filler.write_bytes(b"x" * (60 << 10))
    for _ in range(2):
        run, event = await world.step(run)
        assert isinstance(event, StepFailed), event
        assert "No space left" in event.sentence
        assert world.jobs(run) == 0
    filler.unlink()
    run = await world.until(run, is_polled)
    assert world.jobs(run) == 1


async def test_two_orders_for_one_attempt_at_the_same_time_make_one_job(world):
    world.how("msub", "sleep 0.2")
    run = world.new_run()
    answers = await asyncio.gather(*(world.step(run) for _ in range(4)))
    assert {moved.step for moved, _ in answers} == {Step.POLL}
    assert world.jobs(run) == 1
    assert not [event for _, event in answers if isinstance(event, NothingSubmitted)]
