"""The ``.cmd`` text: the batch script of one run; its header is the scheduler's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from shlex import quote

from rpconsole.domain.fault import BadConfiguration


@dataclass(frozen=True, kw_only=True, slots=True)
class Directives:
    """What a site may want of a job besides nodes and hours; None = the site's own default."""

    account: str | None = None
    queue: str | None = None
    qos: str | None = None
    features: tuple[str, ...] = ()
    #: further words for the submit program
    submit_options: tuple[str, ...] = ()

    def charges_nobody(self) -> bool:
        """Whether no word of ours says which account a job is charged to."""
        return not self.account and not any(word.startswith(("-A", "--account")) for word in self.submit_options)


NO_DIRECTIVES = Directives()

#: one name per line of every node that the job got; over Slurm, which also stands behind Moab where this is used
SLURM_HOSTS = "srun -n $SLURM_JOB_NUM_NODES -m cyclic -l /bin/hostname | sort -n | awk '{print $2}'"
SLURM_HOSTS_FILE = "hosts.$SLURM_JOB_ID"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobScript:
    """Everything that the script of one run says."""

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


def job_script(script: JobScript, header: Iterable[str]) -> str:
    """The text of a run's ``.cmd``; ``header`` = the lines in which the scheduler is told what to give."""
    return "".join(f"{line}\n" for line in (f"#!{plain_word(script.shell)}", *header, *_body(script)))


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


def plain_word(word: str) -> str:
    """A word of a header line: nothing there is quoted, and a line end would begin a command."""
    if not word or _STRANGE.search(word):
        raise BadConfiguration(f"{word!r} cannot stand in the header of a batch script: one plain word is needed there")
    return word
