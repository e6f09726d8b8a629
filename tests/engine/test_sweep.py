"""One round of defining: every label and every stage gets its turn in it."""

from __future__ import annotations

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.stage import Stage
from rpconsole.engine.settings import WatchedLabel
from rpconsole.engine.sweep import sweep


async def test_one_round_defines_every_label_at_every_stage(bench):
    watched = []
    for number, label in enumerate(("A", "B", "C"), start=1):
        first = 10 * number
        bench.rows.chip_run(bench.rows.exposure(first), label=label)
        bench.rows.cam_run(bench.rows.chip_done(bench.rows.exposure(first + 1), label=label))
        warp_id = bench.rows.warp_run(bench.rows.exposure(first + 2), label=label)
        bench.rows.overlap(warp_id, {"skycell.1.2": ["XY01"]})
        watched.append(WatchedLabel(label=label, stages=tuple(Stage), path_base=f"neb://any/remote/{label}"))
    await sweep(bench.world, watched, advance=False, define=True)
    made = {(row["label"], row["stage"]) for row in bench.rows.all(t.remote_run)}
    assert made == {(label, stage) for label in "ABC" for stage in ("chip", "camera", "warp")}
