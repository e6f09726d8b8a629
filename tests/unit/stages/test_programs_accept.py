"""The lines that the stages write are lines that the practice site's programs take."""

from __future__ import annotations

import shlex

import pytest
from tests.fakes.stage_rows import a_layout, camera_rows, chip_rows, detrends, stack_rows, stored, warp_rows

from rpconsole.domain.stage import Stage
from rpconsole.practice.programs import dvoimageextract, mkstackmdc, ppimage, ppstack, ppstats, psastro, pswarp
from rpconsole.stages.base import NO_DETRENDS
from rpconsole.stages.registry import STAGES

SYNOPSES = {
    module.SYNOPSIS.program: module.SYNOPSIS
    for module in (dvoimageextract, mkstackmdc, ppimage, ppstack, ppstats, psastro, pswarp)
}
TOOLS = {"mkdir", "ls", "echo", "ln", "touch"}
CASES = {
    Stage.CHIP: (chip_rows(filter="y.00000"), detrends(filter="y")),
    Stage.CAMERA: (camera_rows(), NO_DETRENDS),
    Stage.WARP: (warp_rows(), NO_DETRENDS),
    Stage.STACK: (stack_rows(), NO_DETRENDS),
}


@pytest.mark.parametrize("stage", Stage)
def test_every_step_of_a_line_is_known_to_the_program_that_takes_it(stage):
    rows, given = CASES[stage]
    rules, layout = STAGES[stage], a_layout()
    component = rules.prepare(rows, stored(rules.wants(rows, layout, given)), layout, given)
    taken = set()
    for step in component.commands[0].text.split(" && "):
        program, *rest = shlex.split(step)
        if program not in TOOLS:
            argv = rest[: next((n for n, word in enumerate(rest) if word in (">", ">>")), len(rest))]
            SYNOPSES[program].read(argv)
            taken.add(program)
    assert "ppStatsFromMetadata" in taken
    assert len(taken) >= 2
