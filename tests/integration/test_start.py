"""``rpconsole --daemon`` while its databases are not there yet, or are not what the configuration says."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.main_job.world import COMMAND, ENVIRON, ROOT
from tests.servers.mariadb import PASSWORD, USER, PrivateMariadb, require_mariadb

from rpconsole.adapters.gpc1.create import create_schema

pytestmark = [pytest.mark.needs_mariadb, pytest.mark.slow]

CONFIGURATION = """\
[database]
url = "{gpc1}"
[journal]
url = "{journal}"
[paths]
state_dir = "state"
[storage]
root = "ipp"
[site]
name = "lanl"
remote_root = "/scratch3/survey"
hostname = "LANL/Mustang"
scheduler = "moab"
proc_per_node = 24
max_nodes = 10
max_hours = 8
references_dir = "/scratch3/survey/references"
tess_dir = "/scratch3/survey/tess"
[login]
front_ends = [{{ name = "fe1", host = "127.0.0.1" }}]
user = "operator1"
known_hosts = "known_hosts"
[engine]
tick_s = 0.1
refresh_s = 0.5
[retry]
away_s = 0.2
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    # a socket's path may have 107 characters
    with tempfile.TemporaryDirectory(prefix="rp") as made:
        yield Path(made)


def configured(folder: Path, gpc1: str, journal: str) -> Path:
    file = folder / "rpconsole.toml"
    file.write_text(CONFIGURATION.format(gpc1=gpc1, journal=journal))
    file.chmod(0o600)
    return file


def daemon(config: Path, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "-c", str(config), "--daemon"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**ENVIRON, **environ},
    )


def status(config: Path) -> dict:
    done = subprocess.run(
        [*COMMAND, "-c", str(config), "status", "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=ENVIRON,
        check=False,
    )
    return json.loads(done.stdout) if done.returncode == 0 else {}


def heard(notices: socket.socket, words: str) -> str:
    """The first message to systemd that holds these words."""
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up:
        said = notices.recv(4096).decode()
        if words in said:
            return said
    raise AssertionError(f"systemd never heard {words!r}")


def test_databases_that_start_after_the_engine_are_waited_for_and_systemd_hears_it(folder):
    require_mariadb()
    with PrivateMariadb() as server, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        urls = [server.create_database(name) for name in ("gpc1", "rpconsole")]
        asyncio.run(create_schema(urls[0]))
        server.stop()
        config = configured(folder, *urls)
        notices.bind(str(folder / "notify"))
        notices.settimeout(60)
        engine = daemon(config, NOTIFY_SOCKET=str(folder / "notify"))
        try:
            heard(notices, "READY=1")
            assert "does not answer" in heard(notices, "STATUS=waiting for the database")
            present = status(config)
            assert (present["engine"], "does not answer" in present["waits_for"]) == ("running", True)
            assert engine.poll() is None
            server.start()
            assert "serves" in heard(notices, "STATUS=engine")
            assert status(config)["waits_for"] is None
            assert PASSWORD not in json.dumps(status(config))
        finally:
            engine.send_signal(signal.SIGTERM)
            _, said = engine.communicate(timeout=90)
        assert engine.returncode == 0, said
        assert PASSWORD not in said


def test_an_engine_that_waits_stops_at_once_when_it_is_told_to(folder):
    url = f"mysql://{USER}:{PASSWORD}@127.0.0.1:1/gpc1"
    config = configured(folder, url, url)
    engine = daemon(config)
    give_up = time.monotonic() + 120
    while status(config).get("engine") != "running":
        assert time.monotonic() < give_up
    engine.send_signal(signal.SIGTERM)
    _, said = engine.communicate(timeout=90)
    assert engine.returncode == 0, said


@pytest.mark.parametrize(
    ("which", "change", "sentence"),
    [
        ("gpc1", (PASSWORD, "wrong"), "Access denied"),
        ("journal", ("/start_journal", "/start_nothing"), "Unknown database"),
    ],
)
def test_a_mistake_in_the_configuration_is_a_sentence_at_once(folder, mariadb_server, which, change, sentence):
    urls = {
        "gpc1": mariadb_server.create_database("start_gpc1"),
        "journal": mariadb_server.create_database("start_journal"),
    }
    asyncio.run(create_schema(urls["gpc1"]))
    assert change[0] in urls[which]
    urls[which] = urls[which].replace(*change)
    engine = daemon(configured(folder, urls["gpc1"], urls["journal"]))
    _, said = engine.communicate(timeout=60)
    assert engine.returncode == 2
    assert sentence in said
    assert "Traceback" not in said
    assert PASSWORD not in said
    assert not os.path.exists(folder / "state" / "rpconsole.sock")
