"""Rows as no program should have written them: each costs at most itself, in a sentence, on every kind of server."""

from __future__ import annotations

import math
from typing import Any

import pytest
from sqlalchemy import text
from tests.builders.gpc1 import ALL_OTAS, NIGHT, Gpc1Rows

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.remote_rows import SqlRemoteRows
from rpconsole.domain.fault import BadData, DatabaseRefused
from rpconsole.domain.run import ComponentState
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import Unreadable
from rpconsole.ports.remote_rows import Which
from rpconsole.ports.run_store import ComponentChange, DefineOrder, RunStore
from rpconsole.ports.survey import Survey
from rpconsole.stages.base import NO_DETRENDS, CannotPrepare, Detrends, SiteLayout
from rpconsole.stages.camera_stats import camera_flags
from rpconsole.stages.registry import STAGES

NOTHINGS = [None, "NULL", "(null)", ""]
LAYOUT = SiteLayout(remote_root="/s", hostname="h", dbname="gpc1", references="/r", tessellations="/t")
CELL = "skycell.1234.056"


def two_chips(rows: Gpc1Rows) -> tuple[int, int]:
    return tuple(rows.chip_run(rows.exposure(number)) for number in (1, 2))  # type: ignore[return-value]


def two_cameras(rows: Gpc1Rows) -> tuple[int, int]:
    return tuple(rows.cam_run(rows.chip_done(rows.exposure(number))) for number in (1, 2))  # type: ignore[return-value]


def two_warps(rows: Gpc1Rows) -> tuple[int, int]:
    made = []
    for number in (1, 2):
        made.append(rows.warp_run(rows.exposure(number)))
        rows.overlap(made[-1], {CELL: ALL_OTAS[:2]})
    return made[0], made[1]


def two_stacks(rows: Gpc1Rows) -> tuple[int, int]:
    warps = [rows.warp_done(rows.exposure(number), [CELL]) for number in (1, 2, 3, 4)]
    return rows.stack_run(warps[:2], CELL), rows.stack_run(warps[2:], CELL)


BUILDERS = {Stage.CHIP: two_chips, Stage.CAMERA: two_cameras, Stage.WARP: two_warps, Stage.STACK: two_stacks}
#: stage -> (table, column, how the hostile run's row is found) of every text that its preparation uses
TEXTS: dict[Stage, Any] = {
    Stage.CHIP: [
        *((t.raw_exp, name, {"exp_id": 1}) for name in ("exp_name", "exp_tag", "filter")),
        *((t.chip_run, name, {"exp_id": 1}) for name in ("workdir", "reduction", "end_stage", "tess_id")),
        *((t.raw_imfile, name, {"exp_id": 1}) for name in ("uri", "md5sum")),
    ],
    Stage.CAMERA: [
        *((t.cam_run, name, {"cam_id": None}) for name in ("workdir", "reduction")),
        (t.chip_processed_imfile, "path_base", {"exp_id": 1}),
        (t.raw_exp, "exp_tag", {"exp_id": 1}),
    ],
    Stage.WARP: [
        *((t.warp_run, name, {"warp_id": None}) for name in ("workdir", "reduction", "tess_id")),
        (t.chip_processed_imfile, "path_base", {"exp_id": 1}),
        (t.raw_exp, "exp_tag", {"exp_id": 1}),
    ],
    Stage.STACK: [
        *((t.stack_run, name, {"stack_id": None}) for name in ("workdir", "reduction", "tess_id", "skycell_id")),
        (t.warp_skyfile, "path_base", {"warp_id": None}),
    ],
}


#: what a stage can do without
OPTIONAL = {"reduction", "end_stage", "md5sum"}


async def prepared(survey: Survey, stage: Stage, row) -> str:
    """Why a stage cannot make a component of these rows; empty when it can. It says no with nothing but its own sentence."""
    rules, detrends = STAGES[stage], NO_DETRENDS
    try:
        if stage is Stage.CHIP:
            picked = rules.detrends_for(row, await survey.detrend_runs())
            files = {
                (run.det_id, run.iteration): await survey.detrend_files(run.det_id, run.iteration) for run in picked
            }
            detrends = Detrends(runs=picked, files=files)
        wants = rules.wants(row, LAYOUT, detrends)
        places = {key: f"/d/{number}" for number, key in enumerate((*wants.resolve, *wants.create))}
        rules.prepare(row, places, LAYOUT, detrends)
    except CannotPrepare as cannot:
        return str(cannot)
    return ""


