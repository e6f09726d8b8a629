"""A run whose files the front ends fetch and bring by themselves, from its inputs to its products."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from tests.integration.main_job.world import ROOT

from rpconsole.cli.app import main

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="the front ends need OpenSSH's client")


def test_a_run_is_shipped_and_retrieved_by_the_front_ends_and_by_nobody_else(tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "rpconsole", "demo", "--headless", "--json", "--initiative", "front-end"),
            *("--exposures", "1", "--otas", "1", "--stages", "chip", "--dir", str(tmp_path / "site")),
        ],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(done.stdout)["stages"]["chip"]
    assert (counts["runs"], counts["full"], counts["failed"]) == (1, 1, 0)
    with closing(sqlite3.connect(tmp_path / "site" / "state" / "journal.db")) as journal:
        rows = journal.execute("SELECT way, stream, state, sha256 FROM rp_moved_file").fetchall()
    assert {way for way, *_ in rows} == {"send", "fetch"}
    assert {stream.split()[-1] for _, stream, *_ in rows} == {"storage"}
    assert {state for *_, state, _ in rows} == {"arrived"}
    assert all(len(sha256) == 64 for *_, sha256 in rows)


@pytest.mark.parametrize("word", ["box4", ""])
def test_an_initiative_that_is_none_is_refused_before_anything_is_made(tmp_path, capsys, word):
    assert main(["demo", "--headless", "--initiative", word, "--dir", str(tmp_path / "site")]) == 3
    assert "session or front-end" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()
