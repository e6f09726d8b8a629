"""The run store's contract, on each kind of server."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from tests.builders.gpc1 import Gpc1Rows

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.engine import open_gpc1
from rpconsole.adapters.gpc1.run_store import SqlRunStore
from rpconsole.domain.fault import BadData
from rpconsole.domain.run import ComponentState, RunState
from rpconsole.domain.stage import Stage
from rpconsole.ports.run_store import ComponentChange, DefineOrder, RunChange, RunStore


def an_order(stage: Stage = Stage.CHIP, **changes: Any) -> DefineOrder:
    return replace(DefineOrder(stage=stage, label="DEMO", path_base="/data/remote/DEMO"), **changes)


async def defined(store: RunStore, **changes: Any) -> int:
    made = await store.define(an_order(**changes))
    assert made.remote_id is not None
    return made.remote_id


# --- define


async def test_new_chip_runs_of_a_label_are_bundled_into_one_new_run(store: RunStore, rows: Gpc1Rows):
    chips = [rows.chip_run(rows.exposure(exp_id)) for exp_id in (1, 2)]
    rows.chip_run(1, label="OTHER")
    rows.chip_run(2, state="full")

    made = await store.define(an_order())

    assert made.stage_ids == tuple(chips)
    run = await store.run(made.remote_id or 0)
    assert run is not None
    assert (run.state, run.stage, run.label, run.path_base) == (RunState.NEW, Stage.CHIP, "DEMO", "/data/remote/DEMO")
    assert (run.job_id, run.fault) == (-1, 0)
    assert run.last_poll == pytest.approx(time.time(), abs=30)
    components = await store.components(run.remote_id)
    assert [(one.stage_id, one.state, one.jobs, one.path_base) for one in components] == [
        (chip_id, ComponentState.NEW, 0, None) for chip_id in chips
    ]


async def test_nothing_selected_makes_no_run(store: RunStore, rows: Gpc1Rows):
    made = await store.define(an_order())
    assert (made.remote_id, made.stage_ids) == (None, ())
    assert rows.count(t.remote_run) == 0


async def test_pretending_reports_and_writes_nothing(store: RunStore, rows: Gpc1Rows):
    chip_id = rows.chip_run(rows.exposure())
    made = await store.define(an_order(pretend=True))
    assert (made.remote_id, made.stage_ids) == (None, (chip_id,))
    assert rows.count(t.remote_run) == rows.count(t.remote_component) == 0


async def test_a_limit_leaves_the_rest_for_the_next_run(store: RunStore, rows: Gpc1Rows):
    chips = [rows.chip_run(rows.exposure(exp_id)) for exp_id in (1, 2, 3)]
    first = await store.define(an_order(limit=2))
    second = await store.define(an_order(limit=2))
    assert first.stage_ids + second.stage_ids == tuple(chips)


async def test_a_stage_run_is_held_whatever_label_its_remote_run_was_set_to(store: RunStore, rows: Gpc1Rows):
    rows.chip_run(rows.exposure())
    await defined(store, set_label="DEMO.TONIGHT")
    again = await store.define(an_order())
    assert again.stage_ids == ()
    (run,) = await store.runs()
    assert run.label == "DEMO.TONIGHT"


async def test_the_same_number_in_another_stage_does_not_hold_a_stage_run(store: RunStore, rows: Gpc1Rows):
    chip_id = rows.chip_run(rows.exposure())
    other = rows.add(t.remote_run, state="run", stage="warp", label="DEMO", path_base="/p", job_id=1, fault=0)
    rows.add(t.remote_component, remote_id=other, stage_id=chip_id, state="new")
    made = await store.define(an_order())
    assert made.stage_ids == (chip_id,)


async def test_a_component_in_retry_frees_its_stage_run_and_any_other_state_holds_it(store: RunStore, rows: Gpc1Rows):
    chip_id = rows.chip_run(rows.exposure())
    remote_id = await defined(store)
    for state in ComponentState:
        await store.change_components(remote_id, [ComponentChange(stage_id=chip_id, state=state)])
        made = await store.define(an_order(pretend=True))
        assert made.stage_ids == ((chip_id,) if state is ComponentState.RETRY else ())


async def test_a_warp_is_defined_only_once_its_overlap_is_known(store: RunStore, rows: Gpc1Rows):
    rows.exposure()
    warp_id = rows.warp_run()
    assert (await store.define(an_order(Stage.WARP))).stage_ids == ()
    rows.overlap(warp_id, {"skycell.1.1": ["XY01"]})
    assert (await store.define(an_order(Stage.WARP))).stage_ids == (warp_id,)


async def test_camera_and_stack_runs_are_defined_from_their_own_tables(store: RunStore, rows: Gpc1Rows):
    rows.exposure()
    cam_id = rows.cam_run(rows.chip_done())
    stack_id = rows.stack_run([1, 2], "skycell.1.1")
    assert (await store.define(an_order(Stage.CAMERA))).stage_ids == (cam_id,)
    assert (await store.define(an_order(Stage.STACK))).stage_ids == (stack_id,)


@pytest.mark.parametrize(("active", "goes"), [(1, True), (0, False), (None, False)])
async def test_an_inactive_label_is_not_defined(store: RunStore, rows: Gpc1Rows, active, goes):
    rows.chip_run(rows.exposure())
    rows.label_row("DEMO", active=active)
    assert bool((await store.define(an_order())).stage_ids) is goes


async def test_a_masked_label_is_not_defined_at_that_stage(store: RunStore, rows: Gpc1Rows):
    rows.exposure()
    rows.add(t.chip_mask, label="DEMO")
    rows.chip_run()
    rows.cam_run(rows.chip_done())
    assert (await store.define(an_order())).stage_ids == ()
    assert (await store.define(an_order(Stage.CAMERA))).stage_ids != ()


async def test_definers_at_the_same_time_never_bundle_a_stage_run_twice(gpc1_url: str, rows: Gpc1Rows):
    """Also when each sets another label, which hid the other's runs from the IPP's own tool."""
    rows.exposure(otas=1)
    chips = [rows.chip_run() for _ in range(12)]
    databases = [open_gpc1(gpc1_url) for _ in range(4)]
    try:
        orders = [an_order(limit=5, set_label=f"DEMO.{n}") for n in range(8)]
        stores = [SqlRunStore(databases[n % 4]) for n in range(8)]
        made = await asyncio.gather(*(store.define(order) for store, order in zip(stores, orders, strict=True)))
    finally:
        for database in databases:
            await database.close()
    assert sorted(stage_id for one in made for stage_id in one.stage_ids) == chips
    assert sorted(row["stage_id"] for row in rows.all(t.remote_component)) == chips


async def test_a_definition_is_all_or_nothing(store: RunStore, rows: Gpc1Rows, gpc1):
    rows.chip_run(rows.exposure())
    with gpc1.engine.begin() as connection:
        connection.execute(text("ALTER TABLE remoteComponent RENAME TO elsewhere"))
    try:
        with pytest.raises(Exception, match="remoteComponent"):
            await store.define(an_order())
        assert rows.count(t.remote_run) == 0
    finally:
        with gpc1.engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO remoteComponent"))


# --- reading


async def test_runs_are_chosen_by_state_label_and_stage_in_order(store: RunStore, rows: Gpc1Rows):
    shared = {"path_base": "/p", "job_id": -1, "fault": 0}
    first = rows.add(t.remote_run, state="pending", stage="chip", label="A", **shared)
    second = rows.add(t.remote_run, state="run", stage="camera", label="A", **shared)
    third = rows.add(t.remote_run, state="full", stage="chip", label="B", **shared)

    async def ids(*args: Any, **kwargs: Any) -> list[int]:
        return [run.remote_id for run in await store.runs(*args, **kwargs)]

    assert await ids() == [first, second, third]
    assert await ids([RunState.PENDING, RunState.RUN]) == [first, second]
    assert await ids(label="A", stage=Stage.CHIP) == [first]
    assert await ids([RunState.ERROR]) == []


async def test_foreign_rows_do_not_stop_a_list(store: RunStore, rows: Gpc1Rows, caplog):
    shared = {"path_base": "/p", "job_id": -1, "fault": 0, "label": "A"}
    rows.add(t.remote_run, state="run", stage="staticsky", **shared)
    strange = rows.add(t.remote_run, state="fail_state", stage="chip", **shared)
    ours = rows.add(t.remote_run, state="run", stage="chip", **shared)
    assert [run.remote_id for run in await store.runs()] == [ours]
    assert "fail_state" in caplog.text
    with pytest.raises(BadData, match=rf"remoteRun {strange}.*fail_state"):
        await store.run(strange)


async def test_a_run_that_is_not_there_is_none(store: RunStore):
    assert await store.run(404) is None
    assert await store.components(404) == []


async def test_a_component_in_an_unknown_state_is_named(store: RunStore, rows: Gpc1Rows):
    chip_id = rows.chip_run(rows.exposure())
    remote_id = await defined(store)
    rows.change(t.remote_component, {"stage_id": chip_id}, state="lost")
    with pytest.raises(BadData, match=rf"{remote_id} is in state 'lost'"):
        await store.components(remote_id)


async def test_who_asks_is_told_why_nothing_of_what_is_new_is_bundled(store: RunStore, rows: Gpc1Rows):
    async def why(stage: Stage, label: str) -> str:
        order = DefineOrder(stage=stage, label=label, path_base="neb://any/r", explain=True)
        return (await store.define(order)).why

    for number, label in enumerate(("OFF", "MASKED", "HELD"), start=1):
        rows.chip_run(rows.exposure(number), label=label)
    rows.label_row("OFF", active=0)
    rows.add(t.chip_mask, label="MASKED")
    rows.warp_run(rows.exposure(4), label="BARE")
    assert await why(Stage.CHIP, "OFF") == "1 new in chip, but label OFF is inactive or masked at chip"
    assert await why(Stage.CHIP, "MASKED") == "1 new in chip, but label MASKED is inactive or masked at chip"
    assert await why(Stage.CHIP, "HELD") == "", "it was bundled"
    assert await why(Stage.CHIP, "HELD") == "of 1 new in chip: 1 in remote runs already"
    assert await why(Stage.WARP, "BARE") == "of 1 new in warp: 1 without an overlap map"
    assert await why(Stage.CHIP, "NOBODY") == ""


async def test_components_are_counted_by_state(store: RunStore, rows: Gpc1Rows):
    chips = [rows.chip_run(rows.exposure(exp_id)) for exp_id in (1, 2, 3)]
    remote_id = await defined(store)
    await store.change_components(remote_id, [ComponentChange(stage_id=chips[0], state=ComponentState.PREP_DONE)])
    counts = await store.component_counts([remote_id, 404])
    assert counts == {remote_id: {ComponentState.NEW: 2, ComponentState.PREP_DONE: 1}}
    assert await store.component_counts([]) == {}
    found = await store.components(remote_id, [ComponentState.PREP_DONE])
    assert [component.stage_id for component in found] == [chips[0]]


async def test_a_component_in_a_state_of_others_keeps_no_run_from_being_counted_and_is_said_once(
    store: RunStore, rows: Gpc1Rows, caplog
):
    chips = [rows.chip_run(rows.exposure(exp_id)) for exp_id in (1, 2)]
    remote_id = await defined(store)
    rows.change(t.remote_component, {"stage_id": chips[0]}, state="lost")
    for _ in range(2):
        assert await store.component_counts([remote_id]) == {remote_id: {ComponentState.NEW: 1}}
    assert [record.getMessage() for record in caplog.records if "'lost'" in record.getMessage()] == [
        f"left out of the count: a component of remoteRun {remote_id} is in state 'lost'; "
        "the states are new, prep_done, prep_fail, fail, pass, retry"
    ]


# --- changing


async def test_a_run_is_changed_only_from_the_expected_state(store: RunStore, rows: Gpc1Rows):
    rows.chip_run(rows.exposure())
    remote_id = await defined(store)
    claim = RunChange(state=RunState.PENDING, job_id=7)
    assert not await store.change_run(remote_id, claim, expect=[RunState.RUN, RunState.AUTH])
    assert await store.change_run(remote_id, claim, expect=[RunState.NEW])
    assert not await store.change_run(remote_id, claim, expect=[RunState.NEW])
    run = await store.run(remote_id)
    assert run is not None
    assert (run.state, run.job_id, run.fault, run.label) == (RunState.PENDING, 7, 0, "DEMO")


async def test_a_change_that_changes_nothing_still_finds_the_run(store: RunStore, rows: Gpc1Rows):
    """MySQL counts changed rows unless it is asked for found ones."""
    rows.chip_run(rows.exposure())
    remote_id = await defined(store)
    for _ in range(3):
        assert await store.change_run(remote_id, RunChange(state=RunState.NEW, fault=0), expect=[RunState.NEW])
    assert await store.change_run(remote_id, RunChange(), expect=[RunState.NEW])
    assert not await store.change_run(remote_id, RunChange(), expect=[RunState.RUN])
    assert not await store.change_run(404, RunChange(state=RunState.RUN))


async def test_only_one_of_many_claims_wins(store: RunStore, rows: Gpc1Rows):
    rows.chip_run(rows.exposure())
    remote_id = await defined(store)
    change = RunChange(state=RunState.PENDING)
    won = await asyncio.gather(*(store.change_run(remote_id, change, expect=[RunState.NEW]) for _ in range(8)))
    assert sorted(won) == [False] * 7 + [True]


async def test_touching_a_run_sets_its_last_poll_to_now(store: RunStore, rows: Gpc1Rows):
    rows.chip_run(rows.exposure())
    remote_id = await defined(store)
    with rows._engine.begin() as connection:
        connection.execute(text("UPDATE remoteRun SET last_poll = '2014-07-01 02:03:04'"))
    before = await store.run(remote_id)
    assert before is not None
    assert before.last_poll == 1404180184.0
    await store.touch([remote_id])
    after = await store.run(remote_id)
    assert after is not None
    assert after.last_poll == pytest.approx(time.time(), abs=30)


async def test_each_component_gets_its_own_values(store: RunStore, rows: Gpc1Rows):
    chips = [rows.chip_run(rows.exposure(exp_id)) for exp_id in (1, 2, 3)]
    remote_id = await defined(store)
    done = ComponentState.PREP_DONE
    changed = await store.change_components(
        remote_id,
        [
            ComponentChange(stage_id=chips[0], state=done, jobs=60, path_base="/a"),
            ComponentChange(stage_id=chips[1], state=done, jobs=59, path_base="/b"),
            ComponentChange(stage_id=chips[2], state=ComponentState.PREP_FAIL),
            ComponentChange(stage_id=404, state=ComponentState.FAIL),
        ],
    )
    assert changed == 3
    found = [(one.state, one.jobs, one.path_base) for one in await store.components(remote_id)]
    assert found == [(done, 60, "/a"), (done, 59, "/b"), (ComponentState.PREP_FAIL, 0, None)]
    assert await store.change_components(remote_id, []) == 0


async def test_a_thousand_components_change_in_a_few_statements(store: RunStore, rows: Gpc1Rows, statements):
    remote_id = rows.add(t.remote_run, state="new", stage="chip", label="A", path_base="/p", job_id=-1, fault=0)
    shared = {"remote_id": remote_id, "jobs": 0, "state": "new"}
    rows.add_many(t.remote_component, [{**shared, "stage_id": n} for n in range(1000)])
    statements.clear()
    changes = [ComponentChange(stage_id=n, state=ComponentState.PREP_DONE, jobs=n) for n in range(1000)]
    assert await store.change_components(remote_id, changes) == 1000
    assert len([one for one in statements if one.startswith("UPDATE")]) == 2
    assert [one.jobs for one in await store.components(remote_id)] == list(range(1000))


async def test_the_texts_null_read_as_none_and_latin1_survives(store: RunStore, rows: Gpc1Rows):
    shared = {"state": "run", "stage": "chip", "job_id": -1, "fault": 0}
    remote_id = rows.add(t.remote_run, label="Señal", path_base="/données/é", **shared)
    for stage_id, word in enumerate(["NULL", "(null)", "", None]):
        rows.add(t.remote_component, remote_id=remote_id, stage_id=stage_id, state="new", path_base=word)
    (run,) = await store.runs(label="Señal")
    assert run.path_base == "/données/é"
    assert [one.path_base for one in await store.components(remote_id)] == [None] * 4


async def test_text_that_the_database_cannot_hold_is_bad_data(store: RunStore, rows: Gpc1Rows, gpc1):
    if gpc1.engine.dialect.name == "sqlite":
        pytest.skip("SQLite holds any text of any length")
    rows.chip_run(rows.exposure())
    with pytest.raises(BadData):
        await store.define(an_order(path_base="/" + "x" * 300))
    with pytest.raises(BadData):
        await store.define(an_order(path_base="/星"))
    assert rows.count(t.remote_run) == 0


async def test_check_tells_the_schema_version(store: RunStore):
    assert await store.check() == "1.1.81"
