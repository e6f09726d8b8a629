"""The ``.cmd`` text: the batch script of one run, for Moab or Slurm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from shlex import quote

from rpconsole.domain.fault import BadConfiguration


class Scheduler(StrEnum):
    """Who reads the script's header."""

    MOAB = "moab"
    SLURM = "slurm"


@dataclass(frozen=True, kw_only=True, slots=True)
class Directives:
    """What a site may want besides nodes and hours; None = the site's own default."""

    account: str | None = None
    queue: str | None = None
    qos: str | None = None
    features: tuple[str, ...] = ()


NO_DIRECTIVES = Directives()

#: one name per line of every node that the job got; over Slurm, which also stands behind Moab where this is used
SLURM_HOSTS = "srun -n $SLURM_JOB_NUM_NODES -m cyclic -l /bin/hostname | sort -n | awk '{print $2}'"
SLURM_HOSTS_FILE = "hosts.$SLURM_JOB_ID"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobScript:
    """Everything that the script of one run says."""

    scheduler: Scheduler
    nodes: int
    hours: int
    proc_per_node: int
    #: the job's output, ``<root>/stask_logs/<stage>.<remote_id>.out``
    log: str
    #: words of the runner's command, with its own options; list, hosts file and multiplier follow them
    runner: tuple[str, ...]
    #: the run's ``.config`` at the site
    config: str
    #: how many commands' worth of a node one command takes
    multiplier: int = 1
    shell: str = "/bin/tcsh"
    #: a shell text that prints the nodes; None where the runner finds them itself
    hosts_command: str | None = SLURM_HOSTS
    #: in the working directory; may hold the shell's variables
    hosts_file: str = SLURM_HOSTS_FILE
    directives: Directives = NO_DIRECTIVES


def log_path(root: str, stage: str, remote_id: int) -> str:
    """Where the old scripts, too, look for the job's output."""
    return f"{root.rstrip('/')}/stask_logs/{stage}.{remote_id}.out"


def job_script(script: JobScript) -> str:
    """The text of a run's ``.cmd``."""
    header = _moab_header(script) if script.scheduler is Scheduler.MOAB else _slurm_header(script)
    return "".join(f"{line}\n" for line in (f"#!{_plain(script.shell)}", *header, *_body(script)))


def _moab_header(script: JobScript) -> Iterator[str]:
    extra = script.directives
    yield f"#MSUB -l nodes={script.nodes}:ppn={script.proc_per_node},walltime={script.hours}:00:00"
    yield "#MSUB -j oe"
    yield "#MSUB -V"
    yield f"#MSUB -o {_plain(script.log)}"
    if extra.account:
        yield f"#MSUB -A {_plain(extra.account)}"
    if extra.queue:
        yield f"#MSUB -q {_plain(extra.queue)}"
    if extra.qos:
        yield f"#MSUB -l qos={_plain(extra.qos)}"
    if extra.features:
        yield f"#MSUB -l feature={':'.join(map(_plain, extra.features))}"


def _slurm_header(script: JobScript) -> Iterator[str]:
    extra = script.directives
    yield f"#SBATCH --time {script.hours}:00:00"
    yield f"#SBATCH --nodes {script.nodes}"
    yield "#SBATCH --open-mode=append"
    yield "#SBATCH --export=ALL"
    yield "#SBATCH --exclusive"
    yield f"#SBATCH -o {_plain(script.log)}"
    if extra.account:
        yield f"#SBATCH --account={_plain(extra.account)}"
    if extra.queue:
        yield f"#SBATCH --partition={_plain(extra.queue)}"
    if extra.qos:
        yield f"#SBATCH --qos={_plain(extra.qos)}"
    if extra.features:
        yield f"#SBATCH --constraint={'&'.join(map(_plain, extra.features))}"


def _body(script: JobScript) -> Iterator[str]:
    yield "date"
    runner = [*map(quote, script.runner), quote(script.config)]
    if script.hosts_command is not None:
        yield f"{script.hosts_command} > {script.hosts_file}"
        runner += [script.hosts_file, str(script.multiplier)]
    else:
        runner += ["-", str(script.multiplier)]
    yield " ".join(runner)
    yield "date"


_STRANGE = re.compile(r"[^!-~]|[;|&`$<>\"'\\]")


def _plain(word: str) -> str:
    """A word of a header line: nothing there is quoted, and a line end would begin a command."""
    if not word or _STRANGE.search(word):
        raise BadConfiguration(f"{word!r} cannot stand in the header of a batch script: one plain word is needed there")
    return word
