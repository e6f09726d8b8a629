"""Reasons that runs share are those that each would be given alone."""

from __future__ import annotations

from itertools import product

import pytest

from rpconsole.domain.action import PrepareRun
from rpconsole.domain.run import Run, Step
from rpconsole.domain.schedule import Situation
from rpconsole.domain.stage import Stage
from rpconsole.domain.why import Reasons, reasons

RUNS = [
    Run(
        remote_id=number, stage=stage, label="L", path_base="/p", step=step, hold=hold, next_try_at=next_try_at
    )
    for number, (step, stage, hold, next_try_at) in enumerate(
        product(Step, (Stage.CHIP, Stage.WARP), (None, "it waits for a person", "a disk is full"), (None, 5.0, 500.0))
    )
]  # fmt: skip
SITUATIONS = {
    "nothing in the way": Situation(now=100.0, closed_gates=frozenset(), session=True),
    "no session": Situation(now=100.0, closed_gates=frozenset(), session=False),
    "a gate of one stage": Situation(now=100.0, closed_gates=frozenset({"prepare.chip", "exec"}), session=True),
    "a session that ends": Situation(now=100.0, closed_gates=frozenset(), session=True, may_transfer=False),
    "a silent scheduler": Situation(now=100.0, closed_gates=frozenset(), session=True, silence="timed out"),
    "no room for some": Situation(
        now=100.0, closed_gates=frozenset(), session=True, busy={1: PrepareRun}, throttled={0: "no room", 18: "full"}
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_run_among_many_has_the_reasons_that_it_has_alone(name: str) -> None:
    why = Reasons(SITUATIONS[name])
    assert [why.of(run) for run in RUNS] == [reasons(run, SITUATIONS[name]) for run in RUNS]
