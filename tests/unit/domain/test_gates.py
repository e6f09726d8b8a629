"""Gates: what a closed one holds, for all stages or for one."""

from __future__ import annotations

import pytest

from rpconsole.domain.action import PrepareRun
from rpconsole.domain.run import Run, Step
from rpconsole.domain.schedule import Limits, Situation, choose
from rpconsole.domain.snapshot import GATES, STAGE_GATES, gates_of
from rpconsole.domain.stage import Stage
from rpconsole.domain.why import reasons

WARP = Run(
    remote_id=1, stage=Stage.WARP, label="L", path_base="/p", step=Step.PREPARE
)  # fmt: skip
CHIP = WARP.with_(remote_id=2, stage=Stage.CHIP)


def situation(*closed):
    return Situation(now=0.0, closed_gates=frozenset(closed), session=False, limits=Limits())


@pytest.mark.parametrize(
    ("closed", "prepared"), [((), [1, 2]), (("prepare.warp",), [2]), (("prepare",), []), (("prepare.stack",), [1, 2])]
)
def test_a_stage_can_be_held_alone(closed, prepared):
    chosen = choose([WARP, CHIP], situation(*closed))
    assert [action.remote_id for action in chosen if isinstance(action, PrepareRun)] == prepared


def test_a_held_run_names_the_gate_that_holds_it():
    assert reasons(WARP, situation("prepare.warp"))[0] == (
        "the prepare.warp gate is closed: 'rpconsole resume prepare.warp' moves it"
    )


def test_all_opens_what_was_closed_for_one_stage_too():
    assert gates_of(["all"], open=False) == GATES
    assert set(gates_of(["all"], open=True)) == {*GATES, *STAGE_GATES}
