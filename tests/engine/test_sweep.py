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
        done = bench.rows.warp_done(bench.rows.exposure(first + 3), ["skycell.1.2"], label=label)
        bench.rows.stack_run([done], "skycell.1.2", label=label)
        watched.append(WatchedLabel(label=label, stages=tuple(Stage), path_base=f"neb://any/remote/{label}"))
    await sweep(bench.world, watched, advance=False, define=True)
    made = {(row["label"], row["stage"]) for row in bench.rows.all(t.remote_run)}
    assert made == {(label, stage) for label in "ABC" for stage in Stage}


async def test_an_overlap_map_that_cannot_be_read_costs_its_own_exposure_and_is_named(bench):
    warps = {}
    for number, text in (
        (11, "skycell.1.2 RINGS.V3 XY01\n"),
        (12, "not a map\n"),
        (13, None),
        (14, f"skycell.1.2 {'T' * 70} XY01\n"),
    ):
        exp_id = bench.rows.exposure(number)
        name = bench.rows.one(t.raw_exp, exp_id=exp_id)["exp_name"]
        warps[number] = bench.rows.warp_run(exp_id, label="A")
        if text is not None:
            (bench.folder / "overlap" / f"{name}.map").write_text(text)
    bench.rows.chip_run(bench.rows.exposure(21), label="B")
    watched = [WatchedLabel(label=label, stages=tuple(Stage), path_base="neb://any/r") for label in ("A", "B")]
    done = await sweep(bench.world, watched, advance=True, define=True)
    made = {(row["label"], row["stage"]) for row in bench.rows.all(t.remote_run)}
    assert made == {("A", "warp"), ("B", "chip")}
    assert bench.rows.all(t.warp_sky_cell_map, warp_id=warps[11])
    said = "\n".join(done.troubles)
    assert f"warp {warps[12]} waits for its overlap" in said
    assert "line 1: 'not a map' is no skycell like" in said
    assert f"warp {warps[14]} waits for its overlap" in said
    assert f"warp {warps[13]} waits for its overlap" in said


async def test_troubles_of_a_round_are_said_once_and_their_end_too(bench):
    (bench.folder / "overlap" / f"{bench.rows.one(t.raw_exp, exp_id=1)['exp_name']}.map").write_text("not a map\n")
    async with bench.running() as engine:
        await bench.login()
        await bench.until(lambda: (bench.player.play() or bench.states(Stage.WARP)) == ["full"])
        for _ in range(5):
            await bench.clock.advance(10.0)
        said = [alert.sentence for alert in engine.snapshot().alerts if "waits for its overlap" in alert.sentence]
    assert len(said) == 1
    assert "'not a map' is no skycell" in said[0]
