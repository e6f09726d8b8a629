"""Transfers begun by the front ends: real ssh from them to a real sshd of the storage, while things go wrong."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.integration.ssh_site import Person, ssh_site
from tests.servers.front_end import PrivateFrontEnd, known_hosts
from tests.servers.sshd import require_sshd
from tests.servers.storage_host import PrivateStorageHost
from tests.servers.token_card import TokenCard

LARGE = 3 << 20


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


async def log_in(site, servers):
    await site.sessions.open(Person(*([each.card.next()] for each in servers)))


def some_bytes(size, seed=0):
    return (hashlib.sha256(b"%d" % seed).digest() * (size // 32 + 1))[:size]


def a_campaign(site):
    small = [site.outgoing(f"in/small{number}", some_bytes(number * 101, number)) for number in range(200)]
    return small + [site.outgoing(f"in/large{number}", some_bytes(LARGE, number)) for number in range(3)]


def is_whole(shipment):
    return Path(shipment.target).exists() and Path(shipment.source).read_bytes() == Path(shipment.target).read_bytes()


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
