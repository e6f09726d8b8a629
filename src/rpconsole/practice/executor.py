"""The practice site's nodes: one process that starts jobs in the order of submission, and ends them at their wall time.

``python -m rpconsole.practice.executor --dir D``. A job has whole nodes for itself. On SIGTERM every job's processes end first.
Where the settings say so, a real Slurm runs them instead (``over_slurm``).
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rpconsole.practice.batch import job_command, job_environment, open_outputs
from rpconsole.practice.moab.spool import ACTIVE, Job, State
from rpconsole.practice.over_slurm import OverSlurm
from rpconsole.practice.paths import SitePaths, read_settings
from rpconsole.practice.processes import marked, send
from rpconsole.practice.spool_loop import SpoolLoop

_LONGEST_NAP_S = 1.0
_ENDING_NAP_S = 0.05


@dataclass
class Running:
    """One started job and, once it is to end, why and until when it is asked politely."""

    job: Job
    child: subprocess.Popen[bytes]
    #: the state and code that it will be remembered by; empty while nothing ends it
    verdict: tuple[State, str] | None = None
    kill_at: float = 0.0


class Executor(SpoolLoop):
    """Nodes that are all this machine: reap, end, forget, start."""

    def __init__(self, paths: SitePaths, *, tied: bool) -> None:
        super().__init__(paths, tied=tied)
        self._running: dict[str, Running] = {}
        self._free = list(self._settings.node_names)

    def _clear_up(self) -> None:
        """Jobs that an earlier executor left behind: as after the failure of their nodes."""
        with self._spool.changing():
            for job in self._spool.jobs():
                if job.state in ACTIVE:
                    send(marked(self._paths.root, job.job), signal.SIGKILL)
                    self._spool.change(job, state=State.REMOVED, code="0", ended_at=time.time(), message="node failure")

    def _turn(self, jobs: list[Job]) -> None:
        self._obey(jobs)
        self._reap()
        self._forget(jobs)
        self._start([job for job in jobs if job.state is State.IDLE])

    def _obey(self, jobs: list[Job]) -> None:
        """Cancels asked for by clients, and wall times that are over."""
        now = time.time()
        cancelled = {job.job for job in jobs if job.cancel_wanted}
        for job in jobs:
            if job.job in self._running:
                # its wall time may have been changed since
                self._running[job.job].job = job
        for number, running in self._running.items():
            if running.verdict is None and number in cancelled:
                self._end(running, (State.REMOVED, "CNCLD"))
            elif running.verdict is None and now > running.job.started_at + running.job.walltime_s:
                self._end(running, (State.REMOVED, "0"))
            elif running.verdict is not None and now > running.kill_at:
                send(marked(self._paths.root, number), signal.SIGKILL)

    def _end(self, running: Running, verdict: tuple[State, str]) -> None:
        running.verdict, running.kill_at = verdict, time.time() + self._settings.kill_wait_s
        send(marked(self._paths.root, running.job.job), signal.SIGTERM)

    def _reap(self) -> None:
        for number, running in list(self._running.items()):
            if running.child.poll() is None:
                continue
            if running.verdict is not None and marked(self._paths.root, number):
                continue  # what it started is still making a clean end
            send(marked(self._paths.root, number), signal.SIGKILL)
            # over Slurm, Moab learns the exit status alone: a script killed by a signal arrives as completed with code 0
            state, code = running.verdict or (State.COMPLETED, str(max(0, running.child.returncode)))
            current = self._spool.job(number) or running.job
            self._spool.change(current, state=state, code=code, ended_at=time.time(), pid=0, cancel_wanted=False)
            self._free = sorted([*self._free, *running.job.node_names])
            del self._running[number]

    def _start(self, waiting: list[Job]) -> None:
        """First come, first served: a job that must wait for nodes lets nobody past."""
        possible = [job for job in waiting if self._fits(job)]
        for job in possible:
            if job.nodes > len(self._free):
                return
            self._launch(job)

    def _fits(self, job: Job) -> bool:
        """Whether the site could ever run it; one that it cannot run is blocked, as Slurm leaves it pending."""
        if job.nodes <= self._settings.nodes and job.ppn <= self._settings.slots:
            return True
        if not job.message:
            has = f"{self._settings.nodes} nodes of {self._settings.slots} procs"
            self._spool.change(job, message=f"job cannot run in partition practice (it has {has})")
        return False

    def _launch(self, job: Job) -> None:
        names, self._free = tuple(self._free[: job.nodes]), self._free[job.nodes :]
        started = self._spool.change(job, state=State.RUNNING, node_names=names, started_at=time.time())
        environment = job_environment(self._paths, started, self._spool.script(job.job))
        cwd = job.cwd if os.path.isdir(job.cwd) else str(self._paths.home)
        try:
            out, err = open_outputs(started)
            with out, err:
                child = subprocess.Popen(
                    job_command(self._spool.script(job.job)),
                    cwd=cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
        except OSError as error:
            self._free = sorted([*self._free, *names])
            self._spool.change(started, state=State.COMPLETED, code="1", ended_at=time.time(), message=str(error))
            return
        self._running[job.job] = Running(self._spool.change(started, pid=child.pid), child)

    def _nap_s(self) -> float:
        if any(running.verdict is not None for running in self._running.values()):
            return _ENDING_NAP_S
        ends = [running.job.started_at + running.job.walltime_s - time.time() for running in self._running.values()]
        return max(0.01, min([_LONGEST_NAP_S, *ends]))

    def _end_all(self) -> None:
        with self._spool.changing():
            for running in self._running.values():
                self._end(running, (State.REMOVED, "0"))
            patience = time.time() + self._settings.kill_wait_s
            while self._running:
                self._reap()
                for number in self._running if time.time() > patience else ():
                    send(marked(self._paths.root, number), signal.SIGKILL)
                time.sleep(_ENDING_NAP_S)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="rpconsole.practice.executor")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--tied", action="store_true", help="end when standard input ends")
    chosen = parser.parse_args(arguments)
    paths = SitePaths(chosen.dir.resolve())
    executor = OverSlurm if read_settings(paths).is_over_slurm else Executor
    executor(paths, tied=chosen.tied).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
