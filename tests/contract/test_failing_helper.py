"""A helper that does not start, or dies, while its session lives: what the site says of it, and that it serves again by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from tests.contract.site_worlds import in_process_world, right, sshd_world
from tests.servers.processes import command_lines, tell

from rpconsole.adapters.ssh.pool import SshSessions
from rpconsole.domain.fault import FaultKind, HelperAway, HelperDied
from rpconsole.ports.site import Shipment

#: enough for every stream of a transfer, and every try of each
NEVER = 1000


class Doom:
    """Stands in for the site's python3: so many helpers more are killed as they start."""

    def __init__(self, folder: Path) -> None:
        self._counters = folder / "doomed"
        self._counters.mkdir()
        self.python = folder / "python3"
        self.python.write_text(
            "#!/bin/sh\n"
            f'for one in {self._counters}/*; do rm "$one" 2>/dev/null && kill -9 $$; done\n'
            f'exec {sys.executable} "$@"\n'
        )
        self.python.chmod(0o755)

    def next(self, starts: int) -> None:
        """So many from now on, instead of those that were still to come."""
        for left in self._counters.iterdir():
            left.unlink(missing_ok=True)
        for number in range(starts):
            (self._counters / str(number)).touch()


@pytest.fixture
def doom(tmp_path):
    return Doom(tmp_path)


@pytest.fixture(params=["in process", pytest.param("sshd", marks=pytest.mark.needs_sshd)])
async def world(request, tmp_path, doom):
    """Sessions to both front ends, which have settled in."""
    if request.param == "sshd":
        opening = sshd_world(tmp_path, request.getfixturevalue("sshd"), python=str(doom.python))
    else:
        opening = in_process_world(tmp_path, python=str(doom.python))
    async with opening as found:
        await found.sessions.open(lambda challenge: right(found, challenge))
        assert isinstance(found.sessions, SshSessions)
        await asyncio.gather(*found.sessions._settling)
        yield found


def kill_helpers(world) -> int:
    """SIGKILL to every helper that serves this site; how many there were."""
    root = os.fsencode(world.root)
    pids = [pid for pid, words in command_lines() if b"-I" in words and any(word.startswith(root) for word in words)]
    for pid in pids:
        tell(pid, signal.SIGKILL)
    return len(pids)


async def until(is_so) -> None:
    for _ in range(6000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to be")


async def without_helpers(world) -> None:
    """Every helper is killed, also one that a sign of life has just begun anew, and each session has seen the end of its own."""
    await until(lambda: not kill_helpers(world) and not any(one.helper.is_running for one in world.sessions.live()))


async def test_a_helper_that_dies_in_a_request_leaves_it_unknown_and_the_next_request_starts_another(world):
    begun = Path(world.root) / "begun"
    asked = asyncio.create_task(world.site.run(["sh", "-c", f"touch {begun}; sleep 60"], timeout_s=60))
    await until(begun.exists)
    assert kill_helpers(world) > 0
    async with asyncio.timeout(60):
        with pytest.raises(HelperDied, match="What happened to the request is unknown") as died:
            await asked
    assert died.value.kind is FaultKind.AWAY
    await without_helpers(world)
    world.put(f"{world.root}/there", b"x")
    assert (await world.site.stat([f"{world.root}/there"]))[f"{world.root}/there"].size == 1
    assert world.sessions.alive()


async def test_a_helper_that_starts_nowhere_is_said_and_serves_as_soon_as_it_may(world, doom):
    doom.next(NEVER)
    await without_helpers(world)
    with pytest.raises(HelperAway, match="The helper does not start") as away:
        await world.site.stat([world.root])
    assert away.value.kind is FaultKind.AWAY
    doom.next(0)
    assert (await world.site.run(["echo", "well"], timeout_s=60)).out == "well\n"


async def test_where_one_front_ends_helper_does_not_start_the_other_is_asked(world, doom):
    await without_helpers(world)
    # the first start, and the one after the helper was copied there anew
    doom.next(2)
    assert (await world.site.run(["echo", "well"], timeout_s=60)).out == "well\n"


async def test_a_transfer_for_which_no_stream_starts_ends_and_no_file_is_to_blame(world, doom):
    source = world.home / "a"
    source.write_bytes(b"a")
    doom.next(NEVER)
    await without_helpers(world)
    shipment = Shipment(source=str(source), target=f"{world.root}/a")
    async with asyncio.timeout(120):
        sent, (missed,) = await world.site.send([shipment])
    assert (sent, missed.site_away, missed.retryable) == ([], True, True)
    doom.next(0)
    sent, failed = await world.site.send([shipment])
    assert (len(sent), failed) == (1, [])
    assert world.get(f"{world.root}/a") == b"a"
