"""Commands as processes of their own, beside a running engine and a pipe that closes."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from tests.fakes.process import COMMAND, ENVIRON, ROOT, an_engine, script

TOKEN = "123456"


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="rp") as path:
        yield Path(path)


async def test_commands_use_the_running_engine(folder):
    async with an_engine(folder):
        script(folder, "pause", "exec")
        assert "exec CLOSED" in script(folder, "status").stdout


async def test_the_doctor_asks_the_running_engine_and_says_that_a_login_is_needed(folder):
    async with an_engine(folder):
        before = script(folder, "doctor", "--json")
        script(folder, "login", "--stdin", answers=f"{TOKEN}\n{TOKEN}\n")
        after = script(folder, "doctor", "--json")
    found = {one["name"]: one for one in json.loads(before.stdout)["checks"]}
    assert before.returncode == 7
    assert found["engine"]["ok"]
    assert found["sessions"]["remedy"] == "log in with 'rpconsole login'"
    assert not found["helper and scheduler"]["ok"]
    found = {one["name"]: one for one in json.loads(after.stdout)["checks"]}
    assert found["sessions"]["found"].startswith("2 of 2 open")


async def test_rpconsole_alone_proposes_a_login_while_no_session_is_open(folder):
    async with an_engine(folder):
        assert "rpconsole login" in script(folder).stdout


async def test_a_second_daemon_is_refused_on_the_command_line_in_one_sentence(folder):
    async with an_engine(folder) as engine:
        done = script(folder, "--daemon")
    assert done.returncode == 2
    assert done.stderr.startswith("rpconsole: an engine serves ")
    assert f"process {engine.pid} of " in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_pipe_that_is_closed_is_quiet_and_ends_with_the_code_of_sigpipe(folder):
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [*COMMAND, str(folder), "runs"], stdout=write_end, stderr=subprocess.PIPE, cwd=ROOT, env=ENVIRON, timeout=30
    )
    os.close(write_end)
    assert done.stderr == b""
    assert done.returncode == 141
