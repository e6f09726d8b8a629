"""The remote tables as remotetool sees them, on each kind of server."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import Connection, text
from tests.builders.gpc1 import Gpc1Rows

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.gpc1.engine import Gpc1, open_gpc1
from rpconsole.adapters.gpc1.remote_rows import SqlRemoteRows
from rpconsole.adapters.gpc1.run_store import SqlRunStore
from rpconsole.domain.fault import BadData
from rpconsole.domain.stage import Stage
from rpconsole.ports.remote_rows import Bundle, RemoteRows, Which
from rpconsole.ports.run_store import DefineOrder, RunStore

LONG_AGO = datetime(2014, 7, 1)  # noqa: DTZ001 - naive UTC, as the database has it


@pytest.fixture
def remote(gpc1: Gpc1) -> RemoteRows:
    return SqlRemoteRows(gpc1)


def order(**changes) -> Bundle:
    values = {"stage": "chip", "labels": ("A",), "set_label": "A", "path_base": "neb://any/remote/A", **changes}
    return Bundle(**values)


def a_run(rows: Gpc1Rows, **columns) -> int:
    values = {
        "state": "run",
        "stage": "chip",
        "label": "A",
        "path_base": "neb://any/remote/A",
        "job_id": 71,
        "last_poll": LONG_AGO,
        "fault": 4,
        **columns,
    }
    return rows.add(t.remote_run, **values)


def a_component(rows: Gpc1Rows, remote_id: int, stage_id: int, state: str = "new", **columns) -> None:
    rows.add_many(
        t.remote_component, [{"remote_id": remote_id, "stage_id": stage_id, "jobs": 0, "state": state, **columns}]
    )


def states_of(rows: Gpc1Rows, remote_id: int) -> list[str]:
    return [row["state"] for row in rows.all(t.remote_component, remote_id=remote_id)]


async def test_any_of_several_labels_is_bundled(remote: RemoteRows, rows: Gpc1Rows):
    chips = [rows.chip_run(rows.exposure(number), label=label) for number, label in ((1, "A"), (2, "B"), (3, "C"))]
    bundled = await remote.bundle(order(labels=("A", "C"), set_label="X"))
    assert bundled.stage_ids == (chips[0], chips[2])
    assert rows.one(t.remote_run, remote_id=bundled.remote_id)["label"] == "X"


async def test_a_set_label_does_not_let_the_same_items_be_bundled_again(remote: RemoteRows, rows: Gpc1Rows):
    rows.chip_run(rows.exposure(1), label="A")
    assert (await remote.bundle(order(set_label="X"))).remote_id is not None
    again = await remote.bundle(order(set_label="Y"))
    assert (again.remote_id, again.stage_ids) == (None, ())
    assert rows.count(t.remote_run) == 1


async def test_remotetool_and_the_engine_never_bundle_the_same_item(gpc1_url: str, gpc1: Gpc1, rows: Gpc1Rows):
    for number in range(1, 9):
        rows.chip_run(rows.exposure(number), label="A")
    other = open_gpc1(gpc1_url)
    try:
        engine, tool = SqlRunStore(gpc1), SqlRemoteRows(other)
        asked = DefineOrder(stage=Stage.CHIP, label="A", path_base="/r", set_label="E", limit=3)
        tools = [tool.bundle(order(set_label="T", limit=3)) for _ in range(3)]
        await asyncio.gather(*(engine.define(asked) for _ in range(3)), *tools)
    finally:
        await other.close()
    bundled = [row["stage_id"] for row in rows.all(t.remote_component)]
    assert len(bundled) == len(set(bundled)) == 8


async def test_an_inactive_label_is_left_alone_and_named(remote: RemoteRows, rows: Gpc1Rows):
    rows.add_many(t.label, [{"label": "A", "priority": 1, "active": 0}])
    for number, label in ((1, "A"), (2, "B")):
        rows.chip_run(rows.exposure(number), label=label)
    bundled = await remote.bundle(order(labels=("A", "B")))
    assert bundled.stopped == ("A",)
    assert len(bundled.stage_ids) == 1


async def test_a_stage_that_is_not_ours_is_bundled_from_its_own_table(remote: RemoteRows, rows: Gpc1Rows, gpc1: Gpc1):
    with pytest.raises(BadData, match="no table fullForceRun"):
        await remote.bundle(order(stage="ff"))
    await gpc1.write(
        lambda connection: connection.execute(
            text("CREATE TABLE fullForceRun (ff_id BIGINT, state VARCHAR(64), label VARCHAR(64))")
        )
    )
    try:
        await gpc1.write(
            lambda connection: connection.execute(
                text("INSERT INTO fullForceRun VALUES (5, 'new', 'A'), (6, 'full', 'A')")
            )
        )
        bundled = await remote.bundle(order(stage="ff"))
        assert bundled.stage_ids == (5,)
        assert rows.one(t.remote_run)["stage"] == "ff"
    finally:
        await gpc1.write(lambda connection: connection.execute(text("DROP TABLE fullForceRun")))


async def test_pretending_writes_nothing(remote: RemoteRows, rows: Gpc1Rows):
    chip_id = rows.chip_run(rows.exposure(1), label="A")
    bundled = await remote.bundle(order(pretend=True))
    assert (bundled.remote_id, bundled.stage_ids) == (None, (chip_id,))
    assert rows.count(t.remote_run) == 0


async def test_runs_are_listed_by_any_criterion_foreign_ones_too(remote: RemoteRows, rows: Gpc1Rows):
    one = a_run(rows)
    two = a_run(rows, stage="diff", state="odd", label="B", job_id=None)
    three = a_run(rows, label="C", fault=0, last_poll=datetime(2015, 1, 1))  # noqa: DTZ001

    async def listed(limit=0, **which):
        return [row["remote_id"] for row in await remote.runs(Which(**which), limit)]

    assert await listed() == [one, two, three]
    assert await listed(2) == [one, two]
    assert await listed(run={"label": ("A", "C")}) == [one, three]
    assert await listed(run={"job_id": (None,)}) == [two]
    assert await listed(run={"job_id": (None, 71), "fault": (4,)}) == [one, two]
    assert await listed(poll_begin=datetime(2014, 12, 31)) == [three]  # noqa: DTZ001
    assert await listed(poll_end=LONG_AGO) == [one, two]


async def test_components_come_with_their_run(remote: RemoteRows, rows: Gpc1Rows):
    run = a_run(rows, label="B", stage="warp")
    a_component(rows, run, 12, "prep_done", jobs=70, path_base="neb://any/x")
    a_component(rows, run, 11)
    a_component(rows, a_run(rows), 11)
    (first, second) = await remote.components(Which(run={"label": ("B",)}))
    assert first["stage_id"] == 11
    assert second == {
        "remote_id": run,
        "stage_id": 12,
        "jobs": 70,
        "state": "prep_done",
        "path_base": "neb://any/x",
        "stage": "warp",
        "run_path_base": "neb://any/remote/A",
    }
    assert [row["remote_id"] for row in await remote.components(Which(component={"state": ("prep_done",)}))] == [run]
    assert len(await remote.components(Which())) == 3


async def test_a_run_is_through_prepare_when_every_component_is(remote: RemoteRows, rows: Gpc1Rows):
    through, not_yet, empty = a_run(rows), a_run(rows), a_run(rows)
    for stage_id, state in enumerate(("prep_done", "prep_fail", "fail")):
        a_component(rows, through, stage_id, state)
    a_component(rows, not_yet, 1, "prep_done")
    a_component(rows, not_yet, 2, "new")
    prepared = await remote.prepared(Which())
    assert [(row["remote_id"], row["Ndone"], row["Njobs"]) for row in prepared] == [(through, 3, 3)]
    assert await remote.prepared(Which(run={"label": ("B",)})) == []
    assert empty


async def test_a_change_counts_and_stamps_only_what_really_changes(remote: RemoteRows, rows: Gpc1Rows):
    one, two = a_run(rows), a_run(rows, fault=0)
    assert await remote.change_runs(Which(run={"label": ("A",)}), {"fault": 0}) == 1
    assert rows.one(t.remote_run, remote_id=one)["last_poll"] > LONG_AGO
    assert rows.one(t.remote_run, remote_id=two)["last_poll"] == LONG_AGO


async def test_a_column_can_be_set_to_null_and_back(remote: RemoteRows, rows: Gpc1Rows):
    run = a_run(rows)
    for value in (None, 5):
        assert await remote.change_runs(Which(run={"remote_id": (run,)}), {"job_id": value}) == 1
        assert rows.one(t.remote_run)["job_id"] == value


async def test_components_are_changed_by_their_own_and_their_runs_columns(remote: RemoteRows, rows: Gpc1Rows):
    one, two = a_run(rows), a_run(rows, label="B")
    for run in (one, two):
        for stage_id, state in ((1, "fail"), (2, "prep_fail"), (3, "pass")):
            a_component(rows, run, stage_id, state)
    failed = {"state": ("prep_fail", "fail")}
    assert await remote.change_components(Which(run={"remote_id": (two,)}, component=failed), {"state": "retry"}) == 2
    assert states_of(rows, one) == ["fail", "prep_fail", "pass"]
    assert states_of(rows, two) == ["retry", "retry", "pass"]
    everywhere = Which(component={**failed, "stage_id": (1,)})
    assert await remote.change_components(everywhere, {"state": "retry", "jobs": 3}) == 1


async def test_touching_sets_the_time_and_nothing_else(remote: RemoteRows, rows: Gpc1Rows):
    run = a_run(rows)
    assert await remote.touch(run) == 1
    row = rows.one(t.remote_run)
    assert row["last_poll"] > LONG_AGO
    assert (row["state"], row["fault"]) == ("run", 4)
    assert await remote.touch(run + 1) == 0


async def test_the_engine_sees_what_remotetool_changed(store: RunStore, remote: RemoteRows, rows: Gpc1Rows):
    run = a_run(rows, state="auth")
    await remote.change_runs(Which(run={"state": ("auth",)}), {"state": "run"})
    assert (await store.run(run)).state == "run"


async def test_a_component_that_another_run_has_taken_up_is_not_taken_back(remote: RemoteRows, rows: Gpc1Rows):
    chip_id = rows.chip_run(rows.exposure(1), label="A")
    first = (await remote.bundle(order())).remote_id
    of_first = Which(run={"remote_id": (first,)})
    assert await remote.change_components(of_first, {"state": "retry"}) == 1
    assert await remote.change_components(of_first, {"state": "new"}) == 1
    assert await remote.change_components(of_first, {"state": "retry"}) == 1
    second = (await remote.bundle(order(set_label="X"))).remote_id
    with pytest.raises(BadData, match=f"component {chip_id} of run {first} .* run {second} has taken it up"):
        await remote.change_components(of_first, {"state": "prep_done", "jobs": 3})
    assert rows.one(t.remote_component, remote_id=first)["state"] == "retry"
    assert await remote.change_components(Which(run={"remote_id": (second,)}), {"state": "prep_done"}) == 1


@pytest.mark.parametrize("state", ["pending", "run", "auth"])
async def test_a_component_whose_job_works_on_it_is_given_to_no_other_run(remote: RemoteRows, rows: Gpc1Rows, state):
    run = a_run(rows, state=state)
    a_component(rows, run, 7, "prep_done")
    a_component(rows, run, 8, "fail")
    of_run = {"remote_id": (run,)}
    with pytest.raises(BadData, match=f"component 7 is part of the job of run {run}, which is '{state}'"):
        await remote.change_components(Which(run=of_run), {"state": "retry"})
    assert states_of(rows, run) == ["prep_done", "fail"]
    assert await remote.change_components(Which(run=of_run, component={"state": ("fail",)}), {"state": "retry"}) == 1
    rows.change(t.remote_run, {"remote_id": run}, state="error")
    assert await remote.change_components(Which(run=of_run), {"state": "retry"}) == 1


async def test_the_same_number_at_another_stage_holds_nothing_back(remote: RemoteRows, rows: Gpc1Rows):
    chip, warp = a_run(rows), a_run(rows, stage="warp")
    a_component(rows, chip, 7, "retry")
    a_component(rows, warp, 7, "new")
    assert await remote.change_components(Which(run={"remote_id": (chip,)}), {"state": "new"}) == 1


async def test_a_database_without_labels_and_masks_still_bundles(remote: RemoteRows, rows: Gpc1Rows, gpc1: Gpc1):
    chip_id = rows.chip_run(rows.exposure(1), label="A")
    tables = ("Label", "chipMask")

    async def rename(before: str, after: str) -> None:
        for name in tables:
            words = text(f"ALTER TABLE {before}{name} RENAME TO {after}{name}")
            await gpc1.write(partial(Connection.execute, statement=words))

    await rename("", "hidden")
    try:
        assert (await remote.bundle(order())).stage_ids == (chip_id,)
    finally:
        await rename("hidden", "")
