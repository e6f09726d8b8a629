"""How bundles spread over sessions: by what falls free, and the last ones where a whole connection is free."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import Any

from rpconsole.adapters.ssh.channel import ChannelEnded
from rpconsole.adapters.ssh.ledger import Ledger
from rpconsole.adapters.ssh.transfer import Transfer
from rpconsole.adapters.traffic import Traffic
from rpconsole.ports.site import Delivery, Shipment

SIZE = 10_000_000


class _Session:
    """Two streams that share one connection: each goes half as fast while both carry."""

    is_live = True
    is_draining = False

    def __init__(self, number, carried):
        self.name = f"fe{number}"
        #: no two connections are quite alike: both streams of one fall free before those of the next
        self._step = 0.05 + 0.001 * number
        self.streams = self
        self.traffic = Traffic()
        self.limit = 2
        self._carried = carried
        self._active = 0

    def is_wanted(self, urgency):
        return False

    @asynccontextmanager
    async def lease(self, verb, urgency):
        yield self

    async def carry(self, next_bundle, ledger):
        while (bundle := next_bundle()) is not None:
            self._active += 1
            left = float(len(bundle.shipments))
            while left > 0:
                await asyncio.sleep(0)
                left -= self._step / self._active
            self._active -= 1
            for shipment in bundle.shipments:
                self._carried[self.name] += 1
                ledger.deliver(Delivery(shipment=shipment, size=SIZE, sha256="0" * 64))


async def carried_by(files, sessions=4):
    carried: Counter[str] = Counter()
    all_sessions: Any = [_Session(number, carried) for number in range(sessions)]
    ledger = Ledger(None)
    sized = [(Shipment(source=f"/a/{n}", target=f"/b/{n}", size=SIZE), SIZE) for n in range(files)]
    await Transfer("receive", lambda: all_sessions, ledger).run(sized)
    assert len(ledger.delivered) == files
    return carried


async def test_large_files_that_are_no_multiple_of_the_streams_still_fill_every_connection_alike():
    for files in (20, 12, 4, 28):
        assert set((await carried_by(files)).values()) == {files // 4}


async def test_every_file_goes_also_where_there_is_one_session_only():
    for files in (1, 2, 3, 7):
        assert sum((await carried_by(files, sessions=1)).values()) == files


class _AskingAhead(_Session):
    """Takes as much as it may before the first of it has come, as what comes home does."""

    leases = 0

    @asynccontextmanager
    async def lease(self, verb, urgency):
        self.leases += 1
        yield self

    async def carry(self, next_bundle, ledger):
        asked = []
        while (bundle := next_bundle()) is not None:
            asked.append(bundle)
            await asyncio.sleep(0)
        # a round trip, in which all others have asked
        for _ in range(1000):
            await asyncio.sleep(0)
        for shipment in (shipment for bundle in asked for shipment in bundle.shipments):
            ledger.deliver(Delivery(shipment=shipment, size=1, sha256="0" * 64))


async def test_small_files_that_are_left_at_the_end_go_over_streams_that_are_there():
    all_sessions: Any = [_AskingAhead(number, Counter()) for number in range(4)]
    sized = [(Shipment(source=f"/a/{n}", target=f"/b/{n}", size=20_000), 20_000) for n in range(2000)]
    ledger = Ledger(None)
    await Transfer("give", lambda: all_sessions, ledger).run(sized)
    assert len(ledger.delivered) == 2000
    assert [session.leases for session in all_sessions] == [2, 2, 2, 2]


class _Barred(_Session):
    """A front end where no stream comes about so many times, or never."""

    def __init__(self, number, carried, times):
        super().__init__(number, carried)
        self.times = times

    @asynccontextmanager
    async def lease(self, verb, urgency):
        if self.times > 0:
            self.times -= 1
            raise ChannelEnded("The helper at fe1 ended with exit code 137: Killed.")
        yield self


async def sent_over(*sessions, files=5):
    ledger = Ledger(None)
    all_sessions: Any = sessions
    sized = [(Shipment(source=f"/a/{n}", target=f"/b/{n}", size=SIZE), SIZE) for n in range(files)]
    async with asyncio.timeout(60):
        await Transfer("receive", lambda: all_sessions, ledger).run(sized)
    return ledger


async def test_a_transfer_for_which_no_stream_comes_about_ends_and_says_that_no_file_is_to_blame():
    ledger = await sent_over(_Barred(1, Counter(), 1_000_000), _Barred(2, Counter(), 1_000_000))
    assert ledger.delivered == []
    assert {(one.site_away, one.retryable) for one in ledger.undelivered} == {(True, True)}
    assert len(ledger.undelivered) == 5
    assert "exit code 137" in ledger.undelivered[0].sentence


async def test_streams_that_come_about_late_or_at_one_front_end_only_carry_all():
    assert len((await sent_over(_Barred(1, Counter(), 3))).delivered) == 5
    assert len((await sent_over(_Barred(1, Counter(), 1_000_000), _Session(2, Counter()))).delivered) == 5
