"""A client with a window is sent its rows, and of the others only that they are there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.engine import FakeEngine, a_run_row

from rpconsole.daemon.outbox import Outbox
from rpconsole.daemon.window import Overviews, Window
from rpconsole.domain.ranges import numbers_of
from rpconsole.domain.run import RunState, Step
from rpconsole.protocol.codec import encode
from rpconsole.protocol.messages import Change, WholeSnapshot

MANY = FakeEngine(rows=[a_run_row(number) for number in range(1, 2001)]).snapshot()
FEW = FakeEngine(rows=[a_run_row(number) for number in range(1, 101)]).snapshot()


def a_window(*runs, first=0):
    outbox = Outbox()
    outbox.window = Window(Overviews(), first=first, runs=runs)
    return outbox


async def test_a_pattern_that_takes_for_ever_is_not_followed_any_more_and_the_client_lives():
    outbox = a_window(first=5)
    outbox.window.sift("re:(a+)+$!")
    hostile = changed(FEW, 3, label="a" * 60)
    message = await first_of(outbox, hostile)
    assert not message.index.passing
    later = await next_of(outbox, changed(hostile, 4, label="b"))
    assert later.delta.snapshot.runs


def changed(snapshot, remote_id, **changes):
    runs = tuple(replace(run, **changes) if run.remote_id == remote_id else run for run in snapshot.runs)
    return replace(snapshot, sequence=snapshot.sequence + 1, at=snapshot.at + 0.25, runs=runs)


async def first_of(outbox, snapshot):
    outbox.offer(snapshot)
    message = await outbox.next()
    assert isinstance(message, WholeSnapshot)
    return message


async def next_of(outbox, snapshot):
    outbox.offer(snapshot)
    message = await outbox.next()
    assert isinstance(message, Change)
    return message


async def test_the_rows_of_the_window_cross_and_the_numbers_of_all():
    whole = await first_of(a_window(1, 1999), MANY)
    assert [run.remote_id for run in whole.snapshot.runs] == [1, 1999]
    assert numbers_of(whole.index.ids) == tuple(range(1, 2001))
    assert [(queue.stage, sum(queue.runs.values())) for queue in whole.index.overview.queues] == [("chip", 2000)]


async def test_what_crosses_at_the_attaching_does_not_grow_with_the_runs_that_are_out_of_sight():
    sizes = [len(encode(await first_of(a_window(first=40), snapshot))) for snapshot in (FEW, MANY)]
    assert sizes[1] - sizes[0] < 50


async def test_of_a_change_out_of_sight_only_what_it_makes_of_the_whole_is_sent():
    outbox = a_window(1)
    await first_of(outbox, MANY)
    change = await next_of(outbox, changed(MANY, 1500, step=Step.EXEC_STOPPED, state=RunState.EXEC_FAIL))
    assert change.delta.snapshot.runs == ()
    assert (change.index.ids, change.index.passing) == (None, None)
    assert change.index.overview.queues[0].runs == {"run": 1999, "fault": 1}


async def test_a_change_out_of_sight_that_changes_no_count_is_not_sent_at_all():
    outbox = a_window(1)
    await first_of(outbox, MANY)
    outbox.offer(changed(MANY, 1500, tasks_done=6))
    later = changed(changed(MANY, 1500, tasks_done=6), 1, tasks_done=7)
    change = await next_of(outbox, later)
    assert change.delta.base == MANY.sequence
    assert [run.remote_id for run in change.delta.snapshot.runs] == [1]


async def test_another_window_brings_its_rows_at_once_and_lets_go_of_the_others():
    outbox = a_window(1, 2)
    await first_of(outbox, MANY)
    outbox.window.show((2, 900))
    outbox.look_again()
    change = await outbox.next()
    assert isinstance(change, Change)
    assert [run.remote_id for run in change.delta.snapshot.runs] == [900]
    assert change.delta.runs_gone == (1,)


async def test_runs_whose_files_cross_the_line_are_in_every_window():
    moving = changed(MANY, 1700, step=Step.SHIP)
    whole = await first_of(a_window(), moving)
    assert [run.remote_id for run in whole.snapshot.runs] == [1700]


async def test_the_runs_that_pass_a_filter_are_told_and_told_again_once_they_are_others():
    outbox = a_window()
    outbox.window.sift("state:fault")
    assert (await first_of(outbox, MANY)).index.passing == ()
    failed = replace(changed(MANY, 1500, step=Step.EXEC_STOPPED), at=MANY.at + 2)
    assert (await next_of(outbox, failed)).index.passing == (1500,)
    same = replace(changed(failed, 1501, components={}), at=failed.at + 2)
    assert (await next_of(outbox, same)).index.passing is None


@pytest.mark.parametrize("asleep", [500])
async def test_a_client_that_sleeps_costs_no_more_than_its_last_state(asleep):
    outbox = a_window(first=40)
    await first_of(outbox, MANY)
    snapshot = MANY
    for _ in range(asleep):
        snapshot = replace(snapshot, sequence=snapshot.sequence + 1, rate_in=float(snapshot.sequence))
        outbox.offer(snapshot)
        outbox.look_again()
    change = await outbox.next()
    assert isinstance(change, Change)
    assert (change.delta.base, change.delta.snapshot.sequence) == (MANY.sequence, MANY.sequence + asleep)
