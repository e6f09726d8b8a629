"""Scratch: order by purge, room for new exposures, who still reads what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.domain.action import PrepareRun, ShipRun
from rpconsole.domain.lineage import Chain, Stacked, is_spent, is_warp_spent
from rpconsole.domain.run import Run, Step
from rpconsole.domain.schedule import Limits, Situation, choose, in_order
from rpconsole.domain.scratch import (
    DAY_S,
    Holding,
    HoldingState,
    Room,
    ScratchPolicy,
    bytes_each,
    expected_bytes,
    size,
    throttled,
    urgencies,
)
from rpconsole.domain.stage import Stage
from rpconsole.domain.why import reasons

POLICY = ScratchPolicy(purge_days=14)
NOW = 1000 * DAY_S


def a_run(remote_id: int, *, stage: Stage = Stage.CHIP, step: Step = Step.PREPARE, label: str = "L") -> Run:
    return Run(remote_id=remote_id, stage=stage, label=label, path_base="/d", step=step)


def a_situation(**changes) -> Situation:
    plain = Situation(now=NOW, closed_gates=frozenset(), session=True, limits=Limits(prepares=9, ships=9))
    return replace(plain, **changes)


def room(used: int, total: int = 1000) -> Room:
    return Room(used=used, total=total, at=NOW, source="quota")


def order(runs, situation) -> list[int]:
    return [run.remote_id for run in in_order(runs, situation)]


def test_labels_go_by_their_priority_and_one_without_a_row_counts_as_10000():
    runs = [a_run(1, label="LOW"), a_run(2, label="HIGH"), a_run(3, label="NONE"), a_run(4, label="HIGH")]
    situation = a_situation(priority={"LOW": 100, "HIGH": 20_000})
    assert order(runs, situation) == [2, 4, 3, 1]
    assert [action.remote_id for action in choose(runs, situation)] == [2, 4, 3, 1]


def test_what_would_soon_lose_its_inputs_goes_before_every_priority():
    runs = [a_run(1, label="HIGH"), a_run(2), a_run(3)]
    situation = a_situation(priority={"HIGH": 20_000}, urgency={2: NOW + 2 * DAY_S, 3: NOW + DAY_S})
    assert order(runs, situation) == [3, 2, 1]


def test_what_loses_its_inputs_later_goes_first_among_equals_only():
    runs = [a_run(1, label="HIGH"), a_run(2), a_run(3)]
    situation = a_situation(priority={"HIGH": 20_000}, urgency={2: NOW + 9 * DAY_S, 3: NOW + 8 * DAY_S})
    assert order(runs, situation) == [1, 3, 2]


def test_a_run_is_as_urgent_as_the_first_of_what_it_reads():
    holdings = {
        1: Holding(remote_id=1, stage=Stage.CHIP, label="L", files=4, oldest=NOW - 10 * DAY_S),
        2: Holding(remote_id=2, stage=Stage.CAMERA, label="L", files=4, oldest=NOW - 5 * DAY_S),
        3: Holding(remote_id=3, stage=Stage.CHIP, label="L", files=4),
        4: Holding(remote_id=4, stage=Stage.CHIP, label="L", files=4, oldest=0.0, state=HoldingState.SPENT),
    }
    feeding = {10: {1, 2}, 11: {2}, 12: {3}, 13: {4}, 14: {99}}
    assert urgencies(feeding, holdings, POLICY) == {10: NOW + 4 * DAY_S, 11: NOW + 9 * DAY_S}
    assert urgencies(feeding, holdings, ScratchPolicy()) == {}


def test_new_exposures_wait_while_they_and_what_is_under_way_would_fill_too_much():
    runs = [a_run(1, step=Step.POLL), a_run(2), a_run(3)]
    waits = throttled(runs, room(500), POLICY, {1: 100, 2: 200, 3: 100})
    assert list(waits) == [3]
    assert "500 B of 1.0 kB are used (50%), 300 B are under way, and this run adds about 100 B" in waits[3]


def test_later_stages_go_on_until_scratch_is_full_for_they_free_it():
    runs = [
        a_run(1, stage=Stage.CAMERA),
        a_run(2, stage=Stage.WARP, step=Step.SHIP),
        a_run(3),
        a_run(4, step=Step.POLL),
    ]
    assert list(throttled(runs, room(900), POLICY, {1: 500, 3: 1})) == [3]
    full = throttled(runs, room(970), POLICY, {3: 1})
    assert list(full) == [1, 2, 3]
    assert full[1].startswith("scratch is full")


def test_a_run_that_can_never_fit_says_so():
    assert "define smaller runs" in throttled([a_run(1)], room(0), POLICY, {1: 900})[1]


def test_a_run_that_is_not_reckoned_with_yet_waits_for_that_where_the_room_is_known():
    assert "is being reckoned" in throttled([a_run(1)], room(0), POLICY, {})[1]
    assert throttled([a_run(1)], None, POLICY, {}) == {}


def test_a_run_that_waits_for_room_is_not_started_and_says_why():
    situation = a_situation(throttled={1: "scratch is full", 2: "scratch is full"})
    runs = [a_run(1), a_run(2, step=Step.SHIP), a_run(3), a_run(4, step=Step.SHIP)]
    assert [(type(action), action.remote_id) for action in choose(runs, situation)] == [(ShipRun, 4), (PrepareRun, 3)]
    assert reasons(runs[0], situation)[0] == "scratch is full"


def test_what_a_run_adds_is_reckoned_by_what_others_of_its_stage_left():
    held = [Holding(remote_id=n, stage=Stage.CHIP, label="L", files=240, bytes=n * 1000) for n in (1, 2)]
    held.append(Holding(remote_id=3, stage=Stage.CAMERA, label="L", files=61, bytes=10**9))
    learned = bytes_each(held)
    # 3000 bytes in 480 files, four a command, and the raw image beside them
    assert learned == {Stage.CHIP: pytest.approx(25 * 85 / 60)}
    assert expected_bytes(a_run(5), 2, learned) == 2 * 60 * 25 * 85 // 60
    assert expected_bytes(a_run(5, stage=Stage.CAMERA), 3, learned) == 3 * 60_000_000


@given(st.lists(st.tuples(st.sampled_from(Stage), st.sampled_from(Step)), max_size=20), st.integers(0, 2000))
def test_nothing_but_preparing_and_shipping_ever_waits_for_room(kinds, used):
    runs = [a_run(number, stage=stage, step=step) for number, (stage, step) in enumerate(kinds, start=1)]
    waits = throttled(runs, room(used), POLICY, {run.remote_id: 100 for run in runs})
    assert {run.step for run in runs if run.remote_id in waits} <= {Step.PREPARE, Step.SHIP}


def chain(
    end: str | None = "warp",
    chip: str | None = "full",
    camera: str | None = "full",
    fake: str | None = "full",
    warp: str | None = "full",
    *,
    is_bad: bool = False,
) -> Chain:
    return Chain(end_stage=end, chip=chip, camera=camera, fake=fake, warp=warp, is_bad=is_bad)


@pytest.mark.parametrize(
    ("chains", "spent"),
    [
        ([chain()], True),
        ([chain(end=None)], True),
        ([chain(), chain(warp="drop")], True),
        ([chain(), chain(warp="new")], False),
        ([chain(), chain(warp="update")], False),
        ([chain(warp=None)], False),
        ([chain(warp=None, is_bad=True, fake=None)], True),
        ([chain(camera="new", fake=None, warp=None)], False),
        ([chain(camera=None, fake=None, warp=None)], False),
        ([chain(end="chip", camera=None, fake=None, warp=None)], True),
        ([chain(end="CAMERA", fake=None, warp=None)], True),
        ([chain(end="camera", camera="new", fake=None, warp=None)], False),
        ([chain(end="fake", warp=None)], True),
        ([], False),
    ],
)
def test_chips_are_needed_until_every_warp_of_them_has_ended(chains, spent):
    assert is_spent(chains) is spent


@pytest.mark.parametrize(
    "chains",
    [
        pytest.param(
            [chain(), chain(fake="new", warp=None)], id="a second camera run whose warp is not registered yet"
        ),
        pytest.param([chain(), chain(fake=None, warp=None)], id="a second camera run that has just ended"),
        pytest.param(
            [chain(end="chip", camera="new", fake=None, warp=None)], id="a camera run queued beyond end_stage"
        ),
        pytest.param([chain(end="camera", warp="new")], id="a warp queued beyond end_stage"),
        pytest.param([chain(chip="new")], id="chips that are made again"),
        pytest.param([chain(chip="update")], id="cleaned chips that are made again"),
        pytest.param([chain(camera="drop", fake=None, warp=None)], id="a camera run that was dropped, and no other"),
    ],
)
def test_one_reader_that_has_not_ended_keeps_them_whatever_the_others_did(chains):
    assert not is_spent(chains)


def test_a_line_that_was_given_up_keeps_nothing_that_another_has_read():
    assert is_spent([chain(camera="drop", fake=None, warp=None), chain()])


A, B = ("RINGS.V3", "a"), ("RINGS.V3", "b")
OTHER_TESS = ("LOCAL", "a")


@pytest.mark.parametrize(
    ("state", "cells", "stacks", "spent"),
    [
        ("full", {A, B}, [(A, "full"), (B, "cleaned")], True),
        ("full", {A, B}, [(A, "full")], False),
        ("full", {A}, [(A, "full"), (A, "new")], False),
        ("full", {A}, [(A, "full"), (A, "drop")], True),
        ("full", {A}, [(A, "drop")], False),
        ("full", {A}, [(OTHER_TESS, "full")], False),
        ("full", {A}, [], False),
        ("full", (), [], False),
        ("update", {A}, [(A, "full")], False),
        (None, {A}, [(A, "full")], False),
    ],
)
def test_warps_are_needed_until_every_skycell_is_in_a_full_stack(state, cells, stacks, spent):
    assert is_warp_spent(state, cells, [Stacked(cell=cell, state=of_stack) for cell, of_stack in stacks]) is spent


def test_sizes_are_said_as_storage_is_sold():
    assert [size(count) for count in (0, 999, 1500, 2_500_000, 85_000_000_000, 20_000_000_000_000)] == [
        "0 B",
        "999 B",
        "1.5 kB",
        "2.5 MB",
        "85.0 GB",
        "20.0 TB",
    ]
