"""Moab's commands over a real Slurm: each job of the spool is handed to ``sbatch``, and what becomes of it is told in Moab's words.

As Moab over Slurm does: a batch script that a signal killed is completed with code 0; a time limit, a dead node and a cancel remove
it. What Slurm does not answer leaves every job as it was.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable
from dataclasses import replace

from rpconsole.practice.moab.node_list import expanded
from rpconsole.practice.moab.spool import ACTIVE, ENDED, HELD, Job, State
from rpconsole.practice.paths import JOB_VARIABLE
from rpconsole.practice.spool_loop import SpoolLoop

_NAP_S = 0.5
_COMMAND_S = 30.0
_FORMAT = "%i|%T|%N|%r"
_STATES = {
    "PENDING": State.IDLE,
    "CONFIGURING": State.IDLE,
    "RUNNING": State.RUNNING,
    "COMPLETING": State.RUNNING,
    "SUSPENDED": State.RUNNING,
    "COMPLETED": State.COMPLETED,
    "FAILED": State.COMPLETED,
}


class OverSlurm(SpoolLoop):
    """Hand over, follow, end, forget. Slurm's commands must be on the PATH, with SLURM_CONF where it is not in /etc."""

    def _clear_up(self) -> None:
        """Nothing: Slurm kept the jobs."""

    def _nap_s(self) -> float:
        return _NAP_S

    def _turn(self, jobs: list[Job]) -> None:
        for job in jobs:
            if job.state is State.IDLE and not job.rm_job:
                self._hand_over(job)
        self._obey([job for job in self._spool.jobs() if job.rm_job])
        self._follow([job for job in self._spool.jobs() if job.rm_job and job.state not in ENDED])
        self._forget(jobs)

    def _hand_over(self, job: Job) -> None:
        done = _asked(self._sbatch(job), env=self._environment(job))
        if done is None or "Unable to contact" in done.stderr:
            return
        number = done.stdout.strip().partition(";")[0]
        if done.returncode == 0 and number.isdigit():
            self._spool.change(job, rm_job=number, message="")
        else:
            # Moab gives up on what its resource manager refuses, and waits for a person
            self._spool.change(job, state=State.BATCH_HOLD, message=done.stderr.strip()[-200:])

    def _sbatch(self, job: Job) -> list[str]:
        out = job.out or os.path.join(job.cwd, f"{job.name}.o{job.job}")
        words = ["sbatch", "--parsable", "-J", job.name, "-D", job.cwd, "-N", str(job.nodes), "-o", out, "--no-requeue"]
        words += ["--no-kill", "--exclusive", "-t", str(max(1, -(-job.walltime_s // 60)))]
        separate = job.err if job.err != "separate" else os.path.join(job.cwd, f"{job.name}.e{job.job}")
        words += ["-e", separate] if job.err else []
        return [*words, str(self._spool.script(job.job))]

    def _environment(self, job: Job) -> dict[str, str]:
        own = self._paths.environment(job.user)
        slurm = {name: value for name, value in os.environ.items() if name.startswith("SLURM_CONF")}
        return {
            **own,
            **job.environment,
            "PATH": f"{self._paths.bin}:{os.environ['PATH']}",
            **slurm,
            JOB_VARIABLE: job.job,
        }

    def _obey(self, jobs: Iterable[Job]) -> None:
        """Cancels and holds that clients asked for."""
        for job in jobs:
            if job.state in ENDED:
                if job.code == "CNCLD" and not job.started_at and _asked(["scancel", job.rm_job]):
                    self._spool.change(job, rm_job="")
            elif job.cancel_wanted:
                _asked(["scancel", job.rm_job])
            elif job.state is State.USER_HOLD and job.message != "held below":
                _asked(["scontrol", "hold", job.rm_job])
                self._spool.change(job, message="held below")
            elif job.state is State.IDLE and job.message == "held below":
                _asked(["scontrol", "release", job.rm_job])
                self._spool.change(job, message="")

    def _follow(self, jobs: list[Job]) -> None:
        done = _asked(["squeue", "-h", "-t", "all", "-o", _FORMAT]) if jobs else None
        if done is None or done.returncode:
            return
        rows = {row[0]: row[1:] for line in done.stdout.splitlines() if len(row := line.split("|", 3)) == 4}
        for job in jobs:
            if job.rm_job in rows:
                self._note(job, *rows[job.rm_job])

    def _note(self, job: Job, word: str, nodes: str, reason: str) -> None:
        state = _STATES.get(word, State.REMOVED)
        if state is State.IDLE:
            message = "" if reason in ("None", "Priority", "Resources", "BeginTime") else reason
            if job.state is State.IDLE and job.message != message and job.message != "held below":
                self._spool.change(job, message=message)
            return
        if job.state in HELD:
            return
        now = time.time()
        started = replace(
            job, started_at=job.started_at or now, node_names=tuple(expanded(nodes)) or job.node_names, message=""
        )
        if state is State.RUNNING:
            if job.state not in ACTIVE:
                self._spool.change(started, state=state)
            return
        code = "CNCLD" if job.cancel_wanted else self._code(job) if state is State.COMPLETED else "0"
        self._spool.change(started, state=state, code=code, ended_at=now, cancel_wanted=False)

    def _code(self, job: Job) -> str:
        done = _asked(["scontrol", "-o", "show", "job", job.rm_job])
        text = done.stdout if done is not None else ""
        code = text.partition(" ExitCode=")[2].partition(":")[0]
        return code if code.isdigit() else "0"

    def _end_all(self) -> None:
        with self._spool.changing():
            for job in self._spool.jobs():
                if job.rm_job and job.state not in ENDED:
                    _asked(["scancel", job.rm_job])
                    self._spool.change(job, state=State.REMOVED, code="0", ended_at=time.time())


def _asked(words: list[str], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str] | None:
    """What one of Slurm's commands prints; None when it does not end."""
    try:
        return subprocess.run(
            words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_COMMAND_S, env=env, check=False
        )
    except subprocess.TimeoutExpired:
        return None
