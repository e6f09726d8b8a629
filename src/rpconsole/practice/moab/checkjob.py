"""``checkjob``: one job at length."""

from __future__ import annotations

import sys
import time

from rpconsole.practice.moab.client import Site, refuse, staged_silence
from rpconsole.practice.moab.forms import span, stamp
from rpconsole.practice.moab.spool import ACTIVE, ENDED, HELD, Job, State


def main(arguments: list[str]) -> int:
    site = Site()
    if (silence := staged_silence(site, "checkjob")) is not None:
        return silence
    names = [word for word in arguments if not word.startswith("-")]
    if len(names) != 1:
        return refuse("a job must be specified")
    job = site.spool.job(names[0])
    if job is None:
        return refuse(f"invalid job specified: {names[0]}")
    sys.stdout.write(_text(job, verbose="-v" in arguments, script=str(site.spool.script(job.job))))
    return 0


def _text(job: Job, *, verbose: bool, script: str) -> str:
    now = time.time()
    queued_s = (job.started_at or job.ended_at or now) - job.submitted_at
    lines = [
        f"job {job.job}" + (f" (RM job '{job.rm_job or job.job}')" if verbose else ""),
        "",
        f"AName: {job.name}",
        _state(job),
        f"Creds:  user:{job.user}  group:{job.group}"
        + (f"  account:{job.account}" if job.account else "")
        + f"  class:{job.queue}",
        f"WallTime:   {span(_used_s(job, now))} of {span(job.walltime_s)}",
        f"SubmitTime: {stamp(job.submitted_at)}",
        f"  (Time Queued  Total: {span(queued_s)}  Eligible: {span(queued_s)})",
        "",
        *([f"StartTime: {stamp(job.started_at)}"] if job.started_at else []),
        "TemplateSets:  DEFAULT",
        f"Total Requested Tasks: {job.procs}",
        f"Total Requested Nodes: {job.nodes}",
        "",
        f"Req[0]  TaskCount: {job.procs}  Partition: {'practice' if job.node_names else 'ALL'}",
        *([f"NodeCount:  {job.nodes}"] if job.node_names else []),
        "",
        *_allocation(job),
        "",
        "SystemID:   Moab",
        f"SystemJID:  {job.job}",
        "",
        f"IWD:            {job.cwd}",
        f"SubmitDir:      {job.cwd}",
        f"Executable:     {script}",
        *([f"OutputFile:     {job.out}"] if verbose and job.out else []),
        "",
        *(["StartCount:     1", "Execution Partition:  practice"] if job.started_at else []),
        *_reasons(job),
        "Flags:          GLOBALQUEUE",
        "StartPriority:  1",
        *([f"NOTE:  {job.message}"] if job.message else []),
    ]
    return "\n" + "\n".join(lines) + "\n"


def _state(job: Job) -> str:
    if job.state not in ENDED:
        return f"State: {'Hold' if job.state in HELD else job.state} "
    # the text form shows the number alone, never CNCLD
    code = job.code if job.code.lstrip("-").isdigit() else "0"
    return f"State: {job.state} Completion Code: {code}  Time: {stamp(job.ended_at)}"


def _used_s(job: Job, now: float) -> float:
    if not job.started_at:
        return 0.0
    return (job.ended_at or now) - job.started_at


def _allocation(job: Job) -> list[str]:
    if not job.node_names or job.state not in ACTIVE | ENDED:
        return []
    rows = [job.node_names[at : at + 4] for at in range(0, len(job.node_names), 4)]
    return ["Allocated Nodes:", *("".join(f"[{name[:20]}:{job.ppn}]" for name in row) for row in rows), ""]


def _reasons(job: Job) -> list[str]:
    if job.state is State.BATCH_HOLD:
        return ["Holds:          Batch:RMFailure"]
    return ["Holds:          User"] if job.state is State.USER_HOLD else []
