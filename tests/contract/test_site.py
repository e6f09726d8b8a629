"""What every provider of ``ports.site.Site`` holds to."""

from __future__ import annotations

import asyncio
import hashlib
import time

import pytest
from tests.contract.site_worlds import logged_in

from rpconsole.domain.fault import BadData, NoSession, SessionLost, SiteRefused
from rpconsole.domain.haul import Way
from rpconsole.ports.site import ResultsAsk, Shipment


@pytest.fixture
async def open_world(world):
    await logged_in(world)
    return world


def at_home(world, name, data):
    path = world.home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)


def outgoing(world, name, data, size=None):
    return Shipment(source=at_home(world, name, data), target=f"{world.root}/in/{name}", size=size)


async def test_stat_leaves_out_what_is_not_there(open_world):
    there, absent = f"{open_world.root}/a", f"{open_world.root}/b"
    open_world.put(there, b"abc")
    facts = await open_world.site.stat([there, absent])
    assert list(facts) == [there]
    assert (facts[there].size, facts[there].sha256) == (3, None)


async def test_stat_hashes_only_when_asked(open_world):
    path = f"{open_world.root}/a"
    open_world.put(path, b"abc")
    facts = await open_world.site.stat([path], hashed=True)
    assert facts[path].sha256 == hashlib.sha256(b"abc").hexdigest()


async def test_the_room_is_the_file_system_s_and_ages_are_the_files_own(open_world):
    there, absent = f"{open_world.root}/a", f"{open_world.root}/b"
    open_world.put(there, b"abc")
    disk = await open_world.site.disk(f"{open_world.root}/no/such/folder")
    assert 0 < disk.used <= disk.total
    ages = await open_world.site.ages([there, absent])
    assert list(ages) == [there]
    assert ages[there].bytes == 3
    assert abs(ages[there].changed - time.time()) < 3600
    again = await open_world.site.ages([there])
    assert again[there].accessed == ages[there].accessed


async def test_many_small_files_and_some_larger_ones_arrive_whole(open_world):
    world = open_world
    wanted = {f"small/{number}": bytes([number]) * (number * 37) for number in range(200)}
    wanted |= {f"large{number}": hashlib.sha256(b"%d" % number).digest() * 60_000 for number in range(3)}
    seen = [0, 0]

    def progress(files, size):
        seen[0] += files
        seen[1] += size

    shipments = [outgoing(world, name, data) for name, data in wanted.items()]
    delivered, undelivered = await world.site.send(shipments, progress)
    assert undelivered == []
    assert {delivery.shipment for delivery in delivered} == set(shipments)
    assert seen == [len(wanted), sum(map(len, wanted.values()))]
    assert all(world.get(f"{world.root}/in/{name}") == data for name, data in wanted.items())
    assert all(
        delivery.sha256 == hashlib.sha256(world.get(delivery.shipment.target)).hexdigest() for delivery in delivered
    )


async def test_a_session_tells_how_fast_files_go_over_it_and_which_streams_carry_them(open_world):
    world, seen = open_world, []
    assert all((view.rate_out, view.rate_in, view.carrying) == (0.0, 0.0, ()) for view in world.sessions.view())
    shipments = [outgoing(world, f"{number}.fits", bytes([number]) * 900_000) for number in range(8)]
    await world.site.send(shipments, lambda files, size: seen.extend(world.sessions.view()))
    streams = [stream for view in seen for stream in view.carrying]
    assert {stream.way for stream in streams} == {Way.SEND}
    assert all(one.name.startswith(f"{view.host}/") for view in seen for one in view.carrying)
    assert all(0 <= stream.bytes_left <= 8 * 900_000 for stream in streams)
    assert max(stream.bundle for stream in streams) >= 1
    assert max(stream.rate for stream in streams) > 0
    after = world.sessions.view()
    assert sum(view.rate_out for view in after) > 0
    assert [(view.rate_in, view.carrying) for view in after] == [(0.0, ())] * len(after)
    world.cut()
    async with asyncio.timeout(60):
        while world.sessions.alive():
            await world.sessions.changed()
    assert all((view.rate_out, view.carrying) == (0.0, ()) for view in world.sessions.view())


