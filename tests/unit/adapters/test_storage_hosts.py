"""Which storage host a file goes by, and what an ssh to it may never do."""

from __future__ import annotations

from rpconsole.adapters.ssh.storage_hosts import Leg, StorageHost, legs_of, ways_to
from rpconsole.ports.site import Shipment


def host(name, *volumes, **more):
    return StorageHost(name=name, host=f"{name}.example.org", user="ipp", volumes=volumes, **more)


def legs(hosts, *files):
    shipments = [(Shipment(source=path, target="/x"), path, size) for path, size in files]
    return {one.source: leg for one, leg in legs_of(shipments, hosts).items()}


def test_a_file_goes_by_the_host_that_has_its_volume_under_the_name_that_it_has_there():
    hosts = [host("c20", ("/data/c20.0", "/export/c20.0")), host("c21", ("/data/c21.0/", "/export/c21.0/"))]
    found = legs(hosts, ("/data/c21.0/ab/x.fits", 1), ("/data/c20.0/y", 1), ("/home/ipp/z", 1), ("/data/c20.01/y", 1))
    assert found == {
        "/data/c21.0/ab/x.fits": Leg(host="c21", path="/export/c21.0/ab/x.fits"),
        "/data/c20.0/y": Leg(host="c20", path="/export/c20.0/y"),
    }


def test_the_longest_name_of_a_volume_decides():
    hosts = [host("all", ("/data", "/nfs")), host("c20", ("/data/c20.0", "/export"))]
    assert legs(hosts, ("/data/c20.0/y", 1), ("/data/c9.0/y", 1)) == {
        "/data/c20.0/y": Leg(host="c20", path="/export/y"),
        "/data/c9.0/y": Leg(host="all", path="/nfs/c9.0/y"),
    }


def test_hosts_with_the_same_volume_share_its_bytes_and_not_its_files():
    hosts = [host("a", ("/data", "/data")), host("b", ("/data", "/data"))]
    found = legs(hosts, ("/data/large", 1000), *((f"/data/small{number}", 100) for number in range(10)))
    assert [leg.host for leg in found.values()].count("b") == 10


def test_a_path_that_leads_out_of_its_volume_has_no_leg():
    assert legs([host("a", ("/data", "/data"))], ("/data/../etc/passwd", 1)) == {}


def test_an_ssh_to_a_storage_host_asks_nothing_trusts_nobody_new_and_forwards_nothing():
    way = ways_to(
        [host("a", ("/d", "/d"), identity_file="/keys/id", known_hosts="/keys/hosts")],
        "pull",
        ssh="ssh",
        ciphers=("c",),
        timeout_s=7,
    )
    argv = way["a"]["argv"]
    for word in ("BatchMode=yes", "StrictHostKeyChecking=yes", "ForwardAgent=no", "ClearAllForwardings=yes", "ControlPath=none",
                 "UserKnownHostsFile=/keys/hosts", "ServerAliveInterval=15", "ConnectTimeout=7"):  # fmt: skip
        assert word in argv
    assert argv[argv.index("-i") + 1] == "/keys/id"
    assert argv[-3:-1] == ["--", "a.example.org"]


def test_the_command_at_a_storage_host_is_one_line_that_tcsh_reads_as_sh_does():
    command = ways_to([host("a", ("/d", "/d"))], "push", ssh="ssh", ciphers=("c",), timeout_s=7)["a"]["argv"][-1]
    assert "\n" not in command
    assert "!" not in command
    assert command.count("'") == 2
    assert command.endswith(" receive --root /d")
