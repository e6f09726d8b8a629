"""What holds for the command lines of all four stages."""

from __future__ import annotations

import pytest
from tests.fakes.stage_rows import ROOT, a_layout, camera_rows, chip_rows, detrends, stack_rows, stored, warp_rows

from rpconsole.domain.manifest import Role
from rpconsole.domain.paths import mapped_by_key
from rpconsole.domain.stage import Stage
from rpconsole.stages.base import NO_DETRENDS
from rpconsole.stages.registry import STAGES

ROWS = {Stage.CHIP: chip_rows(), Stage.CAMERA: camera_rows(), Stage.WARP: warp_rows(), Stage.STACK: stack_rows()}


def prepared(stage, *, images=False):
    given = detrends() if stage is Stage.CHIP else NO_DETRENDS
    layout = a_layout(transfer_warp_images=images)
    wants = STAGES[stage].wants(ROWS[stage], layout, given)
    return STAGES[stage].prepare(ROWS[stage], stored(wants), layout, given)


@pytest.mark.parametrize("stage", Stage)
def test_a_line_begins_by_making_the_directory_that_it_writes_into(stage):
    component = prepared(stage)
    folder = mapped_by_key(component.path_base, ROOT).rpartition("/")[0]
    assert component.commands
    assert all(line.text.startswith(f"mkdir -p {folder} && ") for line in component.commands)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("images", [False, True])
def test_every_product_is_linked_and_touched_by_its_own_line_and_by_no_other(stage, images):
    component = prepared(stage, images=images)
    products = [record for record in component.lists.products if record.role is Role.PRODUCT]
    for number, line in enumerate(component.commands, start=1):
        mine = [record for record in products if record.task == number]
        steps = line.text.split(" && ")
        assert [step.split()[1] for step in steps if step.startswith("touch ")] == [record.remote for record in mine]
        links = [tuple(step.split()[2:]) for step in steps if step.startswith("ln ")]
        assert links == [(record.remote, f"{ROOT}tmp{record.local}") for record in mine]
    assert {record.task for record in products} == set(range(1, len(component.commands) + 1))


@pytest.mark.parametrize("stage", Stage)
def test_the_dbinfo_comes_first_among_the_products_and_is_one_of_each_line(stage):
    component = prepared(stage)
    by_task: dict[int | None, list[str]] = {}
    for record in component.lists.products:
        by_task.setdefault(record.task, []).append(record.remote)
    for paths in by_task.values():
        assert [path.endswith(".dbinfo") for path in paths] == [True] + [False] * (len(paths) - 1)
