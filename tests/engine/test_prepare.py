"""Preparing a run: in round trips that do not grow with its files, and from the component where it was interrupted."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import event
from tests.engine.conftest import LABEL, Bench
from tests.engine.mortal import Fate, mortal

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.storage.plain import PlainCatalogue
from rpconsole.domain.event import PrepareRefused, RunPrepared
from rpconsole.domain.run import ComponentState, Run, run_of_row
from rpconsole.domain.stage import Stage
from rpconsole.engine import prepare
from rpconsole.engine.prepare import prepare_run
from rpconsole.engine.story import left_out, story_line
from rpconsole.ports.run_store import ComponentChange, DefineOrder


async def defined(bench: Bench, stage: Stage = Stage.CHIP) -> Run:
    """What is new at the stage (at chip the two exposures) as one new run."""
    order = DefineOrder(stage=stage, label=LABEL, path_base="neb://any/remote/DEMO")
    made = await bench.world.runs.define(order)
    assert made.remote_id is not None
    row = await bench.world.runs.run(made.remote_id)
    assert row is not None
    return run_of_row(row)


@pytest.fixture
def sent(bench):
    """Statements that gpc1 was sent, by their first word."""
    words: Counter[str] = Counter()

    def keep(connection, cursor, statement, *rest) -> None:
        words[statement.split()[0]] += 1

    event.listen(bench.gpc1.engine, "before_cursor_execute", keep)
    yield words
    event.remove(bench.gpc1.engine, "before_cursor_execute", keep)


class Counted:
    """A port whose calls are counted."""

    def __init__(self, port, calls: Counter[str]) -> None:
        self._port, self._calls = port, calls

    def __getattr__(self, verb):
        self._calls[verb] += 1
        return getattr(self._port, verb)


def more_exposures(bench: Bench) -> None:
    """Thrice as many, with all that they ship."""
    for exp_id in range(3, 9):
        bench.rows.exposure(exp_id)
        bench.rows.chip_run(exp_id, label=LABEL)
    keys = [row["uri"] for row in bench.rows.all(t.raw_imfile)]
    for key in [*keys, *(key.replace(".fits", ".burn.tbl") for key in keys)]:
        path = bench.folder / "ipp" / key.split("/", 3)[3]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"raw")


async def test_round_trips_do_not_grow_with_the_exposures(bench, sent):
    seen = []
    for again in (False, True):
        if again:
            more_exposures(bench)
        calls: Counter[str] = Counter()
        run = await defined(bench)
        world = replace(
            bench.world, catalogue=Counted(bench.world.catalogue, calls), files=Counted(bench.world.files, calls)
        )
        sent.clear()
        assert isinstance(await prepare_run(world, run), RunPrepared)
        calls["read_all"] = 0  # a few components' lists at a time, so that memory does not grow with the run
        seen.append((dict(sent), dict(calls)))
    assert seen[0] == seen[1]


async def test_a_detrend_is_looked_up_once_however_many_exposures_share_it(bench, monkeypatch):
    monkeypatch.setattr(prepare, "CHUNK", 1)
    asked: Counter[str] = Counter()
    resolve = bench.world.catalogue.resolve

    async def watched(keys):
        asked.update(list(keys))
        return await resolve(keys)

    monkeypatch.setattr(bench.world.catalogue, "resolve", watched)
    read: Counter[tuple[object, ...]] = Counter()
    for name in ("detrend_runs", "detrend_files"):
        plain = getattr(bench.world.survey, name)

        async def counted(*ids, name=name, plain=plain):
            read[(name, *ids)] += 1
            return await plain(*ids)

        monkeypatch.setattr(bench.world.survey, name, counted)
    await prepare_run(bench.world, await defined(bench))
    assert read[("detrend_runs",)] == 1
    assert {name for name, *_ in read} == {"detrend_runs", "detrend_files"}
    assert set(read.values()) == {1}
    detrends = {key: times for key, times in asked.items() if "/detrends/" in key}
    assert detrends
    assert set(detrends.values()) == {1}


async def test_an_interrupted_preparation_goes_on_at_the_component(bench, monkeypatch):
    monkeypatch.setattr(prepare, "CHUNK", 1)
    monkeypatch.setattr(prepare, "LANES", 1)
    run = await defined(bench)
    fate = Fate(die_at=3)  # catalogue.create, files.write, runs.change_components of the first; then death
    dying = asyncio.create_task(prepare_run(mortal(bench.world, fate), run))
    await fate.dead.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    states = [one.state for one in await bench.world.runs.components(run.remote_id)]
    assert states == [ComponentState.PREP_DONE, ComponentState.NEW]

    written: list[str] = []
    write = bench.world.files.write

    async def watched(texts):
        written.extend(texts)
        await write(texts)

    monkeypatch.setattr(bench.world.files, "write", watched)
    event_ = await prepare_run(bench.world, run)
    assert event_ == RunPrepared(prepared=2, refused=0, tasks=4)
    assert not any("stage_1." in path for path in written)
    assert any("stage_2." in path for path in written)


async def test_one_component_that_cannot_be_prepared_does_not_cost_its_neighbours(bench):
    shutil.rmtree(bench.folder / "ipp" / "gpc1" / "20140701" / bench.rows.one(t.raw_exp, exp_id=1)["exp_name"])
    run = await defined(bench)
    assert await prepare_run(bench.world, run) == RunPrepared(prepared=1, refused=1, tasks=2)
    (verdict,) = await bench.world.ledger.verdicts(run.remote_id, state="fail")
    assert (verdict.stage_id, "no raw image" in verdict.sentence) == (1, True)


async def test_a_row_without_a_name_fails_its_component_and_says_which_column(bench):
    bench.rows.change(t.chip_run, {"chip_id": 1}, workdir="NULL")
    run = await defined(bench)
    assert await prepare_run(bench.world, run) == RunPrepared(prepared=1, refused=1, tasks=2)
    (verdict,) = await bench.world.ledger.verdicts(run.remote_id, state="fail")
    assert verdict.sentence.startswith("chipRun 1: workdir is 'NULL'")


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        (t.chip_run, "workdir", "neb://any/gpc1/größer"),
        (t.raw_exp, "exp_tag", "öde.Nacht"),
        (t.raw_imfile, "uri", "neb://any/gpc1/größer/x.fits"),
    ],
)
async def test_a_name_beyond_ascii_is_refused_before_a_job_is_spent_on_it(bench, table, column, value):
    """Its bytes in a list file, on a disk at home and at the site would be three."""
    bench.rows.change(table, {"chip_id" if table is t.chip_run else "exp_id": 1}, **{column: value})
    run = await defined(bench)
    assert await prepare_run(bench.world, run) == RunPrepared(prepared=1, refused=1, tasks=2)
    (verdict,) = await bench.world.ledger.verdicts(run.remote_id, state="fail")
    assert verdict.sentence.endswith("holds 'ö': names of files that a job reads or makes are plain ASCII")


@pytest.mark.parametrize(
    ("table", "column"), [(t.chip_run, "workdir"), (t.raw_imfile, "uri"), (t.det_normalized_imfile, "uri")]
)
async def test_a_place_that_is_not_configured_costs_the_components_that_name_it(bench, table, column):
    run = await defined(bench)
    if table is t.det_normalized_imfile:
        # of the second exposure alone
        bench.rows.change(t.raw_exp, {"exp_id": 2}, filter="i.00000")
        det_id = bench.rows.one(t.det_run, det_type="FLAT", filter="i")["det_id"]
        bench.rows.change(table, {"det_id": det_id}, uri="path://NOPE/flat.fits")
    else:
        bench.rows.change(table, {"chip_id" if table is t.chip_run else "exp_id": 2}, **{column: "path://NOPE/x"})
    assert await prepare_run(bench.world, run) == RunPrepared(prepared=1, refused=1, tasks=2)
    (verdict,) = await bench.world.ledger.verdicts(run.remote_id, state="fail")
    assert verdict.stage_id == 2
    assert "names the directory 'NOPE', which is not configured" in verdict.sentence


async def test_a_storage_whose_directory_is_beyond_ascii_is_refused_before_a_job_is_spent_on_it(bench):
    place = bench.folder / "größer"
    (bench.folder / "ipp").rename(place)
    bench.world = replace(bench.world, catalogue=PlainCatalogue(place))
    run = await defined(bench)
    refused = await prepare_run(bench.world, run)
    assert isinstance(refused, PrepareRefused)
    assert "holds 'ö': names of files" in refused.sentence


async def test_a_run_whose_own_path_is_beyond_ascii_is_refused(bench):
    run = (await defined(bench)).with_(path_base="neb://any/remote/Nachtläufe")
    refused = await prepare_run(bench.world, run)
    assert isinstance(refused, PrepareRefused)
    assert "'neb://any/remote/Nachtläufe' holds 'ä'" in refused.sentence


@pytest.mark.parametrize("ignored", [0, 1])
async def test_an_item_that_is_not_pending_is_told_what_may_keep_it(bench, ignored):
    run = await defined(bench)
    bench.rows.change(t.raw_imfile, {"exp_id": 1}, ignored=ignored)
    bench.rows.change(t.chip_run, {"chip_id": 1}, state="new" if ignored else "drop")
    assert await prepare_run(bench.world, run) == RunPrepared(prepared=1, refused=1, tasks=2)
    (verdict,) = await bench.world.ledger.verdicts(run.remote_id, state="fail")
    assert "done or dropped" in verdict.sentence
    assert "every OTA of it is ignored" in verdict.sentence


async def with_a_skycell_to_leave_out(bench):
    """A warp, and its run, of whose two skycells one is touched by no good chip."""
    warp_id = bench.rows.warp_run(bench.rows.exposure(31), label=LABEL)
    good, bad = (row["class_id"] for row in bench.rows.all(t.chip_processed_imfile, exp_id=31))
    bench.rows.overlap(warp_id, {"skycell.1234.001": [good], "skycell.1234.002": [bad]})
    bench.rows.change(t.chip_processed_imfile, {"class_id": bad}, quality=4)
    run = await defined(bench, Stage.WARP)
    return warp_id, run


async def test_what_is_left_out_of_the_lists_is_told_in_the_run_s_story(bench):
    warp_id, run = await with_a_skycell_to_leave_out(bench)
    prepared = await prepare_run(bench.world, run)
    told = f"warp {warp_id}: no good chip touches skycell.1234.002; left out, so warpRun {warp_id} will not advance"
    assert prepared == RunPrepared(prepared=1, refused=0, tasks=1, sentence=told)
    line = story_line(run, prepared, run, 0.0)
    assert line.detail == f"{told}, prepared 1, refused 0, tasks 1"
    everything = story_line(run, RunPrepared(prepared=1, refused=0, tasks=1), run, 0.0)
    assert (left_out([everything, line]), left_out([line, everything]), left_out([])) == (told, "", "")


async def test_an_operator_who_asks_why_is_told_what_was_left_out(bench):
    warp_id, run = await with_a_skycell_to_leave_out(bench)
    told = f"no good chip touches skycell.1234.002; left out, so warpRun {warp_id} will not advance"
    async with bench.running() as engine:
        await bench.until(
            lambda: any(one.remote_id == run.remote_id and one.state == "pending" for one in engine.snapshot().runs)
        )
        assert told in " ".join(await engine.why(run.remote_id))
        assert told in " ".join((await engine.run_detail(run.remote_id)).why)


async def test_lists_that_are_gone_before_the_merge_are_named(bench):
    run = await defined(bench)
    await prepare_run(bench.world, run)
    (bench.folder / "ipp/remote/DEMO/remote_chip.1/stage_1.check").unlink()
    with pytest.raises(Exception, match="the lists of component 1 are gone: set it to 'new'"):
        await prepare_run(bench.world, run)
    await bench.world.runs.change_components(1, [ComponentChange(stage_id=1, state=ComponentState.NEW)])
    assert isinstance(await prepare_run(bench.world, run), RunPrepared)


async def test_a_run_of_which_nothing_can_be_prepared_says_why(bench):
    shutil.rmtree(bench.folder / "ipp" / "detrends")
    event_ = await prepare_run(bench.world, await defined(bench))
    assert isinstance(event_, PrepareRefused)
    assert "the storage has no detrend file" in event_.sentence
