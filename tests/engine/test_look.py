"""An engine that does not run shows what the databases hold, and writes nothing."""

from __future__ import annotations

from tests.engine.conftest import LABEL, OWNER

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.domain.run import Attempt, ComponentState, Run, RunState, Step
from rpconsole.domain.snapshot import RunView
from rpconsole.domain.stage import Stage
from rpconsole.engine.service import Engine
from rpconsole.ports.run_store import DefineOrder


async def test_an_engine_that_does_not_run_shows_runs_and_gates_from_the_databases(bench):
    first = Engine(bench.world, OWNER)
    await first.define(DefineOrder(stage=Stage.CHIP, label=LABEL, path_base="neb://any/remote/DEMO"), "op")
    await first.set_gates(["poll", "prepare.warp"], open=False, who="op")
    before = bench.rows.all(t.remote_run), bench.rows.all(t.remote_component)

    second = Engine(bench.world, OWNER)
    await second.look()
    snapshot = second.snapshot()

    assert [(run.stage, run.state, run.step) for run in snapshot.runs] == [(Stage.CHIP, RunState.NEW, Step.PREPARE)]
    assert sum(snapshot.runs[0].components.values()) == 2
    assert [gate.name for gate in snapshot.gates if not gate.open] == ["poll", "prepare.warp"]
    assert (bench.rows.all(t.remote_run), bench.rows.all(t.remote_component)) == before


async def test_a_label_that_somebody_changed_while_no_engine_ran_is_shown(bench):
    first = Engine(bench.world, OWNER)
    made = await first.define(DefineOrder(stage=Stage.CHIP, label=LABEL, path_base="neb://any/remote/DEMO"), "op")
    async with bench.running():
        await bench.until(lambda: bench.states(Stage.CHIP) == ["pending"])
    bench.rows.change(t.remote_run, {"remote_id": made.remote_id}, label="Nightly")
    engine = Engine(bench.world, OWNER)
    await engine.look()
    assert [run.label for run in engine.snapshot().runs] == ["Nightly"]


async def test_every_field_of_a_run_is_shown_under_its_own_name(bench):
    run = Run(
        remote_id=7, stage=Stage.WARP, label="Nightly", path_base="/p", step=Step.STOPPED, attempt=Attempt(3, "n", 5.5, "Moab.8"),
        attempts=3, jobs=2, tries=4, next_try_at=9.5, hold="waits", fault=6,
    )  # fmt: skip
    engine = Engine(bench.world, OWNER)
    engine._core.book.runs[7] = run
    engine._core.scratch.urgency[7] = 11.5
    engine._views._components.of[7] = {ComponentState.PASS: 12}
    engine._views._counts.bytes = {7: (13, 14)}
    (shown,) = engine.snapshot().runs
    assert shown == RunView(
        remote_id=7, stage=Stage.WARP, label="Nightly", state=RunState.ERROR, step=Step.STOPPED, job="Moab.8", attempts=3,
        tries=4, next_try_at=9.5, why=shown.why, fault=6, components={ComponentState.PASS: 12}, submitted_at=5.5, purge_at=11.5,
        bytes_sent=13, bytes_returned=14,
    )  # fmt: skip
    assert shown.why[0] == "waits"


async def test_who_asks_why_while_no_engine_runs_is_told_so_first(bench):
    engine = Engine(bench.world, OWNER)
    made = await engine.define(DefineOrder(stage=Stage.CHIP, label=LABEL, path_base="neb://any/remote/DEMO"), "op")
    assert made.remote_id is not None
    await engine.look()
    (why,) = await engine.why(made.remote_id)
    assert why.startswith("no engine runs, so nothing moves by itself")
    bench.rows.change(t.remote_run, {"remote_id": made.remote_id}, state="prep_fail")
    later = Engine(bench.world, OWNER)
    await later.look()
    assert not any("no engine" in sentence for sentence in await later.why(made.remote_id))
