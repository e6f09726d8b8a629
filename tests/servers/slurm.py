"""A private Slurm: munge, accounting, a controller and several virtual nodes, on ports and in a directory of its own.

Each daemon lives in a process namespace of its own, under the host name that Slurm knows it by; with the daemon everything ends
that it started, as when a node loses power. Nothing of the machine is touched.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import found, require
from tests.servers.mariadb import PASSWORD, USER, PrivateMariadb
from tests.servers.ports import free_port
from tests.servers.processes import tell

START_S = 120.0
COMMAND_S = 90.0
CONTROLLER = "mu-fe1"

_CONFIG = """\
ClusterName=rpc
SlurmctldHost={controller}(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={directory}/munge.socket
StateSaveLocation={directory}/state
SlurmdSpoolDir={directory}/spool.%n
SlurmctldPidFile={directory}/slurmctld.pid
SlurmdPidFile={directory}/slurmd.%n.pid
SlurmctldLogFile={directory}/slurmctld.log
SlurmdLogFile={directory}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
MailProg=/bin/true
LaunchParameters=disable_send_gids
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=bf_interval=1,sched_interval=1,batch_sched_delay=0
ReturnToService=1
KillWait=2
SlurmdTimeout=30
SlurmctldTimeout=30
MessageTimeout=10
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={dbd_port}
AccountingStoragePass={directory}/munge.socket
{nodes}
PartitionName=standard Nodes=ALL Default=YES OverSubscribe=EXCLUSIVE MaxTime=INFINITE State=UP
"""
_DBD_CONFIG = """\
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={dbd_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={directory}/munge.socket
LogFile={directory}/slurmdbd.log
PidFile={directory}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={port}
StorageUser={user}
StoragePass={password}
StorageLoc={database}
"""


class PrivateSlurm:
    """One cluster; use as a context manager, so that it ends whatever happens."""

    def __init__(self, accounts: PrivateMariadb, *, nodes: int = 3, cpus: int = 2) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="rpc-slurm-"))
        self.node_names = tuple(f"mu{number:03d}" for number in range(1, nodes + 1))
        self._accounts = accounts
        self._cpus = cpus
        self._dbd_port = free_port()
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environ(self) -> dict[str, str]:
        """What Slurm's commands need to find this cluster."""
        return {"SLURM_CONF": str(self.directory / "slurm.conf")}

    def __enter__(self) -> Self:
        try:
            self._write_files()
            self._start_accounting()
            self.start_controller()
            for name in self.node_names:
                self.start_node(name)
            self._wait("every node is idle", self._is_idle)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in reversed(list(self._daemons)):
            self._kill(name)
        shutil.rmtree(self.directory, ignore_errors=True)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One of Slurm's commands, however it ends."""
        return subprocess.run(
            words,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **self.environ},
            cwd=self.directory,
            timeout=COMMAND_S,
            check=False,
        )

    def told(self, *words: str) -> str:
        """What a command that succeeds prints."""
        done = self.run(*words)
        assert done.returncode == 0, f"{' '.join(words)}: exit {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def end_wall_time(self, job: str) -> None:
        """A job's time is up now; Slurm refuses that within the second in which the job began."""
        words = ("scontrol", "update", f"jobid={job}", "endtime=now")
        self._wait(f"{' '.join(words)} is taken", lambda: self.run(*words).returncode == 0)

    def start_controller(self) -> None:
        """Start slurmctld; it takes up what it had saved."""
        self._launch("slurmctld", CONTROLLER, "slurmctld", "-D", "-f", self.environ["SLURM_CONF"])
        self._wait("slurmctld answers", lambda: self.run("scontrol", "ping").returncode == 0)

    def stop_controller(self) -> None:
        """End slurmctld in order, its state saved; the nodes go on with what they run."""
        self._kill("slurmctld", signal.SIGTERM)

    def start_node(self, name: str) -> None:
        """Start a node's daemon."""
        self._launch(name, name, "slurmd", "-D", "-N", name, "-f", self.environ["SLURM_CONF"])

    def is_running(self, name: str) -> bool:
        """Whether a daemon of this name was started and not stopped."""
        return name in self._daemons

    def stop_node(self, name: str) -> None:
        """Take a node's power: all that it runs is gone at once."""
        self._kill(name)

    def wait_until_idle(self) -> None:
        """Return when no job is left and every node is free, as whoever comes next expects it."""
        self._wait("no job is left, every node is idle", lambda: not self.told("squeue", "-h") and self._is_idle())

    def _is_idle(self) -> bool:
        return self.run("sinfo", "-h", "-o", "%T").stdout.split() == ["idle"]

    def _start_accounting(self) -> None:
        munge = [f"--{name}={self.directory}/munge.{name}" for name in ("socket", "key-file", "log-file", "pid-file")]
        self._launch("munged", CONTROLLER, "munged", "--foreground", f"--seed-file={self.directory}/munge.seed", *munge)
        self._wait("munged serves", (self.directory / "munge.socket").exists)
        self._launch("slurmdbd", CONTROLLER, "slurmdbd", "-D")
        self._wait("slurmdbd answers", lambda: self.run("sacctmgr", "-i", "add", "cluster", "rpc").returncode == 0)

    def _launch(self, name: str, host: str, program: str, *words: str) -> None:
        path = found.program(program)
        assert path is not None
        argv = ["unshare", "--uts", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"]
        command = f'hostname {host} && exec "$@"'
        with (self.directory / f"{name}.out").open("ab") as out:
            self._daemons[name] = subprocess.Popen(
                [*argv, "sh", "-c", command, name, path, *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **self.environ},
                start_new_session=True,
            )

    def _kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        daemon = self._daemons.pop(name)
        # the namespace ends with its first process, and unshare, which waits for that one, after it
        with suppress(OSError):
            for child in Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split():
                tell(int(child), number)
        try:
            daemon.wait(60)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def _wait(self, what: str, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_S
        while not is_so():
            ended = [name for name, daemon in self._daemons.items() if daemon.poll() is not None]
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"not within {START_S:.0f} s: {what}; ended {ended}: {self._last_words()}")
            time.sleep(0.05)

    def _last_words(self) -> str:
        logs = sorted([*self.directory.glob("*.out"), *self.directory.glob("*.log")])
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-600:]}" for log in logs)

    def _write_files(self) -> None:
        self.directory.chmod(0o755)
        (self.directory / "state").mkdir()
        for name in self.node_names:
            (self.directory / f"spool.{name}").mkdir()
        key = self.directory / "munge.key-file"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        lines = [
            f"NodeName={name} NodeAddr=127.0.0.1 Port={free_port()} CPUs={self._cpus} State=UNKNOWN"
            for name in self.node_names
        ]
        told = {"directory": self.directory, "controller": CONTROLLER, "dbd_port": self._dbd_port}
        (self.directory / "slurm.conf").write_text(
            _CONFIG.format(ctld_port=free_port(), nodes="\n".join(lines), **told)
        )
        (self.directory / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        database = "slurm_acct"
        self._accounts.create_database(database)
        dbd = self.directory / "slurmdbd.conf"
        dbd.touch(mode=0o600)
        dbd.write_text(
            _DBD_CONFIG.format(port=self._accounts.port, user=USER, password=PASSWORD, database=database, **told)
        )


def require_slurm() -> None:
    """Skip, or fail where servers are required, when Slurm, its accounting or the namespaces that it needs are not to be had."""
    is_there = (
        found.slurm() is not None and found.program("slurmdbd") is not None and found.program("sbatch") is not None
    )
    require("slurm", is_there and os.geteuid() == 0, "slurm-wlm, slurmdbd, munge and root are needed")
    spaces = ["unshare", "--uts", "--mount", "--pid", "--fork", "--mount-proc", "true"]
    may = subprocess.run(spaces, capture_output=True, check=False).returncode == 0
    require("slurm", may, "this host does not permit namespaces of its own (unshare --uts --mount --pid)")
