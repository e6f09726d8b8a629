"""The memory of what runs left at the site."""

from __future__ import annotations

from dataclasses import replace

from rpconsole.adapters.journal.opening import open_journal
from rpconsole.domain.scratch import Holding, HoldingState
from rpconsole.domain.stage import Stage

HELD = Holding(
    remote_id=7, stage=Stage.CHIP, label="L", files=240, bytes=1 << 40, oldest=12.5, looked_at=13.5, seen=4, missing=1
)


async def test_holdings_come_back_as_they_were_kept_and_removed_ones_do_not(journal_url):
    journal = await open_journal(journal_url, database="gpc1", site="lanl")
    book = journal.holdings
    others = [Holding(remote_id=9, stage=Stage.STACK, label="L", files=0, state=HoldingState.SPENT)]
    await book.keep([*others, replace(HELD, files=1), HELD])
    assert await book.holdings() == [HELD, *others]
    await book.keep([replace(HELD, state=HoldingState.REMOVED)])
    await book.keep([])
    assert await book.holdings() == others
    await journal.close()


async def test_each_site_has_its_own(journal_url):
    first = await open_journal(journal_url, database="gpc1", site="lanl")
    await first.holdings.keep([HELD])
    await first.close()
    second = await open_journal(journal_url, database="gpc1", site="uhcray")
    assert await second.holdings.holdings() == []
    await second.close()