@pytest.mark.parametrize("stage", Stage)
async def test_a_text_that_is_not_there_costs_its_own_run_at_most_and_is_named(survey, rows, stage):
    """Every text column that a preparation uses, in every way that the IPP has to write nothing."""
    rows.detrends()
    hostile, good = BUILDERS[stage](rows)
    for table, column, where in TEXTS[stage]:
        names = {name: value if value is not None else hostile for name, value in where.items()}
        if table is t.warp_skyfile:
            names = {"warp_id": rows.all(t.stack_input_skyfile, stack_id=hostile)[0]["warp_id"]}
        before = {row[column] for row in rows.all(table, **names)}
        for nothing in NOTHINGS:
            rows.change(table, names, **{column: nothing})
            found = await survey.stage_rows(stage, [hostile, good])
            assert await prepared(survey, stage, found[good]) == ""
            row = found.get(hostile)
            why = row.sentence if isinstance(row, Unreadable) else await prepared(survey, stage, row) if row else ""
            must = column not in OPTIONAL and not (column == "tess_id" and stage is not Stage.STACK)
            assert bool(why) is must, (table.name, column, nothing)
            assert not must or column in why, (table.name, column, why)
        if len(before) == 1:
            rows.change(table, names, **{column: before.pop()})
        else:
            rows.change(table, {**names, "class_id": "XY01"}, **{column: "neb://any/a.fits"})
            rows.change(table, {**names, "class_id": "XY02"}, **{column: "neb://any/b.fits"})


async def test_a_label_without_a_row_is_active_and_one_whose_row_says_nothing_is_not(store: RunStore, rows: Gpc1Rows):
    for number, label in enumerate(("bare", "silent", "on"), start=1):
        rows.chip_run(rows.exposure(number), label=label)
    rows.label_row("silent", active=None)
    rows.label_row("on", active=1, priority=None)
    made = {}
    for label in ("bare", "silent", "on"):
        order = DefineOrder(stage=Stage.CHIP, label=label, path_base="/r", pretend=True)
        made[label] = len((await store.define(order)).stage_ids)
    assert made == {"bare": 1, "silent": 0, "on": 1}


async def test_text_beyond_ascii_goes_through_as_latin1(store: RunStore, survey: Survey, rows: Gpc1Rows, gpc1):
    label, tag = "Nachtläufe", "öde.Nacht"
    chip_id = rows.chip_run(rows.exposure(1, exp_tag=tag, object="Größe ±1"), label=label)
    order = DefineOrder(stage=Stage.CHIP, label=label, path_base="neb://any/remote/ä")
    definition = await store.define(order)
    assert definition.stage_ids == (chip_id,)
    run = await store.run(definition.remote_id or 0)
    assert run is not None
    assert (run.label, run.path_base) == (label, "neb://any/remote/ä")
    assert (await survey.stage_rows(Stage.CHIP, [chip_id]))[chip_id].exp_tag == tag
    listed = await SqlRemoteRows(gpc1).runs(Which(run={"label": (label,)}))
    assert [row["label"] for row in listed] == [label]


async def test_components_twice_in_a_run_and_without_numbers_stop_nobody(store: RunStore, rows: Gpc1Rows):
    run = rows.add(
        t.remote_run, state="new", stage="chip", label="A", path_base="/r", job_id=-1, last_poll=NIGHT, fault=0
    )
    shared = {"remote_id": run, "jobs": None, "path_base": "NULL"}
    rows.add_many(t.remote_component, [{**shared, "stage_id": 5, "state": "new"}] * 2)
    components = await store.components(run)
    assert [(one.stage_id, one.jobs, one.path_base) for one in components] == [(5, None, None)] * 2
    changed = await store.change_components(run, [ComponentChange(stage_id=5, state=ComponentState.PREP_DONE, jobs=2)])
    assert changed == 2
    counts = await store.component_counts([run])
    assert counts[run] == {ComponentState.PREP_DONE: 2}


async def test_numbers_that_are_none_are_neither_statistics_nor_weights(survey: Survey, rows: Gpc1Rows, gpc1):
    """What a column can hold of them: NULL everywhere, infinities in SQLite, the largest float in MySQL."""
    wild = math.inf if gpc1.engine.dialect.name == "sqlite" else None
    chip_id = rows.chip_run(rows.exposure(1, exp_time=None))
    rows.chip_result(chip_id, ALL_OTAS[0], bg=wild, maskfrac_npix=None, maskfrac_static=wild, software_ver="NULL")
    rows.chip_result(chip_id, ALL_OTAS[1], bg=7.0, maskfrac_npix=10, maskfrac_static=0.5, software_ver="36001M")
    (advanced,) = await survey.advance(Stage.CHIP)
    run = rows.one(t.chip_run, chip_id=chip_id)
    assert (run["software_ver"], run["maskfrac_npix"], run["maskfrac_static"]) == ("36001M", 10, 0.5)
    found: Any = (await survey.stage_rows(Stage.CAMERA, [advanced.next_id or 0]))[advanced.next_id or 0]
    flags = camera_flags(found)
    assert flags[flags.index("-bg") + 1] == "7.000000"
    assert "-deteff_inst" not in flags
    assert not {"inf", "nan"} & set(flags)


