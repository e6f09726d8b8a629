"""What waits for a slow client never grows without end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.engine import FakeEngine

from rpconsole.daemon.outbox import Outbox, TooSlow
from rpconsole.domain.action import Level
from rpconsole.domain.snapshot import Alert
from rpconsole.protocol.messages import AlertSaid, Answer, Change, WholeSnapshot

FIRST = FakeEngine().snapshot()


def at(sequence):
    return replace(FIRST, sequence=sequence)


def an_alert(number):
    return Alert(at=float(number), level=Level.NOTE, sentence=str(number))


async def test_the_first_snapshot_is_whole_and_the_next_ones_are_changes():
    outbox = Outbox()
    outbox.offer(at(1))
    assert isinstance(await outbox.next(), WholeSnapshot)
    outbox.offer(at(2))
    assert isinstance(await outbox.next(), Change)


async def test_a_client_that_slept_gets_the_latest_snapshot_only():
    outbox = Outbox()
    outbox.offer(at(1))
    await outbox.next()
    for sequence in range(2, 500):
        outbox.offer(at(sequence))
    change = await outbox.next()
    assert isinstance(change, Change)
    assert (change.delta.base, change.delta.snapshot.sequence) == (1, 499)


async def test_a_snapshot_in_which_only_the_clock_moved_is_not_sent_again():
    outbox = Outbox()
    outbox.offer(at(1))
    await outbox.next()
    outbox.offer(replace(at(1), at=FIRST.at + 1))
    outbox.post(Answer(id=1, ok=True))
    assert isinstance(await outbox.next(), Answer)
    outbox.say(an_alert(1))
    assert isinstance(await outbox.next(), AlertSaid)


async def test_alerts_beyond_the_limit_are_dropped_and_a_whole_snapshot_tells_how_many():
    outbox = Outbox(max_alerts=3)
    outbox.offer(at(1))
    await outbox.next()
    for number in range(5):
        outbox.say(an_alert(number))
    outbox.offer(at(2))
    fresh = await outbox.next()
    assert isinstance(fresh, WholeSnapshot)
    assert fresh.dropped == 2
    kept = [await outbox.next() for _ in range(3)]
    assert [message.alert for message in kept if isinstance(message, AlertSaid)] == [an_alert(n) for n in (2, 3, 4)]


async def test_answers_come_before_news():
    outbox = Outbox()
    outbox.offer(at(1))
    outbox.post(Answer(id=1, ok=True))
    assert isinstance(await outbox.next(), Answer)


def test_a_client_that_leaves_its_answers_unread_is_too_slow():
    outbox = Outbox(max_messages=2)
    outbox.post(Answer(id=1, ok=True))
    outbox.post(Answer(id=2, ok=True))
    with pytest.raises(TooSlow):
        outbox.post(Answer(id=3, ok=True))
