"""The engine's process as a whole: signals, one owner a socket, systemd, death and return."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from tests.fakes.process import EngineProcess

from rpconsole.protocol.client import EngineClient
from rpconsole.protocol.errors import NoEngine


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="rp") as path:
        yield Path(path)


@pytest.fixture
def socket_path(folder):
    return folder / "run" / "engine.sock"


async def test_two_clients_are_served_side_by_side_by_the_process_that_greets_them(socket_path):
    with EngineProcess(socket_path) as engine:
        await engine.ready()
        async with await EngineClient.connect(socket_path) as one, await EngineClient.connect(socket_path) as two:
            assert one.hello.pid == two.hello.pid == engine.pid
            await one.call("gates", names=["poll"], open=False)
            gates = (await two.call("status"))["gates"]
            assert [gate["name"] for gate in gates if not gate["open"]] == ["poll"]


async def test_the_socket_is_for_its_owner_only(socket_path):
    with EngineProcess(socket_path) as engine:
        await engine.ready()
        assert stat.S_IMODE(socket_path.stat().st_mode) == 0o600
        assert stat.S_IMODE(socket_path.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can act as another user")
async def test_another_user_is_refused_by_the_kernels_word_even_where_the_modes_let_him_in(folder, socket_path):
    with EngineProcess(socket_path) as engine:
        await engine.ready()
        for path, mode in ((folder, 0o755), (socket_path.parent, 0o755), (socket_path, 0o666)):
            path.chmod(mode)
        said = json.loads(_as_nobody(socket_path))
        assert said["kind"] == "bye"
        assert "does not serve user" in said["sentence"]


def _as_nobody(path: Path) -> bytes:
    """What the server says to a process of another user, which sends nothing."""
    program = "import socket, sys; c = socket.socket(socket.AF_UNIX); c.settimeout(60); c.connect(sys.argv[1])"
    program += "; sys.stdout.buffer.write(c.recv(65536))"
    return subprocess.run(
        ["/usr/bin/env", "python3", "-c", program, str(path)], user=65534, capture_output=True, check=True, timeout=90
    ).stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_it_in_order_and_the_socket_is_gone(socket_path, number):
    with EngineProcess(socket_path) as engine:
        await engine.ready()
        async with await EngineClient.connect(socket_path):
            engine.signal(number)
            code, log = engine.ended()
        assert code == 0
        assert "stopping in order" in log
        assert not socket_path.exists()


async def test_a_second_interrupt_ends_a_stubborn_engine_at_once(socket_path):
    with EngineProcess(socket_path, environ={"FAKE_ENGINE_STUBBORN": "1"}) as engine:
        await engine.ready()
        engine.signal(signal.SIGINT)
        async with await EngineClient.connect(socket_path) as client:
            await client.call("status")
        engine.signal(signal.SIGINT)
        assert engine.ended()[0] == 130
    assert not socket_path.exists()


async def test_a_terminal_that_closes_does_not_end_it(socket_path):
    with EngineProcess(socket_path) as engine:
        await engine.ready()
        engine.signal(signal.SIGHUP)
        async with await EngineClient.connect(socket_path) as client:
            assert (await client.call("status"))["site"] == "practice"


async def test_a_second_engine_on_the_socket_is_refused_with_the_holders_name_and_the_first_goes_on(socket_path):
    with EngineProcess(socket_path) as first:
        await first.ready()
        with EngineProcess(socket_path) as second:
            code, log = second.ended()
        assert code == 2
        assert f"process {first.pid} of " in log
        assert "Traceback" not in log
        async with await EngineClient.connect(socket_path) as client:
            assert client.hello.pid == first.pid


async def test_after_kill_9_the_stale_socket_is_replaced(socket_path):
    with EngineProcess(socket_path) as first:
        await first.ready()
        first.signal(signal.SIGKILL)
        first.ended()
    assert socket_path.exists()
    with pytest.raises(NoEngine, match="left behind by an engine that is gone"):
        await EngineClient.connect(socket_path)
    with EngineProcess(socket_path) as second:
        await second.ready()
        async with await EngineClient.connect(socket_path) as client:
            assert client.hello.pid == second.pid


def test_a_file_that_is_no_socket_is_never_removed(socket_path):
    socket_path.parent.mkdir(mode=0o700)
    socket_path.write_text("precious")
    with EngineProcess(socket_path) as engine:
        code, log = engine.ended()
    assert code == 3
    assert "is not a socket" in log
    assert socket_path.read_text() == "precious"


def test_a_directory_that_others_may_write_in_is_refused_with_the_remedy(socket_path):
    socket_path.parent.mkdir()
    socket_path.parent.chmod(0o770)
    with EngineProcess(socket_path) as engine:
        code, log = engine.ended()
    assert code == 3
    assert f"chmod 700 {socket_path.parent}" in log


def test_a_socket_path_that_is_too_long_is_refused_with_the_limit(folder):
    with EngineProcess(folder / ("x" * 120) / "engine.sock") as engine:
        code, log = engine.ended()
    assert code == 3
    assert "longer than 107 bytes" in log


async def test_systemd_hears_that_it_serves_lives_and_stops(folder, socket_path):
    notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    with notices:
        notices.bind(str(folder / "notify"))
        notices.settimeout(60)
        # a socket holds ten messages: a reader that pauses for a second or two must miss none
        environ = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "1000000"}
        with EngineProcess(socket_path, environ=environ) as engine:
            await engine.ready()
            heard = {notices.recv(4096).split(b"\n")[0] for _ in range(3)}
            assert heard == {b"READY=1", b"WATCHDOG=1"}
            engine.signal(signal.SIGTERM)
            while (said := notices.recv(4096)) == b"WATCHDOG=1":
                pass
            assert said == b"STOPPING=1"
            assert engine.ended()[0] == 0


async def test_the_log_file_has_one_line_an_event_and_garbage_of_clients_is_escaped(folder, socket_path):
    log_file = folder / "log" / "engine.log"
    with EngineProcess(socket_path, log_file) as engine:
        await engine.ready()
        with socket.socket(socket.AF_UNIX) as raw:
            raw.settimeout(60)
            raw.connect(str(socket_path))
            raw.sendall(b'{"kind":"\\u001b[2J\\nfake line"}\n')
            raw.recv(65536)
        engine.signal(signal.SIGTERM)
        engine.ended()
    lines = log_file.read_text().splitlines()
    assert all(line[:2] == "20" and line[19] == "." for line in lines)
    assert "\x1b" not in log_file.read_text()
    assert any("serves" in line for line in lines)