@pytest.mark.parametrize(("size", "known"), [(0, None), (-1, None), (2**31 - 1, None), (2**31 - 2, 2**31 - 2)])
async def test_a_size_that_is_none_is_not_held_against_a_file(survey: Survey, rows: Gpc1Rows, size, known):
    chip_id = rows.chip_run(rows.exposure(1, otas=1))
    rows.change(t.raw_imfile, {"exp_id": 1}, bytes=size)
    (imfile,) = (await survey.stage_rows(Stage.CHIP, [chip_id]))[chip_id].imfiles
    assert imfile.bytes == known


async def test_the_text_null_in_what_a_run_carries_is_a_real_one_in_its_successor(survey: Survey, rows: Gpc1Rows):
    nothing = dict.fromkeys(("reduction", "expgroup", "dvodb", "dist_group", "end_stage"), "NULL")
    chip_id = rows.chip_done(rows.exposure(1), state="new", **{**nothing, "dvodb": "(null)"})
    (advanced,) = await survey.advance(Stage.CHIP)
    camera = rows.one(t.cam_run, cam_id=advanced.next_id)
    assert {name: camera[name] for name in nothing} == dict.fromkeys(nothing)
    assert camera["chip_id"] == chip_id
    assert camera["note"] is None


async def test_an_end_stage_of_any_writing_ends_the_chain_where_it_says(survey: Survey, rows: Gpc1Rows):
    for number, (end_stage, goes_on) in enumerate(
        [("CHIP", False), ("xChIpx", False), ("warp", True), ("", True)], start=1
    ):
        rows.chip_done(rows.exposure(number), state="new", end_stage=end_stage)
        (advanced,) = await survey.advance(Stage.CHIP)
        assert (advanced.next_id is not None) is goes_on, end_stage


async def test_a_missing_table_is_a_sentence_that_names_it(
    survey: Survey, store: RunStore, rows: Gpc1Rows, gpc1, gpc1_url
):
    """The database is put together again afterwards: others use it too."""
    chip_id = rows.chip_run(rows.exposure(1))
    rename = "ALTER TABLE {} RENAME TO {}"
    await gpc1.write(lambda connection: connection.execute(text(rename.format("chipMask", "hidden"))))
    try:
        with pytest.raises((DatabaseRefused, BadData), match="chipMask"):
            await survey.stage_rows(Stage.CHIP, [chip_id])
        with pytest.raises((DatabaseRefused, BadData), match="chipMask"):
            await store.define(DefineOrder(stage=Stage.CHIP, label="DEMO", path_base="/r"))
        with pytest.raises(BadData, match="table chipMask"):
            await store.check()
    finally:
        await gpc1.write(lambda connection: connection.execute(text(rename.format("hidden", "chipMask"))))
    assert len((await store.define(DefineOrder(stage=Stage.CHIP, label="DEMO", path_base="/r"))).stage_ids) == 1


async def test_detrends_without_dates_and_with_odd_words_are_no_candidates_before_good_ones(
    survey: Survey, rows: Gpc1Rows
):
    good = rows.detrend("MASK")
    rows.detrend("MASK", registered=None, time_begin=None)
    rows.detrend("MASK", filter="NULL", state="run")
    rows.detrend("MASK", mode="odd")
    rows.detrend("MASK", accept=0)
    runs = await survey.detrend_runs()
    assert next(run.det_id for run in runs if run.det_type == "MASK") == good
    assert len(runs) == 2
    assert all(run.filter is None for run in runs)


async def test_a_run_that_the_database_does_not_let_advance_costs_only_itself(
    survey: Survey, rows: Gpc1Rows, gpc1, caplog
):
    chips = [rows.chip_done(rows.exposure(number), state="new") for number in (1, 2, 3)]
    if gpc1.engine.dialect.name == "sqlite":
        body = f"WHEN NEW.chip_id = {chips[1]} BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    else:
        signal = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'"
        body = f"FOR EACH ROW BEGIN IF NEW.chip_id = {chips[1]} THEN {signal}; END IF; END"
    await gpc1.write(
        lambda connection: connection.exec_driver_sql(f"CREATE TRIGGER stubborn BEFORE UPDATE ON chipRun {body}")
    )
    try:
        advanced = await survey.advance(Stage.CHIP)
    finally:
        await gpc1.write(lambda connection: connection.exec_driver_sql("DROP TRIGGER stubborn"))
    assert [one.stage_id for one in advanced] == [chips[0], chips[2]]
    assert f"stage run {chips[1]} cannot be advanced" in caplog.text
    assert [one.stage_id for one in await survey.advance(Stage.CHIP)] == [chips[1]]
    assert rows.count(t.cam_run) == 3
