"""Hauls: nothing that is there and right moves again, whatever stops them on the way, and what cannot arrive is named."""

from __future__ import annotations

import asyncio
import os

import pytest
from tests.engine.conftest import ROOT

from rpconsole.domain.fault import BadData, NoSession
from rpconsole.domain.haul import HaulState, Way
from rpconsole.domain.tuning import Spread
from rpconsole.engine.haul_bench import bench_cell, plan_haul
from rpconsole.engine.haul_desk import HaulDesk
from rpconsole.engine.notices import NoticeBoard
from rpconsole.ports.site_files import Room

TARGET = f"{ROOT}/refs"


@pytest.fixture
def desk(bench):
    return HaulDesk(bench.world, NoticeBoard(bench.clock))


@pytest.fixture
async def logged_in(bench):
    async def answer(challenge):
        return [bench.sessions.issue()]

    await bench.sessions.open(answer)
    return answer


@pytest.fixture
def tree(bench):
    top = bench.folder / "cat"
    for name in ("a/one", "a/two", "b/three", "four"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(name.encode() * 100)
    return top


async def through(desk, number=1, *, until=lambda haul: False):
    """Tick until the haul rests, or is as wished."""
    for _ in range(20_000):
        await desk.tick()
        await asyncio.sleep(0.001)
        haul = next(view.haul for view in await desk.all() if view.haul.number == number)
        if until(haul) or haul.state not in (HaulState.WAITING, HaulState.MOVING):
            return haul
    raise AssertionError(f"it never rested: {haul}")


def held(word):
    return lambda haul: haul.state is HaulState.WAITING and word in haul.sentence


async def test_a_tree_is_sent_with_its_own_name_and_entered_into_the_ledger(bench, desk, logged_in, tree):
    haul = await desk.order(Way.SEND, [str(tree)], TARGET, "op")
    haul = await through(desk)
    assert (haul.state, haul.files, haul.files_done, haul.files_there) == (HaulState.DONE, 4, 4, 0)
    assert haul.bytes == haul.bytes_done == sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    assert bench.site.files[f"{TARGET}/cat/a/one"].data == b"a/one" * 100
    lines = await bench.journal.hauls.files(haul=1)
    assert {line.target for line in lines} == {f"{TARGET}/cat/{name}" for name in ("a/one", "a/two", "b/three", "four")}
    assert all(len(line.sha256) == 64 and line.attempts == 1 and line.state == "arrived" for line in lines)


async def test_what_is_there_and_right_is_neither_sent_nor_read_again(bench, desk, logged_in, tree):
    await desk.order(Way.SEND, [f"{tree}/"], TARGET, "op")
    await through(desk)
    (tree / "four").write_bytes(b"changed")
    bench.site.calls.clear()
    await desk.order(Way.SEND, [f"{tree}/"], TARGET, "op")
    haul = await through(desk, 2)
    assert (haul.state, haul.files_there, haul.files_done) == (HaulState.DONE, 3, 4)
    assert bench.site.calls.count("stat") == 1
    assert bench.site.files[f"{TARGET}/four"].data == b"changed"


async def test_a_file_of_the_same_size_that_nobody_knows_is_compared_and_a_wrong_one_is_sent(
    bench, desk, logged_in, tree
):
    bench.site.put(f"{TARGET}/a/one", b"a/one" * 100)
    bench.site.put(f"{TARGET}/a/two", b"a/two" * 99 + b"wrong")
    await desk.order(Way.SEND, [f"{tree}/"], TARGET, "op")
    haul = await through(desk)
    assert (haul.files_there, haul.files_done) == (1, 4)
    assert bench.site.files[f"{TARGET}/a/two"].data == b"a/two" * 100


async def test_a_cut_waits_for_a_login_and_goes_on_behind_what_arrived(bench, desk, logged_in, tree):
    bench.site.trouble("send", after_files=2)
    await desk.order(Way.SEND, [str(tree)], TARGET, "op")
    haul = await through(desk, until=held("log in"))
    assert haul.files_done == 2
    sent_before = {line.target for line in await bench.journal.hauls.files(haul=1)}
    assert len(sent_before) == 2
    await bench.sessions.open(logged_in)
    haul = await through(desk)
    assert (haul.state, haul.files_there, haul.files_done) == (HaulState.DONE, 2, 4)


async def test_without_a_session_nothing_is_tried(bench, desk, tree):
    await desk.order(Way.SEND, [str(tree)], TARGET, "op")
    await through(desk, until=held("no session"))
    assert bench.site.calls == []


async def test_one_that_is_stopped_stays_so_over_a_restart_and_resumes(bench, desk, logged_in, tree):
    waits = asyncio.Event()

    async def after_each_file():
        await waits.wait()

    bench.site.between_files = after_each_file
    await desk.order(Way.SEND, [str(tree)], TARGET, "op")
    await through(desk, until=lambda haul: haul.files_done == 1)
    assert (await desk.stop(1)).state is HaulState.STOPPED
    with pytest.raises(BadData, match="nothing to stop"):
        await desk.stop(1)
    waits.set()
    second = HaulDesk(bench.world, NoticeBoard(bench.clock))
    await second.tick()
    assert (await second.all())[0].haul.state is HaulState.STOPPED
    await second.resume(1)
    haul = await through(second)
    assert (haul.state, haul.files_there, haul.files_done) == (HaulState.DONE, 1, 4)


async def test_one_that_moved_when_the_engine_died_is_taken_up_by_the_next(bench, desk, logged_in, tree):
    bench.site.between_files = asyncio.Event().wait
    await desk.order(Way.SEND, [str(tree)], TARGET, "op")
    await through(desk, until=lambda haul: haul.files_done == 1)
    await desk.end()
    bench.site.between_files = lambda: asyncio.sleep(0)
    haul = await through(HaulDesk(bench.world, NoticeBoard(bench.clock)))
    assert (haul.state, haul.files_done) == (HaulState.DONE, 4)


async def test_the_other_sides_room_is_looked_at_before_anything_moves(bench, desk, logged_in, tree):
    bench.trees.left = Room(free_bytes=100, free_files=9)
    await desk.order(Way.SEND, [str(tree)], TARGET, "op")
    await through(desk, until=held("has room for"))
    bench.trees.left = Room(free_bytes=1 << 30, free_files=2)
    await bench.clock.advance(61)
    await through(desk, until=held("2 files more"))
    assert "send" not in bench.site.calls
    bench.trees.left = Room(free_bytes=1 << 30, free_files=200)
    await bench.clock.advance(61)
    assert (await through(desk)).state is HaulState.DONE


async def test_a_file_that_cannot_arrive_is_named_and_the_others_go(bench, desk, logged_in, tree):
    bench.site.between_files = lambda: asyncio.sleep(0)
    os.truncate(tree / "four", 0)
    walked = bench.world.haulage.here.walk

    async def walk(top):
        found = await walked(top)
        (tree / "four").write_bytes(b"it grows behind our back")
        return found

    bench.world.haulage.here.walk = walk
    await desk.order(Way.SEND, [str(tree)], TARGET, "op")
    haul = await through(desk)
    assert (haul.state, haul.files_done, haul.files_parked) == (HaulState.PARKED, 3, 1)
    assert "four did not arrive" in haul.sentence
    (line,) = await bench.journal.hauls.files(haul=1, state="missed")
    assert "not the 0" in line.sentence
    bench.world.haulage.here.walk = walked
    await desk.resume(1)
    haul = await through(desk)
    assert (haul.state, haul.files_done, haul.files_parked) == (HaulState.DONE, 4, 0)


async def test_a_tree_comes_home(bench, desk, logged_in):
    for name in ("x/1", "x/y/2"):
        bench.site.put(f"{TARGET}/{name}", name.encode())
    home = bench.folder / "home"
    await desk.order(Way.FETCH, [f"{TARGET}/x"], str(home), "op")
    assert (await through(desk)).state is HaulState.DONE
    assert (home / "x/y/2").read_text() == "x/y/2"
    await desk.order(Way.FETCH, [f"{TARGET}/x"], str(home), "op")
    assert (await through(desk, 2)).files_there == 2


async def test_two_files_that_would_become_one_are_refused(bench, desk, logged_in):
    for name in ("p/same", "q/same"):
        (bench.folder / name).parent.mkdir()
        (bench.folder / name).write_text(name)
    sources = [str(bench.folder / "p/same"), str(bench.folder / "q/same")]
    await desk.order(Way.SEND, sources, TARGET, "op")
    haul = await through(desk)
    assert haul.state is HaulState.PARKED
    assert "would both become" in haul.sentence


@pytest.mark.parametrize(
    ("way", "sources", "target", "word"),
    [
        (Way.SEND, ["/a"], "/etc", "lies outside"),
        (Way.FETCH, ["/etc/passwd"], "/tmp/x", "lies outside"),
        (Way.SEND, ["/a"], f"{ROOT}/../etc", "absolute path without"),
        (Way.SEND, ["a"], TARGET, "absolute path without"),
        (Way.SEND, ["/a\0b"], TARGET, "absolute path without"),
        (Way.SEND, [], TARGET, "at least one"),
        (Way.SEND, ["/a"], f"{ROOT}evil/x", "lies outside"),
    ],
)
async def test_an_order_that_cannot_be_is_refused_and_leaves_nothing(bench, desk, way, sources, target, word):
    with pytest.raises(BadData, match=word):
        await desk.order(way, sources, target, "op")
    assert await desk.all() == []


async def test_a_plan_says_what_is_missing_and_what_would_go_wrong(bench, logged_in, tree):
    bench.site.put(f"{TARGET}/cat/four", b"4" * (tree / "four").stat().st_size)
    bench.trees.left = Room(free_bytes=10, free_files=10)
    plan = await plan_haul(bench.world, Way.SEND, [str(tree)], TARGET, 100.0)
    assert (plan.files, plan.files_there, plan.free_bytes) == (4, 1, 10)
    assert plan.expected_s == pytest.approx((plan.bytes - 400) / 100)
    assert "does not fit" in plan.doubts[0]
    assert "send" not in bench.site.calls
    with pytest.raises(BadData):
        await plan_haul(bench.world, Way.SEND, [str(tree / "none")], TARGET, None)


async def test_a_measurement_leaves_nothing_on_either_side_and_the_line_as_it_was(
    bench, logged_in, monkeypatch, tmp_path
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    files = dict(bench.site.files)
    cell = await bench_cell(bench.world, size=1000, total=5000, front_ends=2, streams=1)
    assert (cell.files, cell.front_ends) == (5, 2)
    assert bench.site.files == files
    assert list((tmp_path / "t").iterdir()) == []
    assert bench.trees.used == [Spread(sessions=2, channels=1), None]
    with pytest.raises(BadData, match="2 sessions"):
        await bench_cell(bench.world, size=1, total=1, front_ends=3, streams=1)
    await bench.sessions.close()
    with pytest.raises(NoSession):
        await bench_cell(bench.world, size=1, total=1, front_ends=1, streams=1)
