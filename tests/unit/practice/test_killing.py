"""Killing a job of the practice site."""

from __future__ import annotations

import os
import signal
import subprocess
import threading

from rpconsole.practice.launching import kill_job
from rpconsole.practice.moab.spool import Spool
from rpconsole.practice.paths import JOB_VARIABLE, SITE_VARIABLE, SitePaths


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
