"""Transfers begun by the front end with OpenSSH's own sshd at both: cut, frozen, and what is left of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.integration.ssh_site import Person, is_whole, some_bytes, ssh_site
from tests.servers.sshd import USER, PrivateSshd, require_sshd
from tests.servers.storage_host import PrivateStorageHost
from tests.servers.token_card import TokenCard

from rpconsole.adapters.ssh import carrying
from rpconsole.domain.ceiling import Ceiling
from rpconsole.ports.site import TransferCut

pytestmark = pytest.mark.needs_sshd


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    require_sshd()
    with PrivateSshd([TokenCard()]) as front_end, PrivateStorageHost(tmp_path_factory.mktemp("keys")) as storage:
        yield front_end, storage


@pytest.fixture
async def site(tmp_path, servers):
    front_end, storage = servers
    hosts = tmp_path / "known_hosts"
    hosts.write_text(front_end.known_hosts_line())
    (tmp_path / "home").mkdir()
    made = ssh_site(
        tmp_path, [front_end.port], str(hosts), user=USER,
        storage_hosts=(storage.as_option("ippc20", (tmp_path / "home", tmp_path / "home")),),
        ceilings=(Ceiling(from_min=0, until_min=1440, bytes_per_s=4e6),),
    )  # fmt: skip
    yield made
    await made.sessions.close()


async def log_in(site, servers):
    await site.sessions.open(Person([servers[0].cards[0].next()]))


def carriers(root):
    """Processes at the front end that carry files of this site, and their ssh."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if str(root).encode() in words and (b"\0pull\0" in words or b"\0push\0" in words):
            found.append(entry.name)
    return found


@pytest.mark.parametrize("end", ["cut", "freeze"])
@pytest.mark.parametrize("way", ["send", "fetch"])
async def test_what_a_dead_session_began_ends_by_itself_and_only_the_rest_moves_after_the_login(
    site, servers, monkeypatch, way, end
):
    monkeypatch.setattr(carrying, "BEAT_S", 0.5)
    monkeypatch.setattr(carrying, "QUIET_S", 4.0)
    await log_in(site, servers)
    make = site.outgoing if way == "send" else site.product
    carry = site.site.send if way == "send" else site.site.fetch
    shipments = [make(f"d/{number}", some_bytes(1 << 20, number)) for number in range(12)]
    arrived = asyncio.Event()
    moving = asyncio.create_task(carry(shipments, lambda files, size: arrived.set() if files else None))
    await arrived.wait()
    assert carriers(site.root)
    getattr(servers[0], end)()
    with pytest.raises(TransferCut) as lost:
        await moving
    done = {one.shipment for one in lost.value.delivered}
    assert 0 < len(done) < len(shipments)
    async with asyncio.timeout(60):
        while True:
            if not carriers(site.root) and site.halves() == []:
                break
            await asyncio.sleep(0.05)
    servers[0].cut()
    await log_in(site, servers)
    delivered, failed = await carry([one for one in shipments if one not in done])
    assert failed == []
    assert {one.shipment for one in delivered} == set(shipments) - done
    assert {one.stream.split()[-1] for one in delivered} == {"ippc20"}
    assert all(map(is_whole, shipments))
    assert servers[1].logins() > 0
