"""The books of transfers, over every database that may hold them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rpconsole.adapters.journal import open_journal
from rpconsole.domain.haul import Haul, HaulState, Way
from rpconsole.ports.hauls import ARRIVED, MISSED, FileLine

HAUL = Haul(number=0, way=Way.SEND, sources=("/data/ßky 'x'", "/b"), target="/refs", who="op", ordered_at=1.5)
LINE = FileLine(
    way=Way.SEND, source="/data/a", target="/refs/a", size=1 << 40, sha256="ab" * 32, bundle=3, stream="fe1/2",
    attempts=1, state=ARRIVED, sentence="", at=10.0, haul=1,
)  # fmt: skip


@pytest.fixture
async def journal(journal_url):
    opened = await open_journal(journal_url, database="gpc1", site="lanl")
    yield opened
    await opened.close()


async def test_hauls_are_numbered_and_read_as_they_were_saved(journal, journal_url):
    first = await journal.hauls.add(HAUL)
    second = await journal.hauls.add(replace(HAUL, way=Way.FETCH))
    assert (first.number, second.number) == (1, 2)
    ended = replace(
        first, state=HaulState.PARKED, sentence="it «broke» ✗", files=5, bytes=1 << 41, files_done=3, bytes_done=7,
        files_there=1, files_parked=2, ended_at=99.5,
    )  # fmt: skip
    await journal.hauls.save(ended)
    assert await journal.hauls.hauls() == [ended, second]
    assert await journal.hauls.hauls(limit=1) == [second]


async def test_another_site_has_books_of_its_own(journal, journal_url):
    await journal.hauls.add(HAUL)
    await journal.hauls.remember("tuning", {"a": 1})
    other = await open_journal(journal_url, database="gpc1", site="elsewhere")
    try:
        assert await other.hauls.hauls() == []
        assert await other.hauls.recall("tuning") is None
        assert (await other.hauls.add(HAUL)).number == 1
    finally:
        await other.close()


async def test_a_files_last_line_is_kept_and_found_by_whose_it_is(journal):
    missed = replace(LINE, state=MISSED, sha256="", sentence="the disk is full", attempts=3, at=11.0)
    of_run = replace(LINE, target="/refs/b", remote_id=7, haul=None, at=12.0)
    back = replace(LINE, way=Way.FETCH, at=13.0)
    await journal.hauls.record_files([LINE, of_run, back])
    await journal.hauls.record_files([missed])
    await journal.hauls.record_files([])
    assert await journal.hauls.files(haul=1) == [back, missed]
    assert await journal.hauls.files(haul=1, state=MISSED) == [missed]
    assert await journal.hauls.files(remote_id=7) == [of_run]
    assert await journal.hauls.files(haul=1, limit=1) == [back]


async def test_what_is_learned_replaces_what_was_known(journal):
    assert await journal.hauls.recall("tuning") is None
    await journal.hauls.remember("tuning", {"sessions": 1})
    await journal.hauls.remember("tuning", {"sessions": 4, "rate": 9.5e7})
    assert await journal.hauls.recall("tuning") == {"sessions": 4, "rate": 9.5e7}
