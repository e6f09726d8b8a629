"""Who gets a stream: the most urgent first, then who came first; and none is left idle while somebody waits."""

from __future__ import annotations

import asyncio

import pytest

from rpconsole.adapters.ssh.bulk_streams import BulkStreams
from rpconsole.adapters.ssh.channel import Channel
from rpconsole.adapters.ssh.options import FrontEnd, SshOptions
from rpconsole.ports.site import Urgency


class _Stream:
    is_open = True

    def close(self):
        self.is_open = False


@pytest.fixture
def streams(monkeypatch):
    async def opened(self, verb):
        return _Stream()

    async def never(command: str) -> Channel:
        raise AssertionError(command)

    monkeypatch.setattr(BulkStreams, "_open", opened)
    made = BulkStreams(
        "fe1",
        SshOptions(front_ends=(FrontEnd(name="fe1", host="fe1"),), user="op", remote_root="/x", known_hosts=""),
        never,
        "owner.session",
    )
    made.limit = 1
    return made


class Leases:
    """Takes streams under names, and gives them back when told."""

    def __init__(self, streams):
        self.streams = streams
        self.got = []
        self._over = {}
        self._tasks = {}

    async def ask(self, name, urgency):
        self._over[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._hold(name, urgency))
        await rest()

    async def _hold(self, name, urgency):
        async with self.streams.lease("receive", urgency):
            self.got.append(name)
            await self._over[name].wait()

    async def give_back(self, *names):
        for name in names:
            self._over[name].set()
        await asyncio.gather(*(self._tasks[name] for name in names))
        await rest()

    async def cancel(self, *names):
        for name in names:
            self._tasks[name].cancel()
        await rest()


async def rest():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_rescue_goes_before_a_run_and_a_run_before_what_is_sent_by_hand(streams):
    leases = Leases(streams)
    await leases.ask("first", Urgency.BY_HAND)
    for urgency in (Urgency.BY_HAND, Urgency.RUN, Urgency.RESCUE):
        await leases.ask(urgency.name, urgency)
    for name in ("first", "RESCUE", "RUN", "BY_HAND"):
        await leases.give_back(name)
    assert leases.got == ["first", "RESCUE", "RUN", "BY_HAND"]


@pytest.mark.parametrize("waiting", Urgency)
@pytest.mark.parametrize("carrying", Urgency)
async def test_who_carries_yields_to_the_equally_urgent_and_the_more_urgent_only(streams, waiting, carrying):
    leases = Leases(streams)
    await leases.ask("carrying", carrying)
    assert not streams.is_wanted(carrying)
    await leases.ask("waiting", waiting)
    assert streams.is_wanted(carrying) is (waiting <= carrying)
    await leases.give_back("carrying", "waiting")
    assert not streams.is_wanted(Urgency.BY_HAND)


async def test_who_yields_to_an_equal_does_not_take_the_stream_back_at_once(streams):
    turns = []

    async def carry(name):
        for _ in range(3):
            async with streams.lease("receive", Urgency.RUN):
                turns.append(name)
                await rest()

    await asyncio.gather(carry("a"), carry("b"))
    assert turns == ["a", "b"] * 3


async def test_two_streams_that_fall_free_together_both_find_somebody(streams):
    streams.limit = 2
    leases = Leases(streams)
    await leases.ask("one", Urgency.RUN)
    await leases.ask("two", Urgency.RUN)
    await leases.ask("by hand", Urgency.BY_HAND)
    await leases.ask("rescue", Urgency.RESCUE)
    await leases.give_back("one", "two")
    assert set(leases.got) == {"one", "two", "rescue", "by hand"}
    await leases.give_back("rescue", "by hand")


async def test_an_urgent_one_that_gives_up_waiting_leaves_the_stream_to_the_next(streams):
    leases = Leases(streams)
    await leases.ask("carrying", Urgency.RUN)
    await leases.ask("by hand", Urgency.BY_HAND)
    await leases.ask("rescue", Urgency.RESCUE)
    leases._over["carrying"].set()
    # cancelled when the stream has been given back, before it could take it
    for _ in range(50):
        if streams._lent:
            await asyncio.sleep(0)
    assert streams._lent == 0
    await leases.cancel("rescue")
    assert leases.got[1:] in (["by hand"], ["rescue", "by hand"])
    await leases.give_back("by hand")
