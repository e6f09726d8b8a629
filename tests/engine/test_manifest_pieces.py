"""A run's manifest is never held whole: lines, looks and transfers go some at a time, and what they say is the same."""

from __future__ import annotations

import pytest
from tests.engine.test_survival import only

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.storage import reading
from rpconsole.domain.stage import Stage
from rpconsole.engine import retrieve, run_files, ship


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(reading, "PIECE_BYTES", 700)
    monkeypatch.setattr(run_files, "AT_ONCE", 3)
    monkeypatch.setattr(ship, "SLICE_FILES", 2)
    monkeypatch.setattr(retrieve, "SLICE_FILES", 2)


async def to_the_end(bench):
    only(bench, Stage.CHIP)
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])


async def test_a_run_of_many_pieces_comes_to_its_end(bench):
    await to_the_end(bench)
    assert [row["state"] for row in bench.rows.all(t.remote_component)] == ["pass", "pass"]
    assert bench.site.calls.count("send") > 2
    assert bench.site.calls.count("fetch") > 2


async def test_a_fault_that_is_seen_in_a_later_piece_is_its_tasks(bench):
    bench.player.verdict = lambda line: "without .dbinfo" if "ch.2.XY02" in line else "pass"
    await to_the_end(bench)
    assert sorted(row["state"] for row in bench.rows.all(t.remote_component)) == ["fail", "pass"]
    assert "XY02.dbinfo is missing" in " ".join(await bench.engine.why(1))
    assert not list(bench.folder.rglob("*.ch.2.XY02.cmf")), "nothing of a task that failed comes home"


@pytest.mark.parametrize("verb", ["send", "fetch"])
async def test_what_went_before_a_cut_is_in_the_books_and_does_not_go_again(bench, verb):
    bench.site.trouble(verb, nth=2)
    only(bench, Stage.CHIP)
    async with bench.running():
        await bench.login()
        await bench.until(lambda: bench.player.play() or not bench.sessions.alive())
        before = await arrived(bench)
        await bench.clock.advance(60.0)
        await bench.login()
        await bench.until(lambda: bench.player.play() or bench.states() == ["full"])
    assert verb in {way for way, _, _ in before}
    assert set(before) < set(await arrived(bench)), "a line that went again would bear another time"


async def arrived(bench):
    return [(str(line.way), line.target, line.at) for line in await bench.journal.hauls.files(remote_id=1)]