async def test_files_come_home_whole(open_world):
    world = open_world
    wanted = {f"{number}.fits": bytes([number]) * (number * 211) for number in range(60)}
    wanted["large.fits"] = hashlib.sha256(b"large").digest() * 70_000
    shipments = []
    for name, data in wanted.items():
        world.put(f"{world.root}/out/{name}", data)
        shipments.append(Shipment(source=f"{world.root}/out/{name}", target=str(world.home / "back" / name)))
    delivered, undelivered = await world.site.fetch(shipments)
    assert undelivered == []
    assert len(delivered) == len(wanted)
    assert all((world.home / "back" / name).read_bytes() == data for name, data in wanted.items())
    assert all(
        delivery.sha256 == hashlib.sha256(world.get(delivery.shipment.source)).hexdigest() for delivery in delivered
    )


async def test_what_was_sent_can_be_known_again_by_size_and_time(open_world):
    shipment = outgoing(open_world, "a", b"abc")
    delivered, _ = await open_world.site.send([shipment])
    fact = (await open_world.site.stat([shipment.target]))[shipment.target]
    assert (delivered[0].size, delivered[0].site_mtime_ns) == (fact.size, fact.mtime_ns)


async def test_what_was_fetched_can_be_known_again_by_size_and_time(open_world):
    source = f"{open_world.root}/a"
    open_world.put(source, b"abc")
    delivered, _ = await open_world.site.fetch([Shipment(source=source, target=str(open_world.home / "a"))])
    fact = (await open_world.site.stat([source]))[source]
    assert (delivered[0].size, delivered[0].site_mtime_ns) == (fact.size, fact.mtime_ns)


async def test_a_file_that_vanished_at_home_is_named_and_the_others_arrive(open_world):
    gone = Shipment(source=str(open_world.home / "gone"), target=f"{open_world.root}/in/gone")
    there = outgoing(open_world, "a", b"abc")
    delivered, undelivered = await open_world.site.send([gone, there])
    assert [delivery.shipment for delivery in delivered] == [there]
    assert [missed.shipment for missed in undelivered] == [gone]
    assert "gone" in undelivered[0].sentence
    assert open_world.get(gone.target) is None


async def test_a_file_of_another_size_than_entered_is_not_sent(open_world):
    shipment = outgoing(open_world, "a", b"abcd", size=3)
    delivered, undelivered = await open_world.site.send([shipment])
    assert delivered == []
    assert "4 bytes, not the 3" in undelivered[0].sentence
    assert open_world.get(shipment.target) is None


async def test_a_product_that_is_not_there_is_named(open_world):
    missing = Shipment(source=f"{open_world.root}/out/none", target=str(open_world.home / "none"))
    delivered, undelivered = await open_world.site.fetch([missing])
    assert delivered == []
    assert undelivered[0].shipment == missing
    assert not (open_world.home / "none").exists()


async def test_an_empty_file_is_a_file(open_world):
    shipment = outgoing(open_world, "empty", b"", size=0)
    delivered, _ = await open_world.site.send([shipment])
    assert delivered[0].size == 0
    assert open_world.get(shipment.target) == b""


async def test_nothing_is_sent_outside_the_root(open_world):
    shipment = Shipment(source=at_home(open_world, "a", b"abc"), target="/tmp/rpconsole-outside/a")
    delivered, undelivered = await open_world.site.send([shipment])
    assert delivered == []
    assert "not below" in undelivered[0].sentence
    assert not undelivered[0].retryable


async def test_an_order_runs_once_however_often_it_is_given(open_world):
    order = open_world.submission("rp7.1.abc")
    first = await open_world.site.submit(order, wait_s=10)
    second = await open_world.site.submit(order, wait_s=10)
    assert open_world.submitted() == ["rp7.1.abc"]
    assert first.answer is not None
    assert first.answer == second.answer
    assert first.answer.out.strip() == "Moab.17"


