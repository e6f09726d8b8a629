"""The header of a batch script for Slurm."""

from __future__ import annotations

from collections.abc import Iterator

from rpconsole.commands.jobscript import JobScript, plain_word


def slurm_header(script: JobScript) -> Iterator[str]:
    """``#SBATCH`` lines: whole nodes, and a log that a restart goes on with."""
    extra = script.directives
    yield f"#SBATCH --time {script.hours}:00:00"
    yield f"#SBATCH --nodes {script.nodes}"
    yield "#SBATCH --open-mode=append"
    yield "#SBATCH --export=ALL"
    yield "#SBATCH --exclusive"
    # without it one dead node ends the whole job; the runner gives its tasks to the others
    yield "#SBATCH --no-kill"
    yield f"#SBATCH -o {plain_word(script.log)}"
    if extra.account:
        yield f"#SBATCH --account={plain_word(extra.account)}"
    if extra.queue:
        yield f"#SBATCH --partition={plain_word(extra.queue)}"
    if extra.qos:
        yield f"#SBATCH --qos={plain_word(extra.qos)}"
    if extra.features:
        yield f"#SBATCH --constraint={'&'.join(map(plain_word, extra.features))}"
