"""The main job, from exposures in the database to full stacks."""

from __future__ import annotations

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.stage import Stage


async def test_four_stages_run_to_full_by_themselves(bench):
    async with bench.running():
        await bench.login()
        await bench.until(lambda: (bench.player.play() or bench.states(Stage.STACK)) == ["full"])
    assert set(bench.states()) == {"full"}
    assert len(bench.states()) == 4
    assert {row["state"] for row in bench.rows.all(t.remote_component)} == {"pass"}
    assert bench.rows.count(t.chip_processed_imfile) == 4
    assert bench.rows.count(t.cam_processed_exp) == 2
    assert bench.rows.count(t.warp_skyfile) == 2
    assert bench.rows.count(t.stack_sum_skyfile) == 1
