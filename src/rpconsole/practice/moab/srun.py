"""``srun`` inside a job: a command as many times as asked, each copy believing to be on its node."""

from __future__ import annotations

import getopt
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from rpconsole.practice.moab.multi_prog import Refused, commands_of
from rpconsole.practice.moab.node_list import expanded

_LETTERS = "+A:c:D:e:i:J:klm:N:n:Oo:p:Q:t:vw:x:"
_LONG = (
    *(
        "nodes=",
        "ntasks=",
        "ntasks-per-node=",
        "cpus-per-task=",
        "nodelist=",
        "distribution=",
        "label",
        "unbuffered",
        "quiet",
    ),
    *(
        "multi-prog",
        "overcommit",
        "no-kill",
        "exclusive",
        "overlap",
        "exact",
        "kill-on-bad-exit",
        "chdir=",
        "job-name=",
        "mem=",
        "mem-per-cpu=",
    ),
    *("cpu-bind=", "cpu_bind=", "output=", "error=", "input=", "time=", "export=", "partition=", "account=", "mpi="),
)
_LONG_OF_LETTER = {
    "-N": "--nodes",
    "-n": "--ntasks",
    "-w": "--nodelist",
    "-l": "--label",
    "-m": "--distribution",
    "-D": "--chdir",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One copy: its rank and where it is."""

    rank: int
    node: str
    argv: tuple[str, ...]


def main(arguments: list[str]) -> int:
    try:
        options, command, kills = _read(arguments)
        tasks = _tasks(options, command)
    except (getopt.GetoptError, ValueError, Refused) as error:
        sys.stderr.write(f"srun: error: {error}\n")
        return 1
    return _Step(tasks, label="--label" in options, kills=kills, cwd=options.get("--chdir")).run()


def _read(arguments: list[str]) -> tuple[dict[str, str], list[str], bool]:
    # -K takes an optional value, which getopt does not know
    bad_exit = {"-K", "-K1", "--kill-on-bad-exit", "--kill-on-bad-exit=1"}
    plain = [word for word in arguments if word not in bad_exit | {"-K0", "--kill-on-bad-exit=0", "-u"}]
    found, command = getopt.getopt(plain, _LETTERS.lstrip("+"), list(_LONG))
    if not command:
        raise Refused("No command given to execute.")
    options = {_LONG_OF_LETTER.get(name, name): value for name, value in found}
    return options, command, bool(bad_exit.intersection(arguments))


def _tasks(options: dict[str, str], command: Sequence[str]) -> list[Task]:
    allocated = expanded(os.environ.get("SLURM_JOB_NODELIST", ""))
    if not allocated:
        raise Refused("Unable to allocate resources: this practice site runs srun inside jobs only")
    nodes = expanded(options["--nodelist"]) if "--nodelist" in options else allocated
    if missing := set(nodes) - set(allocated):
        raise Refused(f"Unable to create step: node {min(missing)} is not in this job's allocation")
    if "--nodes" in options:
        wanted = int(options["--nodes"].split("-")[0])
        if wanted > len(nodes):
            raise Refused("Unable to create step for job: More nodes requested than available")
        nodes = nodes[:wanted]
    count = int(options.get("--ntasks") or int(options.get("--ntasks-per-node", "1")) * len(nodes))
    places = _places(nodes, count, cyclic=options.get("--distribution", "").startswith("cyclic"))
    argvs = commands_of(command[0], count) if "--multi-prog" in options else [_on_the_node(command)] * count
    return [Task(rank=rank, node=places[rank], argv=argvs[rank]) for rank in range(count)]


def _on_the_node(command: Sequence[str]) -> tuple[str, ...]:
    """All nodes are this machine, whose own hostname would name them all alike: the site's stand-in answers for each."""
    return ("hostname" if command[0] in ("/bin/hostname", "/usr/bin/hostname") else command[0], *command[1:])


def _places(nodes: Sequence[str], count: int, *, cyclic: bool) -> list[str]:
    if cyclic:
        return [nodes[rank % len(nodes)] for rank in range(count)]
    return [nodes[rank * len(nodes) // count] for rank in range(count)]


class _Step:
    """The copies of one srun; its exit code is the highest of theirs."""

    def __init__(self, tasks: Sequence[Task], *, label: bool, kills: bool, cwd: str | None) -> None:
        self._tasks = tasks
        self._label = label
        self._kills = kills
        self._cwd = cwd
        self._children: list[subprocess.Popen[bytes]] = []
        self._pumps: list[threading.Thread] = []
        self._writing = threading.Lock()

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, self._forward)
        for task in self._tasks:
            try:
                self._start(task)
            except OSError as error:
                sys.stderr.write(f"slurmstepd: error: execve(): {task.argv[0]}: {error.strerror}\n")
                self._forward(signal.SIGTERM, None)
                return 2
        if len(self._tasks) > 1:
            threading.Thread(target=self._spread, daemon=True).start()
        return self._ended()

    def _spread(self) -> None:
        """Our own input to every copy, until it ends."""
        streams = [child.stdin for child in self._children if child.stdin is not None]
        while data := os.read(0, 1 << 16):
            for stream in streams:
                with suppress(OSError):
                    stream.write(data)
                    stream.flush()
        for stream in streams:
            with suppress(OSError):
                stream.close()

    def _start(self, task: Task) -> None:
        environment = dict(os.environ)
        environment |= {
            "SLURMD_NODENAME": task.node,
            "SLURM_PROCID": str(task.rank),
            "SLURM_NTASKS": str(len(self._tasks)),
        }
        environment["SLURM_STEP_NUM_TASKS"] = str(len(self._tasks))
        child = subprocess.Popen(
            task.argv,
            cwd=self._cwd,
            env=environment,
            # with more than one, what we are given goes to all: each hears its end
            stdin=None if len(self._tasks) == 1 else subprocess.PIPE,
            stdout=subprocess.PIPE if self._label else None,
            stderr=subprocess.PIPE if self._label else None,
        )
        self._children.append(child)
        for source, target in ((child.stdout, sys.stdout), (child.stderr, sys.stderr)):
            if source is not None:
                pump = threading.Thread(target=self._pump, args=(task.rank, source, target.buffer))
                pump.start()
                self._pumps.append(pump)

    def _pump(self, rank: int, source: IO[bytes], target: IO[bytes]) -> None:
        for line in source:
            with self._writing:
                target.write(f"{rank}: ".encode() + line)
                target.flush()

    def _forward(self, number: int, _frame: object) -> None:
        for child in self._children:
            child.send_signal(number)

    def _ended(self) -> int:
        codes = []
        for task, child in zip(self._tasks, self._children, strict=True):
            code = child.wait()
            codes.append(128 - code if code < 0 else code)
            if code:
                said = f"Exited with exit code {code}" if code > 0 else signal.strsignal(-code)
                sys.stderr.write(f"srun: error: {task.node}: task {task.rank}: {said}\n")
            if code and self._kills:
                self._forward(signal.SIGTERM, None)
        for pump in self._pumps:
            pump.join()
        return max(codes)
