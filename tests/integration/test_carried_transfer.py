"""Transfers begun by the front ends: real ssh from them to a real sshd of the storage, while things go wrong."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.ssh_site import LARGE, a_campaign, is_whole, log_in, some_bytes, ssh_site
from tests.servers.front_end import PrivateFrontEnd, known_hosts
from tests.servers.sshd import require_sshd
from tests.servers.storage_host import PrivateStorageHost
from tests.servers.token_card import TokenCard

from rpconsole.adapters.ssh import storage_hosts
from rpconsole.domain.ceiling import Ceiling
from rpconsole.domain.fault import NoSession
from rpconsole.ports.site import TransferCut
from rpconsole.ports.site_files import Reach


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    require_sshd()
    with PrivateStorageHost(tmp_path_factory.mktemp("keys")) as host:
        yield host


@pytest.fixture
async def servers():
    found = [PrivateFrontEnd(TokenCard()) for _ in range(2)]
    for server in found:
        await server.start()
    yield found
    for server in found:
        await server.stop()


@pytest.fixture
async def opened(tmp_path, servers, storage):
    """Make a site whose front ends reach the storage by themselves, and log in."""
    made = []
    export = tmp_path / "export"
    export.mkdir()
    (tmp_path / "home").symlink_to(export)

    async def opening(front_ends=1, hosts=None, **changes):
        used = servers[:front_ends]
        hosts = hosts or (storage.as_option("ippc20", (tmp_path / "home", export)),)
        site = ssh_site(
            tmp_path, [each.port for each in used], known_hosts(tmp_path / "known_hosts", *used), storage_hosts=hosts, **changes
        )  # fmt: skip
        made.append(site)
        await log_in(site, used)
        return site

    yield opening
    for site in made:
        await site.sessions.close()


async def test_files_are_pulled_from_the_storage_and_not_sent_by_us(opened, servers):
    site = await opened()
    flowed = [0]

    def count(way, data):
        flowed[0] += len(data) if way == "in" else 0
        return data

    servers[0].tamper = count
    shipments = a_campaign(site)
    told = [0, 0]

    def progress(files, size):
        told[0] += files
        told[1] += size

    delivered, failed = await site.site.send(shipments, progress)
    assert failed == []
    assert {one.shipment for one in delivered} == set(shipments)
    assert all(map(is_whole, shipments))
    assert all(one.sha256 == hashlib.sha256(Path(one.shipment.source).read_bytes()).hexdigest() for one in delivered)
    assert {one.stream.split()[-1] for one in delivered} == {"ippc20"}
    assert told[0] == len(shipments)
    assert flowed[0] < 200_000
    assert site.halves() == []


async def test_products_are_pushed_to_the_storage(opened, servers):
    site = await opened()
    products = [site.product(f"out/{number}", some_bytes(number * 999, number)) for number in range(100)]
    products.append(site.product("out/large", some_bytes(LARGE)))
    delivered, failed = await site.site.fetch(products)
    assert failed == []
    assert {one.shipment for one in delivered} == set(products)
    assert all(map(is_whole, products))
    assert {one.site_mtime_ns for one in delivered} == {Path(one.source).stat().st_mtime_ns for one in products}
    assert site.halves() == []


async def test_what_no_storage_host_has_goes_through_the_session(opened, tmp_path):
    site = await opened()
    (tmp_path / "elsewhere").mkdir()
    elsewhere = site.outgoing("../elsewhere/list", b"a list")
    other = Path(elsewhere.source).resolve()
    shipment = replace(elsewhere, source=str(other), target=str(site.root / "list"))
    carried = site.outgoing("in/a", b"carried")
    delivered, failed = await site.site.send([shipment, carried])
    assert failed == []
    assert {one.shipment: one.stream for one in delivered} == {shipment: "fe1/1", carried: "fe1/1 ippc20"}


async def test_bytes_are_balanced_over_the_front_ends(opened):
    site = await opened(front_ends=2)
    shipments = [site.outgoing(f"in/{number}", some_bytes(1 << 20, number)) for number in range(24)]
    delivered, failed = await site.site.send(shipments)
    assert failed == []
    carried = dict.fromkeys(("fe1", "fe2"), 0)
    for one in delivered:
        carried[one.stream.partition("/")[0]] += one.size
    assert min(carried.values()) > 0


# -- a storage host that is not reached ---------------------------------------------------------------------------------


async def test_files_of_a_storage_host_that_is_away_go_through_the_session_with_a_sentence(
    opened, tmp_path, storage, caplog
):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        host = replace(
            storage.as_option("ippc21", (tmp_path / "home", tmp_path / "export")), port=nobody.getsockname()[1]
        )
        site = await opened(hosts=(host,))
        shipments = [site.outgoing(f"in/{number}", some_bytes(1000, number)) for number in range(20)]
        with caplog.at_level(logging.WARNING):
            delivered, failed = await site.site.send(shipments)
    assert failed == []
    assert all(map(is_whole, shipments))
    assert {one.stream for one in delivered} == {"fe1/1"}
    assert "fe1 does not reach ippc21: " in caplog.text
    assert "Connection refused. 20 files of ippc21 go through the session instead." in caplog.text
    assert "its files go through the session" in site.sessions.view()[0].sentence
    caplog.clear()
    delivered, _ = await site.site.send([site.outgoing("in/later", b"later")])
    assert {one.stream for one in delivered} == {"fe1/1"}
    assert caplog.text == "", "it is not tried again so soon"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"known_hosts": "/dev/null"}, "Host key verification failed"),
        ({"identity_file": "/dev/null"}, "Permission denied"),
        ({"python": "python3-is-not-here"}, "python3-is-not-here"),
        ({"user": "nobody-here"}, "Permission denied"),
    ],
)
async def test_the_way_to_a_storage_host_says_what_is_wrong_with_it(opened, tmp_path, storage, changes, sentence):
    host = replace(storage.as_option("ippc20", (tmp_path / "home", tmp_path / "export")), **changes)
    site = await opened(hosts=(host,))
    (found,) = await site.site.reach()
    assert (found.front_end, found.host) == ("fe1", "ippc20")
    assert sentence in found.sentence
    shipment = site.outgoing("in/a", b"a")
    delivered, failed = await site.site.send([shipment])
    assert (len(delivered), failed) == (1, [])


async def test_a_way_that_is_open_is_said_and_a_volume_that_is_not_there_is_named(opened, tmp_path, storage):
    good = storage.as_option("ippc20", (tmp_path / "home", tmp_path / "export"))
    bad = storage.as_option("ippc21", (Path("/data"), tmp_path / "not-exported"))
    site = await opened(hosts=(good, bad))
    assert await site.site.reach() == [
        Reach(front_end="fe1", host="ippc20"),
        Reach(front_end="fe1", host="ippc21", sentence=f"{tmp_path}/not-exported is missing"),
    ]
    await site.sessions.close()
    with pytest.raises(NoSession):
        await site.site.reach()


# -- cuts ---------------------------------------------------------------------------------------------------------------


def carriers(storage):
    """Processes of ssh to this storage that are still there."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        found += [entry.name] if os.fsencode(storage.identity) in words else []
    return found


