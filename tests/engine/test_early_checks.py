"""Dbinfo are checked while it is still being read which there are; what is applied is what was promised in the end."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest
from tests.engine.test_manifest_pieces import to_the_end

from rpconsole.adapters.gpc1 import tables as t
from rpconsole.adapters.storage import local_files, reading
from rpconsole.domain.manifest import ManifestRecord, Role
from rpconsole.domain.run import Run, Step
from rpconsole.domain.stage import Stage
from rpconsole.engine import apply
from rpconsole.engine.early_checks import AHEAD, EarlyChecks

RUN = Run(remote_id=1, stage=Stage.CHIP, label="l", path_base="/p", step=Step.APPLY)


def records(*numbers: int, component: int = 1) -> list[ManifestRecord]:
    return [
        ManifestRecord(
            key=f"neb://any/o.ch.1.XY{number:02d}.dbinfo", local=f"/home/{number}", remote=f"/site/{number}",
            role=Role.PRODUCT, component=component, task=number, item=f"XY{number:02d}",
        )
        for number in numbers
    ]  # fmt: skip


class Reads:
    """Files that say what is wrong with them."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.seen = threading.Semaphore(0)

    def reader(self):
        return self.read

    def read(self, paths):
        self.paths += paths
        self.seen.release(len(paths))
        return [f"no dbinfo in {path}" for path in paths]

    async def until(self, count: int) -> None:
        for _ in range(count):
            await asyncio.to_thread(self.seen.acquire)


@pytest.fixture
async def checks(bench):
    reads = Reads()
    found = EarlyChecks(replace(bench.world, files=reads), RUN, at_once=2)
    yield found, reads
    await found.end()


async def test_a_piece_that_was_begun_early_is_not_checked_again(checks):
    early, reads = checks
    for number in range(1, 6):
        early.begin(records(number))
    assert [sentence[:7] for sentence in await early.of(records(1, 2))] == ["/home/1", "/home/2"]
    assert [sentence[:7] for sentence in await early.of(records(3, 4))] == ["/home/3", "/home/4"]
    assert [sentence[:7] for sentence in await early.of(records(5))] == ["/home/5"]
    assert sorted(reads.paths) == [f"/home/{number}" for number in range(1, 6)]


@pytest.mark.parametrize("promised", [records(1, 3), records(1), records(1, 2, component=2), records(2, 1)])
async def test_what_was_begun_for_other_records_is_of_no_account(checks, promised):
    """A manifest that does not fit the lists names other files, or the same ones for another component."""
    early, reads = checks
    early.begin(records(1, 2))
    await reads.until(2)
    assert [sentence.split(":")[0] for sentence in await early.of(promised)] == [one.local for one in promised]
    assert reads.paths.count(promised[0].local) == 2


async def test_no_more_is_begun_early_than_may_be_held(checks):
    early, reads = checks
    early.begin(records(*range(10 * AHEAD)))
    await reads.until(2 * AHEAD)
    await early.end()
    assert len(reads.paths) == 2 * AHEAD


async def test_a_run_that_is_applied_in_many_pieces_reads_each_dbinfo_once(bench, monkeypatch):
    monkeypatch.setattr(apply, "CHUNK", 1)
    monkeypatch.setattr(reading, "PIECE_BYTES", 700)
    read: list[str] = []
    plain = reading.read_each

    def counted(paths):
        read.extend(paths)
        return plain(paths)

    monkeypatch.setattr(local_files, "read_each", counted)
    await to_the_end(bench)
    assert [row["state"] for row in bench.rows.all(t.remote_component)] == ["pass", "pass"]
    assert len(bench.rows.all(t.chip_processed_imfile)) == 4
    assert sorted(set(read)) == sorted(read)
    assert len(read) == 4
