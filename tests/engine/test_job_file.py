"""The batch script that is submitted, as the site's configuration wants it."""

from __future__ import annotations

from dataclasses import replace

import pytest


@pytest.mark.parametrize(
    ("lists_nodes", "end"),
    [(True, "/remote_chip.1.config hosts.$SLURM_JOB_ID 1"), (False, "/remote_chip.1.config - 1")],
)
async def test_where_no_srun_lists_the_nodes_the_runner_is_left_to_find_them(bench, lists_nodes, end):
    wanted = replace(bench.world.settings.script, lists_nodes=lists_nodes)
    bench.world = replace(bench.world, settings=replace(bench.world.settings, script=wanted))
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bool(bench.site.moab.jobs))
    (job,) = bench.site.moab.jobs.values()
    script = bench.site.files[job.argv[-1]].data.decode()
    *_, runner, _ = script.splitlines()
    assert runner.endswith(end)
    assert ("srun" in script) is lists_nodes
