"""The nodes of a job, the cores of this one, and the command that starts a worker on another."""

import os
import re
import shlex
import shutil
import socket
import subprocess
from typing import Dict, List, Optional

from .faults import Fault

_SCONTROL_S = 60


def node_names(hosts_file: str, environ: Dict[str, str]) -> List[str]:
    """From the hosts file if it names any, else from the scheduler, else this host; each once, in order."""
    found = _names_in(hosts_file)
    if not found and environ.get("SLURM_JOB_NODELIST"):
        found = _expanded(environ["SLURM_JOB_NODELIST"])
    if not found and environ.get("PBS_NODEFILE"):
        found = _names_in(environ["PBS_NODEFILE"])
    return found or [socket.gethostname()]


def _names_in(path: str) -> List[str]:
    """First word of each line; a missing or empty file names nobody."""
    try:
        with open(path, "rb") as stream:
            words = [line.split() for line in stream.read().decode("utf-8", "replace").splitlines()]
    except OSError:
        return []
    return _once([line[0] for line in words if line and not line[0].startswith("#")])


def _expanded(nodelist: str) -> List[str]:
    try:
        answer = subprocess.run(
            ["scontrol", "show", "hostnames", nodelist],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=_SCONTROL_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Fault("cannot expand the node list {}: {}".format(nodelist, error)) from None
    return _once(answer.stdout.decode("utf-8", "replace").split())


def _once(names: List[str]) -> List[str]:
    return list(dict.fromkeys(names))


def is_this_host(node: str) -> bool:
    short = node.split(".")[0]
    return node in ("localhost", "127.0.0.1") or short == socket.gethostname().split(".")[0]


def worker_command(node: str, argv: List[str], way: str, cpus: Optional[int]) -> List[str]:
    """way: local, srun or ssh.

    srun binds a single task to a single core unless told otherwise: it asks for all cores of the node here, and the caller
    sets SLURM_CPU_BIND=none (the option is spelt with a hyphen or an underscore, depending on the version). It also holds back
    what follows the last newline, and a frame does not end with one: hence unbuffered.
    """
    if way == "local":
        return argv
    if way == "srun":
        width = [] if cpus is None else ["-c", str(cpus)]
        return ["srun", "-u", "-N1", "-n1"] + width + ["-w", node] + argv
    if way == "ssh":
        command = "exec " + " ".join(shlex.quote(word) for word in argv)
        return ["ssh", "-T", "-o", "BatchMode=yes", node, command]
    raise Fault("no way to start a worker is called {!r}; there are auto, local, srun, ssh".format(way))


def way_to(node: str, count: int, asked: str, environ: Dict[str, str]) -> str:
    """A child of our own where we are, srun inside a Slurm job (outside of one it would ask for a new allocation), else ssh."""
    if asked != "auto":
        return asked
    if count == 1 or is_this_host(node):
        return "local"
    inside = bool(environ.get("SLURM_JOB_ID") or environ.get("SLURM_JOBID"))
    return "srun" if inside and shutil.which("srun") else "ssh"


def cpus_of(names: List[str], environ: Dict[str, str]) -> Dict[str, int]:
    """SLURM_JOB_CPUS_PER_NODE, ``24(x2),12``, in the order of the node list; empty where it says nothing useful."""
    widths: List[int] = []
    for count, times in re.findall(r"(\d+)(?:\(x(\d+)\))?", environ.get("SLURM_JOB_CPUS_PER_NODE", "")):
        widths += [int(count)] * int(times or 1)
    if len(set(widths)) == 1:
        return dict.fromkeys(names, widths[0])
    return dict(zip(names, widths)) if len(widths) == len(names) else {}  # noqa: B905 (strict= is of 3.10)


def slots_for(cores: int, cores_per_task: int, asked: int) -> int:
    return asked if asked > 0 else max(1, cores // max(1, cores_per_task))


def cores_here() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count() or 1
