"""Hauls before a real front end while files are damaged, lines cut and disks filled: named, begun again, nothing sent twice."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.contract.site_worlds import RealClock
from tests.integration.ssh_site import Person, ssh_site
from tests.servers.front_end import PrivateFrontEnd, known_hosts
from tests.servers.token_card import TokenCard

from rpconsole.adapters.journal.opening import open_journal
from rpconsole.adapters.storage.local_files import DiskFiles
from rpconsole.adapters.storage.test_files import DiskTestFiles
from rpconsole.adapters.storage.trees import DiskTrees
from rpconsole.domain.haul import HaulState, Way
from rpconsole.domain.scratch import ScratchSettings
from rpconsole.domain.tuning import Spread
from rpconsole.engine.haul_desk import HaulDesk
from rpconsole.engine.meter import Meter
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.tuning import Tuner
from rpconsole.engine.world import Haulage
from rpconsole.ports.site import Shipment, Urgency

SIZE = 300_000
FILES = 24
DISK_BYTES = 8 << 20


@pytest.fixture
async def server():
    made = PrivateFrontEnd(TokenCard())
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def site(tmp_path, server):
    made = ssh_site(tmp_path, [server.port], known_hosts(tmp_path / "known_hosts", server), bulk_channels=1)
    await log_in(made, server)
    yield made
    await made.sessions.close()


@pytest.fixture
async def haulage(tmp_path, site):
    journal = await open_journal(f"sqlite:///{tmp_path}/journal", database="d", site="s", alive=lambda pid: False)
    clock = RealClock()
    world: Any = SimpleNamespace(
        clock=clock,
        files=DiskFiles(),
        site=site.site,
        sessions=site.sessions,
        ledger=journal.ledger,
        meter=Meter(),
        settings=SimpleNamespace(
            scratch=ScratchSettings(), layout=SimpleNamespace(remote_root=str(site.root)), waits=None
        ),
        haulage=Haulage(
            books=journal.hauls,
            here=DiskTrees(),
            there=site.site.trees,
            line=site.site,
            tuner=Tuner(journal.hauls, site.site),
            tests=DiskTestFiles(),
            areas=(str(site.root),),
        ),
    )
    yield SimpleNamespace(desk=HaulDesk(world, NoticeBoard(clock)), books=journal.hauls, world=world)
    await journal.close()


async def log_in(site, server):
    await site.sessions.open(Person([server.card.next()]))


def some_bytes(number, size=SIZE):
    return (hashlib.sha256(b"%d" % number).digest() * (size // 32 + 1))[:size]


def a_tree(folder, files=FILES):
    folder.mkdir(parents=True)
    for number in range(files):
        (folder / f"{number:02}").write_bytes(some_bytes(number))
    return folder


def same(source, target):
    return {path.name: path.read_bytes() for path in source.iterdir()} == {
        path.name: path.read_bytes() for path in target.iterdir()
    }


async def until(haulage, wanted, number=1):
    """Tick until the haul is in one of these states and nothing moves."""
    async with asyncio.timeout(60):
        while True:
            await haulage.desk.tick()
            view = next(view for view in await haulage.desk.all() if view.haul.number == number)
            if view.haul.state in wanted:
                return view.haul
            await asyncio.sleep(0.01)


async def until_held(haulage, word):
    async with asyncio.timeout(60):
        while True:
            await haulage.desk.tick()
            haul = (await haulage.desk.all())[0].haul
            if haul.state is HaulState.WAITING and word in haul.sentence:
                return haul
            await asyncio.sleep(0.01)


def counting(server, act=None, *, way="in", at=0):
    """Count the bytes that cross one way, and do something to the piece in which a number of them is reached."""
    seen = SimpleNamespace(bytes=0, is_done=act is None)

    def tamper(direction, data):
        if direction != way:
            return data
        seen.bytes += len(data)
        if not seen.is_done and seen.bytes > at:
            seen.is_done = True
            return act(data)
        return data

    server.tamper = tamper
    return seen


def flipped(data):
    return data[:50] + bytes([data[50] ^ 1]) + data[51:]


@pytest.mark.parametrize("damage", [flipped, lambda data: data[1:]], ids=["flipped", "truncated"])
@pytest.mark.parametrize("way", [Way.SEND, Way.FETCH])
async def test_a_file_that_is_damaged_on_the_way_is_begun_again_and_the_others_are_not(
    server, site, haulage, way, damage
):
    near, far = site.home / "cat", site.root / "cat"
    source, target = (near, far) if way is Way.SEND else (far, near)
    a_tree(source)
    seen = counting(server, damage, way="in" if way is Way.SEND else "out", at=SIZE * FILES // 2)
    await haulage.desk.order(way, [str(source)], str(target.parent), "op")
    haul = await until(haulage, {HaulState.DONE, HaulState.PARKED})
    assert (haul.state, haul.files_done, haul.files_parked) == (HaulState.DONE, FILES, 0)
    assert same(source, target)
    assert site.halves() == []
    lines = await haulage.books.files(haul=1)
    assert {line.target for line in lines if line.state == "arrived"} == {f"{target}/{n:02}" for n in range(FILES)}
    if damage is flipped:
        # the one file again, and what frames and questions weigh
        assert seen.bytes < SIZE * (FILES + 1) + SIZE


async def test_a_cut_and_a_login_later_only_what_had_not_arrived_is_sent(server, site, haulage):
    source = a_tree(site.home / "cat")
    counting(server, lambda data: (server.cut(), data)[1], at=SIZE * FILES // 2)
    await haulage.desk.order(Way.SEND, [str(source)], str(site.root), "op")
    await until_held(haulage, "log in")
    async with asyncio.timeout(60):
        while site.halves():  # noqa: ASYNC110  another process removes them
            await asyncio.sleep(0.02)
    there = len(list((site.root / "cat").iterdir()))
    seen = counting(server)
    await log_in(site, server)
    haul = await until(haulage, {HaulState.DONE, HaulState.PARKED})
    assert (haul.state, haul.files_done, haul.files_there) == (HaulState.DONE, FILES, there)
    assert same(source, site.root / "cat")
    # nothing but the rest, and the helper's own bytes
    assert seen.bytes < SIZE * (FILES - there) + 1_000_000


async def test_a_rescue_goes_between_two_bundles_of_what_is_sent_by_hand(server, site):
    site.site.use(Spread(sessions=1, channels=1, bundle_bytes=SIZE))
    by_hand = [site.outgoing(f"hand/{number}", some_bytes(number)) for number in range(100)]
    rescued = [site.outgoing("rescue", some_bytes(99))]
    begun, left = asyncio.Event(), [len(by_hand)]

    def counted(files, size):
        left[0] -= files
        begun.set()

    slow = asyncio.create_task(site.site.send(by_hand, counted, urgency=Urgency.BY_HAND))
    await begun.wait()
    # nothing more is acknowledged before the rescue stands in the queue
    server.signal(signal.SIGSTOP)
    rescue = asyncio.create_task(site.site.send(rescued, urgency=Urgency.RESCUE))
    async with asyncio.timeout(60):
        while not site.sessions.first().streams.is_wanted(Urgency.RESCUE):  # noqa: ASYNC110  the queue has no event
            await asyncio.sleep(0.01)
    server.signal(signal.SIGCONT)
    arrived, missed = await rescue
    assert (len(arrived), missed) == (1, [])
    assert left[0] > 0
    arrived, missed = await slow
    assert (len(arrived), missed) == (len(by_hand), [])
    assert {delivery.attempts for delivery in arrived} == {1}


# -- full disks --------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a disk of a few megabytes on a folder."""
    mounted = []

    def mount(folder):
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no small disk can be mounted here: that needs root and the right to mount")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("way", [Way.SEND, Way.FETCH])
async def test_a_disk_that_fills_up_is_named_leaves_no_half_and_takes_the_rest_when_there_is_room(
    site, small_disk, way
):
    here, there = site.home / "d", site.root / "d"
    disk = small_disk(there if way is Way.SEND else here)
    (disk / "of_others").write_bytes(bytes(DISK_BYTES - 10 * SIZE))
    source = a_tree((site.home if way is Way.SEND else site.root) / "cat", 20)
    (source / "large").write_bytes(some_bytes(1, 4 * SIZE))
    shipments = [Shipment(source=str(path), target=str(disk / path.name)) for path in sorted(source.iterdir())]
    move = site.site.send if way is Way.SEND else site.site.fetch
    arrived, missed = await move(shipments)
    assert arrived
    assert len(arrived) + len(missed) == len(shipments)
    assert all("No space left" in one.sentence and one.retryable for one in missed)
    assert site.halves() == []
    whole = {path.name for path in disk.iterdir()} - {"of_others"}
    assert whole == {Path(delivery.shipment.target).name for delivery in arrived}
    (disk / "of_others").unlink()
    again, missed = await move([one.shipment for one in missed])
    assert missed == []
    assert all(
        Path(each.shipment.target).read_bytes() == Path(each.shipment.source).read_bytes() for each in arrived + again
    )


