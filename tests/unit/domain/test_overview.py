"""All runs in a few numbers come to what the rows come to."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.engine import a_run_row, view_of

from rpconsole.domain.haul import Way
from rpconsole.domain.overview import MOVING_NAMED, overview_of
from rpconsole.domain.run import Step
from rpconsole.domain.snapshot import MoveView
from rpconsole.domain.stage import Stage


def a_view(remote_id, **changes):
    return replace(view_of(a_run_row(remote_id)), **changes)


def a_move(way, bytes, done):
    return MoveView(way=way, files=3, files_done=1, bytes=bytes, bytes_done=done, rate=1.0, left_s=None)


def test_stages_are_counted_by_the_word_of_the_state():
    found = overview_of([a_view(1), a_view(2), a_view(3, stage=Stage.WARP, step=Step.EXEC_STOPPED)])
    assert [(one.stage, one.runs, one.failed) for one in found.queues] == [
        (Stage.CHIP, {"run": 2}, 2),
        (Stage.WARP, {"fault": 1}, 1),
    ]
    assert found.held == 2


def test_of_what_moves_the_first_are_named_and_what_is_left_is_summed_by_its_way():
    moving = [a_view(n, step=Step.SHIP, moving=a_move(Way.SEND, 100, 40)) for n in range(1, 21)]
    back = a_view(30, step=Step.RETRIEVE, moving=a_move(Way.FETCH, 50, 50))
    found = overview_of([*moving, back])
    assert found.moving == tuple(range(1, MOVING_NAMED + 1))
    assert (found.left_out, found.left_in) == (20 * 60, 0)