async def is_soon(found, patience_s=60.0):
    async with asyncio.timeout(patience_s):
        while True:
            if found():
                return True
            await asyncio.sleep(0.02)


async def test_a_session_that_is_cut_ends_the_ssh_and_the_halves_and_the_rest_comes_after_the_next_login(
    opened, servers, storage
):
    site = await opened(ceilings=(Ceiling(from_min=0, until_min=1440, bytes_per_s=3e6),))
    shipments = [site.outgoing(f"in/{number}", some_bytes(1 << 20, number)) for number in range(12)]
    arrived = asyncio.Event()
    sending = asyncio.create_task(site.site.send(shipments, lambda files, size: arrived.set() if files else None))
    await arrived.wait()
    assert carriers(storage)
    servers[0].cut()
    with pytest.raises(TransferCut) as cut:
        await sending
    done = {one.shipment for one in cut.value.delivered}
    assert 0 < len(done) < len(shipments)
    assert all(map(is_whole, done))
    assert await is_soon(lambda: not carriers(storage) and site.halves() == [])
    await log_in(site, servers[:1])
    delivered, failed = await site.site.send([one for one in shipments if one not in done])
    assert failed == []
    assert {one.shipment for one in delivered} | done == set(shipments)
    assert all(map(is_whole, shipments))