async def test_a_claim_without_an_answer_yet_is_a_claim(open_world):
    receipt = await open_world.site.submit(open_world.submission("rp8.1.abc", wait_s=30), wait_s=0.1)
    assert receipt.claimed
    assert receipt.answer is None
    assert receipt.age_s is not None


async def test_asking_for_a_receipt_does_nothing(open_world):
    receipt = await open_world.site.receipt(f"{open_world.root}/claims/never")
    assert (receipt.claimed, receipt.answer, receipt.age_s) == (False, None, None)
    assert open_world.submitted() == []


async def test_a_poll_brings_the_queue_and_whole_new_lines(open_world):
    path = f"{open_world.root}/results"
    open_world.put(path, b"one\ntwo\nthr")
    asks = [
        ResultsAsk(remote_id=7, path=path, offset=4),
        ResultsAsk(remote_id=8, path=f"{open_world.root}/none", offset=5),
    ]
    answer = await open_world.site.poll(["echo", "queue"], asks, timeout_s=60)
    assert answer.queue.out == "queue\n"
    assert [(piece.remote_id, piece.text, piece.offset, piece.missing) for piece in answer.results] == [
        (7, "two\n", 8, False),
        (8, "", 5, True),
    ]


async def test_a_program_that_takes_too_long_is_said_to_have_timed_out(open_world):
    answer = await open_world.site.run(["sleep", "30"], timeout_s=0.3)
    assert answer.timed_out


async def test_a_tail_counts_from_the_end(open_world):
    path = f"{open_world.root}/log"
    open_world.put(path, b"0123456789")
    tail = await open_world.site.tail(path, offset=-4, limit=2)
    assert (tail.text, tail.offset, tail.size) == ("67", 8, 10)


async def test_the_tail_of_nothing_is_bad_data(open_world):
    with pytest.raises(BadData, match="nothing"):
        await open_world.site.tail(f"{open_world.root}/nothing")


async def test_remove_counts_what_was_there(open_world):
    path = f"{open_world.root}/old"
    open_world.put(path, b"x")
    assert await open_world.site.remove(open_world.root, [path, f"{open_world.root}/never"]) == 1
    assert open_world.get(path) is None


async def test_remove_stays_below_the_root(open_world):
    outside = f"{open_world.root}-other/file"
    open_world.put(outside, b"x")
    with pytest.raises(SiteRefused, match="not below"):
        await open_world.site.remove(open_world.root, [outside])
    assert open_world.get(outside) == b"x"


async def test_without_a_session_nothing_is_tried(world):
    for verb in (
        world.site.stat([f"{world.root}/a"]),
        world.site.send([outgoing(world, "a", b"abc")]),
        world.site.fetch([Shipment(source=f"{world.root}/a", target=str(world.home / "b"))]),
        world.site.submit(world.submission("rp9.1.abc"), wait_s=1),
        world.site.receipt(f"{world.root}/claims/x"),
        world.site.run(["echo"], timeout_s=1),
        world.site.poll(["echo"], [], timeout_s=1),
        world.site.tail(f"{world.root}/a"),
        world.site.remove(world.root, []),
    ):
        with pytest.raises(NoSession):
            await verb
    assert world.tries() == (0, 0)
    assert world.submitted() == []


async def test_a_verb_without_work_still_needs_a_session(world):
    with pytest.raises(NoSession):
        await world.site.stat([])


async def test_a_session_that_ends_before_the_answer_is_lost_not_failed(open_world):
    if not hasattr(open_world, "options"):
        open_world.memory_site.trouble("run")
        with pytest.raises(SessionLost):
            await open_world.site.run(["sleep", "30"], timeout_s=60)
        return
    begun = f"{open_world.root}/begun"
    running = asyncio.create_task(open_world.site.run(["sh", "-c", f"touch {begun}; sleep 300"], timeout_s=300))
    async with asyncio.timeout(60):
        while open_world.get(begun) is None:  # noqa: ASYNC110  another process makes it
            await asyncio.sleep(0.02)
    open_world.cut()
    with pytest.raises(SessionLost):
        await asyncio.wait_for(running, 60)
