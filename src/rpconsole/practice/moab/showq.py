"""``showq``: the queue as text or XML."""

from __future__ import annotations

import getopt
import sys
import time

from rpconsole.practice.moab.client import Site, refuse, staged_silence
from rpconsole.practice.moab.forms import span, stamp
from rpconsole.practice.moab.spool import ACTIVE, ENDED, HELD, Job
from rpconsole.practice.moab.xml_forms import cluster, data, element, job_row
from rpconsole.practice.paths import SiteSettings


def main(arguments: list[str]) -> int:
    site = Site()
    if (silence := staged_silence(site, "showq")) is not None:
        return silence
    try:
        options, _ = getopt.gnu_getopt(arguments, "cirbvnu:w:p:", ["xml", "noblock", "blocking", "host=", "timeout="])
    except getopt.GetoptError as error:
        return refuse(str(error))
    jobs, settings = _wanted(site.spool.jobs(), options), site.settings
    queues = _queues(jobs, {name for name, _ in options})
    if ("--xml", "") in options:
        sys.stdout.write(_xml(site, queues, settings))
    else:
        sys.stdout.write(_text(queues, settings, site.faults.number("purge_s", settings.purge_s)))
    return 0


def _wanted(jobs: list[Job], options: list[tuple[str, str]]) -> list[Job]:
    for name, value in options:
        key, _, wanted = value.partition("=") if name == "-w" else ("user", "", value)
        if name in ("-u", "-w") and key == "user":
            jobs = [job for job in jobs if job.user == wanted]
        elif name == "-w" and key == "class":
            jobs = [job for job in jobs if job.queue == wanted]
    return jobs


def _queues(jobs: list[Job], options: set[str]) -> dict[str, list[Job]]:
    """The sections in their order; a job that can never start stands among the blocked."""
    if "-c" in options:
        return {"completed": [job for job in jobs if job.state in ENDED]}
    sections: dict[str, list[Job]] = {"active": [], "eligible": [], "blocked": []}
    for job in jobs:
        if job.state in ACTIVE:
            sections["active"].append(job)
        elif job.state in HELD or (job.state not in ENDED and job.message):
            sections["blocked"].append(job)
        elif job.state not in ENDED:
            sections["eligible"].append(job)
    picked = {"-r": "active", "-i": "eligible", "-b": "blocked"}
    chosen = {section for option, section in picked.items() if option in options}
    return {name: jobs for name, jobs in sections.items() if not chosen or name in chosen}


def _xml(site: Site, queues: dict[str, list[Job]], settings: SiteSettings) -> str:
    parts = ["<Object>queue</Object>", cluster(queues.get("active", []), settings)]
    for option, jobs in queues.items():
        shown = {"count": str(len(jobs)), "option": option}
        if option == "completed":
            shown["purgetime"] = str(int(site.faults.number("purge_s", settings.purge_s)))
        parts.append(element("queue", shown, "".join(job_row(job) for job in jobs)))
    return data("".join(parts))


def _text(queues: dict[str, list[Job]], settings: SiteSettings, purge_s: float) -> str:
    lines: list[str] = []
    for option, jobs in queues.items():
        title = f"{option} jobs"
        lines += ["", title.ljust(35, "-")]
        lines += _completed(jobs, purge_s) if option == "completed" else _section(option, jobs)
        if option == "active":
            lines += _usage(jobs, settings)
    total = sum(len(jobs) for jobs in queues.values())
    return "\n".join([*lines, "", f"Total job{'' if total == 1 else 's'}:  {total}", ""]) + "\n"


def _section(option: str, jobs: list[Job]) -> list[str]:
    last = ("REMAINING", "STARTTIME") if option == "active" else ("WCLIMIT", "QUEUETIME")
    lines = [f"{'JOBID':<19}{'USERNAME':>8}{'STATE':>11}{'PROCS':>6}{last[0]:>12}{last[1]:>21}", ""]
    lines += [_row(job, active=option == "active") for job in jobs]
    if option == "active":
        return [*lines, ""]
    return [*lines, "", _count(option, jobs)]


def _row(job: Job, *, active: bool) -> str:
    left_s = job.started_at + job.walltime_s - time.time() if active else job.walltime_s
    when = stamp(job.started_at if active else job.submitted_at)
    return f"{job.job:<18} {job.user:>8}{job.state:>11}{job.procs:>6}{span(left_s):>12}{when:>21}"


def _count(option: str, jobs: list[Job]) -> str:
    return f"{len(jobs)} {option} job{'' if len(jobs) == 1 else 's'}"


def _usage(jobs: list[Job], settings: SiteSettings) -> list[str]:
    procs, nodes = sum(job.procs for job in jobs), sum(job.nodes for job in jobs)
    slots = settings.nodes * settings.slots
    used = f"{procs} of {slots} processors in use by local jobs ({100 * procs / slots:.2f}%)"
    return [
        f"{_count('active', jobs):<25} {used}",
        f"{nodes:>27} of {settings.nodes} nodes active      ({100 * nodes / settings.nodes:.2f}%)",
    ]


def _completed(jobs: list[Job], purge_s: float) -> list[str]:
    head = (
        f"{'JOBID':<20}S {'CCODE':<11} PAR  EFFIC  XFACTOR  Q  {'USERNAME':<8}    {'GROUP':<8} {'MHOST':>12} PROCS"
        "    WALLTIME        COMPLETIONTIME"
    )
    lines = [head, ""]
    for job in jobs:
        host, spent = (
            (job.node_names[0] if job.node_names else "-"),
            job.ended_at - job.started_at if job.started_at else 0,
        )
        lines.append(
            f"{job.job:<20}{job.state[0]} {job.code:<11} {'pra' if job.node_names else '-':>3} ------      1.0  - "
            f"{job.user:>9}{job.group:>9}{host:>17}{job.procs:>6}{span(spent):>12}   {stamp(job.ended_at)}"
        )
    return [*lines, "", f"{_count('completed', jobs)}   (purgetime: {span(purge_s)})"]