@pytest.mark.parametrize("way", ["send", "fetch"])
async def test_a_storage_host_that_is_cut_in_the_middle_is_reached_anew(opened, storage, way):
    site = await opened(ceilings=(Ceiling(from_min=0, until_min=1440, bytes_per_s=2e6),))
    make = site.outgoing if way == "send" else site.product
    shipments = [make(f"in/{number}", some_bytes(1 << 20, number)) for number in range(6)]
    arrived = asyncio.Event()
    carry = site.site.send if way == "send" else site.site.fetch
    moving = asyncio.create_task(carry(shipments, lambda files, size: arrived.set() if files else None))
    await arrived.wait()
    storage.cut()
    delivered, failed = await moving
    assert failed == []
    assert {one.shipment for one in delivered} == set(shipments)
    assert all(map(is_whole, shipments))
    assert {one.stream.split()[-1] for one in delivered} == {"ippc20"}
    assert max(one.attempts for one in delivered) == 2
    assert site.halves() == []


async def test_a_storage_host_that_falls_silent_is_given_up_and_its_files_go_through_the_session(
    opened, storage, monkeypatch
):
    monkeypatch.setattr(storage_hosts, "_ALIVE_S", 1)
    site = await opened(ceilings=(Ceiling(from_min=0, until_min=1440, bytes_per_s=6e6),), connect_timeout_s=2.0)
    shipments = [site.outgoing(f"in/{number}", some_bytes(1 << 20, number)) for number in range(8)]
    arrived = asyncio.Event()
    moving = asyncio.create_task(site.site.send(shipments, lambda files, size: arrived.set() if files else None))
    await arrived.wait()
    storage.freeze()
    try:
        delivered, failed = await moving
    finally:
        storage.cut()
    assert failed == []
    assert all(map(is_whole, shipments))
    assert {one.shipment for one in delivered} == set(shipments)
    assert site.halves() == []


async def test_a_transfer_that_is_stopped_leaves_no_ssh_and_no_halves(opened, storage):
    site = await opened(ceilings=(Ceiling(from_min=0, until_min=1440, bytes_per_s=1e6),))
    shipments = [site.outgoing(f"in/{number}", some_bytes(4 << 20, number)) for number in range(3)]
    moved = asyncio.Event()
    sending = asyncio.create_task(site.site.send(shipments, lambda files, size: moved.set()))
    await moved.wait()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert await is_soon(lambda: not carriers(storage) and site.halves() == [])


# -- damage -------------------------------------------------------------------------------------------------------------


async def test_files_that_are_not_what_was_entered_are_named_and_the_others_come(opened):
    site = await opened()
    good = [site.outgoing(f"in/{number}", some_bytes(5000, number)) for number in range(20)]
    gone = site.outgoing("in/gone", b"x")
    Path(gone.source).unlink()
    grown = site.outgoing("in/grown", b"four!", size=4)
    folder = site.outgoing("in/pipe", b"")
    Path(folder.source).unlink()
    Path(folder.source).mkdir()
    delivered, failed = await site.site.send([*good, gone, grown, folder])
    assert {one.shipment for one in delivered} == set(good)
    sentences = {one.shipment: one.sentence for one in failed}
    assert "No such file" in sentences[gone]
    assert "5 bytes, not the 4" in sentences[grown]
    assert set(sentences) == {gone, grown, folder}
    assert not any(one.retryable for one in failed)


async def test_a_ceiling_holds_for_bytes_that_do_not_come_through_us(opened):
    site = await opened(ceilings=(Ceiling(from_min=0, until_min=1440, bytes_per_s=2e6),))
    shipments = [site.outgoing(f"in/{number}", some_bytes(1 << 20, number)) for number in range(8)]
    began = asyncio.get_running_loop().time()
    _, failed = await site.site.send(shipments)
    took_s = asyncio.get_running_loop().time() - began
    assert failed == []
    # two streams may be 3 MB ahead of the ceiling between them
    assert (8 << 20) / took_s < 2e6 * 1.1 + 6e6 / took_s
