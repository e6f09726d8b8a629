"""Killing a job of the practice site."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from rpconsole.practice import processes
from rpconsole.practice.launching import kill_job
from rpconsole.practice.moab.spool import Spool
from rpconsole.practice.paths import JOB_VARIABLE, SITE_VARIABLE, SitePaths
from rpconsole.remote import orphans


def test_a_job_that_is_called_running_and_has_not_begun_is_killed_once_it_has(tmp_path):
    """The executor says 'running' first and starts the job then, both under the spool's lock."""
    paths = SitePaths(tmp_path / "site")
    paths.make()
    killing = threading.Thread(target=kill_job, args=(paths, "7"))
    with Spool(paths.spool).changing():
        killing.start()
        killing.join(0.2)
        assert killing.is_alive(), "it looked for the job's processes before there could be any"
        marks = {**os.environ, SITE_VARIABLE: str(paths.root), JOB_VARIABLE: "7"}
        job = subprocess.Popen(["sleep", "77"], env=marks)
    try:
        killing.join(30)
        assert job.wait(30) == -signal.SIGKILL
    finally:
        job.kill()


def test_a_program_that_is_just_being_loaded_is_found_though_it_shows_no_environment_yet(tmp_path, monkeypatch):
    """The kernel tells who started it that it runs before its environment is in place."""
    process = tmp_path / "4242"
    process.mkdir()
    (process / "environ").write_bytes(b"")
    (process / "exe").symlink_to(sys.executable)
    in_place = f"{SITE_VARIABLE}={tmp_path}\0{JOB_VARIABLE}=7\0".encode()
    monkeypatch.setattr(orphans, "PROC", str(tmp_path))
    monkeypatch.setattr("time.sleep", lambda _: (process / "environ").write_bytes(in_place))
    assert processes.marked(tmp_path, "7") == [4242]
    (process / "environ").write_bytes(b"")
    assert orphans.carriers(JOB_VARIABLE, "7") == [4242], "what a dead session was just starting, likewise"


def test_a_thread_of_the_kernel_is_not_waited_for(tmp_path, monkeypatch):
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "environ").write_bytes(b"")
    monkeypatch.setattr(orphans, "PROC", str(tmp_path))
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("it never gets an environment"))
    assert processes.marked(tmp_path) == []
