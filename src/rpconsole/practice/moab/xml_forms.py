"""Moab's XML: no declaration, attributes in the order of the alphabet."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rpconsole.practice.moab.spool import ACTIVE, ENDED, Job
from rpconsole.practice.paths import SiteSettings


def element(name: str, attributes: Mapping[str, str], content: str = "") -> str:
    shown = "".join(f' {key}="{_escaped(value)}"' for key, value in sorted(attributes.items()))
    return f"<{name}{shown}>{content}</{name}>" if content else f"<{name}{shown}/>"


def data(content: str) -> str:
    return f"<Data>{content}</Data>\n"


def job_row(job: Job, extra: Mapping[str, str] | None = None, content: str = "") -> str:
    """One ``<job>``; what is not known yet is left out, but StartTime is 0."""
    attributes = {
        "Account": job.account,
        "Class": job.queue,
        "DRMJID": job.job,
        "GJID": job.job,
        "Group": job.group,
        "JobID": job.job,
        "JobName": job.name,
        "ReqAWDuration": str(job.walltime_s),
        "ReqNodes": str(job.nodes),
        "ReqProcs": str(job.procs),
        "StartPriority": "1",
        "StartTime": str(int(job.started_at)),
        "State": job.state,
        "SubmissionTime": str(int(job.submitted_at)),
        "SuspendDuration": "0",
        "User": job.user,
        "BlockReason": job.message,
        **_life(job),
        **(extra or {}),
    }
    return element("job", {key: value for key, value in attributes.items() if value}, content)


def _life(job: Job) -> dict[str, str]:
    if job.state in ENDED:
        spent = int(job.ended_at - job.started_at) if job.started_at else 0
        life = {"CompletionCode": job.code, "CompletionTime": str(int(job.ended_at))}
    elif job.state in ACTIVE:
        spent, life = int(time.time() - job.started_at), {}
    else:
        return {"EEDuration": str(int(time.time() - job.submitted_at))}
    if spent > 0:
        life["AWDuration"] = str(spent)
    if job.node_names:
        life |= {"MasterHost": job.node_names[0], "PAL": "practice"}
    return life


def cluster(active: list[Job], settings: SiteSettings) -> str:
    """The counts of the site; ``time`` is the scheduler's clock."""
    nodes, procs = sum(job.nodes for job in active), sum(job.procs for job in active)
    local = {
        "ActiveNodes": nodes,
        "AllocProcs": procs,
        "ConfigNodes": settings.nodes,
        "IdleNodes": settings.nodes - nodes,
        "IdleProcs": settings.nodes * settings.slots - procs,
        "UpNodes": settings.nodes,
        "UpProcs": settings.nodes * settings.slots,
    }
    counts = {f"Local{name}": str(count) for name, count in local.items()}
    return element("cluster", {**counts, **{f"Remote{name}": "0" for name in local}, "time": str(int(time.time()))})


def _escaped(text: str) -> str:
    plain = "".join(ch for ch in text if ch >= " ")
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
