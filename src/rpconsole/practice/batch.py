"""What a batch job finds when it starts: its command, environment and output files."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import IO

from rpconsole.practice.moab.node_list import compressed
from rpconsole.practice.moab.spool import Job
from rpconsole.practice.paths import JOB_VARIABLE, SitePaths


def job_command(script: Path) -> list[str]:
    """The script by the interpreter of its first line; /bin/sh where this machine has no such interpreter (often tcsh)."""
    with script.open(encoding="utf-8", errors="surrogateescape") as stream:
        first = stream.readline()
    words = shlex.split(first[2:]) if first.startswith("#!") else []
    known = bool(words) and shutil.which(words[0]) is not None
    return [*(words if known else ["/bin/sh"]), str(script)]


def job_environment(paths: SitePaths, job: Job, script: Path) -> dict[str, str]:
    """The submitter's environment where it was exported, and what Slurm adds."""
    own = paths.environment(job.user)
    nodelist, count, width = compressed(job.node_names), len(job.node_names), f"{job.ppn}(x{job.nodes})"
    slurm = {
        "SLURM_JOB_ID": job.job,
        "SLURM_JOBID": job.job,
        "SLURM_JOB_NAME": job.name,
        "SLURM_JOB_USER": job.user,
        "SLURM_JOB_NODELIST": nodelist,
        "SLURM_NODELIST": nodelist,
        "SLURM_JOB_NUM_NODES": str(count),
        "SLURM_NNODES": str(count),
        "SLURM_JOB_CPUS_PER_NODE": width if job.nodes > 1 else str(job.ppn),
        "SLURM_TASKS_PER_NODE": width if job.nodes > 1 else str(job.ppn),
        "SLURM_NTASKS": str(job.procs),
        "SLURM_SUBMIT_DIR": job.cwd,
        "SLURMD_NODENAME": job.node_names[0],
        "SLURM_JOB_SCRIPT": str(script),
    }
    return {
        **own,
        **job.environment,
        **slurm,
        **{key: own[key] for key in own if key.startswith("RPPRACTICE_")},
        JOB_VARIABLE: job.job,
    }


def open_outputs(job: Job) -> tuple[IO[bytes], IO[bytes]]:
    """Standard output and error; ``%j`` is the id, ``%x`` the name. A missing folder is an error, as at a real site."""
    out_path = _named(job.out, job) or os.path.join(job.cwd, f"{job.name}.o{job.job}")
    out = open(out_path, "wb")  # noqa: SIM115 (the caller closes both)
    if not job.err:
        return out, os.fdopen(os.dup(out.fileno()), "wb")
    separate = job.err if job.err != "separate" else os.path.join(job.cwd, f"{job.name}.e{job.job}")
    try:
        return out, open(_named(separate, job), "wb")
    except OSError:
        out.close()
        raise


def _named(path: str, job: Job) -> str:
    return path.replace("%j", job.job).replace("%x", job.name)