@pytest.mark.parametrize("way", [Way.SEND, Way.FETCH])
async def test_a_haul_that_would_not_fit_is_held_with_figures_and_goes_on_when_there_is_room(
    site, haulage, small_disk, way
):
    disk = small_disk((site.root if way is Way.SEND else site.home) / "d")
    (disk / "of_others").write_bytes(bytes(DISK_BYTES - 10 * SIZE))
    source = a_tree((site.home if way is Way.SEND else site.root) / "cat")
    await haulage.desk.order(way, [str(source)], str(disk), "op")
    await until_held(haulage, "has room for")
    assert [path.name for path in disk.iterdir()] == ["of_others"]
    (disk / "of_others").unlink()
    await haulage.desk.stop(1)
    await haulage.desk.resume(1)
    haul = await until(haulage, {HaulState.DONE, HaulState.PARKED})
    assert haul.state is HaulState.DONE
    assert same(source, disk / "cat")


@pytest.mark.parametrize("way", [Way.SEND, Way.FETCH])
async def test_a_disk_that_others_fill_meanwhile_holds_the_haul_and_the_rest_goes_when_there_is_room(
    server, site, haulage, small_disk, way
):
    disk = small_disk((site.root if way is Way.SEND else site.home) / "d")
    source = a_tree((site.home if way is Way.SEND else site.root) / "cat")

    def filled(data):
        with (disk / "of_others").open("wb", 0) as file, contextlib.suppress(OSError):
            while file.write(bytes(1 << 16)):
                pass
        return data

    counting(server, filled, way="in" if way is Way.SEND else "out", at=FILES * SIZE // 3)
    await haulage.desk.order(way, [str(source)], str(disk), "op")
    haul = await until_held(haulage, "No space left on device")
    assert 0 < haul.files_done < FILES
    assert haul.files_parked == 0
    assert site.halves() == []
    crossed = counting(server, way="in" if way is Way.SEND else "out")
    (disk / "of_others").unlink()
    await haulage.desk.stop(1)
    await haulage.desk.resume(1)
    haul = await until(haulage, {HaulState.DONE, HaulState.PARKED})
    assert haul.state is HaulState.DONE
    assert haul.files_there > 0
    assert crossed.bytes < (FILES - haul.files_there + 2) * SIZE
    assert same(source, disk / "cat")


# -- a build tree ------------------------------------------------------------------------------------------------------


def a_build(folder):
    (folder / "bin").mkdir(parents=True)
    (folder / "lib").mkdir()
    (folder / "var" / "log").mkdir(parents=True)
    (folder / "bin" / "ppImage").write_bytes(b"#!")
    (folder / "bin" / "ppImage").chmod(0o755)
    (folder / "lib" / "libpsLib.so.1").write_bytes(b"elf")
    (folder / "lib" / "libpsLib.so").symlink_to("libpsLib.so.1")
    (folder / "lib64").symlink_to("lib")
    (folder / "bin" / "pp\nnew -line").symlink_to("../lib/libpsLib.so")
    (folder / "out").symlink_to("/etc/passwd")
    (folder / "up").symlink_to("../../../../etc")
    return folder


@pytest.mark.parametrize("way", [Way.SEND, Way.FETCH])
async def test_a_build_tree_comes_with_links_modes_and_empty_folders_and_what_leads_out_is_named(
    site, haulage, tmp_path, way
):
    source = a_build((tmp_path if way is Way.SEND else site.root) / "build")
    target = (site.root if way is Way.SEND else tmp_path) / "permanent"
    await haulage.desk.order(way, [str(source)], str(target), "op")
    haul = await until(haulage, (HaulState.DONE,))
    there = target / "build"
    assert os.access(there / "bin" / "ppImage", os.X_OK)
    assert not os.stat(there / "lib" / "libpsLib.so.1").st_mode & 0o111
    links = {path.name: os.readlink(path) for path in there.rglob("*") if path.is_symlink()}
    assert links == {"libpsLib.so": "libpsLib.so.1", "lib64": "lib", "pp\nnew -line": "../lib/libpsLib.so"}
    assert (there / "var" / "log").is_dir()
    assert "out" in haul.sentence or "up" in haul.sentence
    (there / "lib64").unlink()
    (there / "lib64").write_text("mine")
    await haulage.desk.order(way, [str(source)], str(target), "op")
    haul = await until(haulage, (HaulState.DONE,), 2)
    assert haul.files_there == haul.files == 2
    assert (there / "lib64").read_text() == "mine"


# -- names and files that nobody would choose --------------------------------------------------------------------------

NAMES = (
    "-rf",
    "two\nlines",
    "tab\there",
    "caf\udce9",
    "back\\slash",
    " space ",
    "*",
    "n" * 240,
    "\u202egnp.exe",
    "$(reboot)",
)


@pytest.mark.parametrize("way", [Way.SEND, Way.FETCH])
async def test_files_of_any_name_arrive_and_are_believed_the_next_time(site, haulage, tmp_path, way):
    source = (tmp_path if way is Way.SEND else site.root) / "odd"
    source.mkdir()
    for name in NAMES:
        (source / name).write_bytes(os.fsencode(name))
    target = (site.root if way is Way.SEND else tmp_path) / "there"
    for number in (1, 2):
        await haulage.desk.order(way, [f"{source}/"], str(target), "op")
        haul = await until(haulage, (HaulState.DONE, HaulState.PARKED), number)
        assert (haul.state, haul.files_done, haul.sentence) == (HaulState.DONE, len(NAMES), "")
        assert haul.files_there == (0 if number == 1 else len(NAMES))
    assert {path.name: path.read_bytes() for path in target.iterdir()} == {name: os.fsencode(name) for name in NAMES}
    assert len(await haulage.books.files(haul=1)) == len(NAMES)
