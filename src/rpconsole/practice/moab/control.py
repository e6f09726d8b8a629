"""``mjobctl`` and ``canceljob``: cancel, hold and release."""

from __future__ import annotations

import getopt
import sys
import time
from collections.abc import Callable

from rpconsole.practice.moab.client import Site, matching, refuse, time_out
from rpconsole.practice.moab.spool import ACTIVE, ENDED, HELD, Job, State
from rpconsole.practice.moab.xml_forms import data, element, job_row

Act = Callable[[Site, Job], str]


def main_canceljob(arguments: list[str]) -> int:
    site, failed = Site(), 0
    match site.faults.take("canceljob"):
        case "timeout":
            return time_out()
        case "refuse":
            return refuse(f"cannot cancel job '{arguments[-1] if arguments else ''}' (not authorized)")
    for expression in arguments or [""]:
        failed |= _each(site, expression, _cancel)
    return failed


def main_mjobctl(arguments: list[str]) -> int:
    site = Site()
    try:
        options, rest = getopt.gnu_getopt(arguments, "c:h:u:q:", ["xml", "format=", "flags="])
    except getopt.GetoptError as error:
        return refuse(str(error))
    chosen = next(((name, value) for name, value in options if not name.startswith("--")), None)
    if chosen is None:
        return refuse("no action specified")
    name, value = chosen
    if name == "-q":
        return _diag(site, rest[0] if rest else "ALL", finished="--flags" in dict(options))
    if name == "-c":
        return _all(site, [*value.split(","), *rest], _cancel)
    return _all(site, rest, _hold if name == "-h" else _release)


def _all(site: Site, expressions: list[str], act: Act) -> int:
    failed = 0
    for expression in expressions:
        failed |= _each(site, expression, act)
    return failed


def _each(site: Site, expression: str, act: Act) -> int:
    with site.spool.changing():
        jobs = matching(site.spool, expression)
        if not jobs:
            return refuse(f"invalid job specified ({expression})")
        said = [act(site, job) for job in jobs]
    site.spool.ring()
    for sentence in said:
        if sentence.startswith("cannot"):
            return refuse(sentence)
        sys.stdout.write(f"\n\n{sentence}\n\n" if len(said) == 1 else f"{sentence}\n")
    return 0


def _cancel(site: Site, job: Job) -> str:
    if job.state in ENDED:
        return f"cannot cancel job '{job.job}' (job has already completed)"
    if job.state in ACTIVE:
        site.spool.change(job, state=State.CANCELING, cancel_wanted=True)
    else:
        site.spool.change(job, state=State.REMOVED, code="CNCLD", ended_at=time.time())
    return f"job '{job.job}' cancelled"


def _hold(site: Site, job: Job) -> str:
    if job.state is not State.IDLE:
        return f"cannot hold job '{job.job}' (job is {job.state})"
    site.spool.change(job, state=State.USER_HOLD)
    return f"holds modified for job {job.job}"


def _release(site: Site, job: Job) -> str:
    if job.state in HELD:
        site.spool.change(job, state=State.IDLE)
    return f"holds modified for job {job.job}"


def _diag(site: Site, wanted: str, *, finished: bool) -> int:
    """The richest listing; a held job stays Idle here and says ``Hold`` in an attribute of its own."""
    jobs = [job for job in site.spool.jobs() if wanted in ("ALL", job.job) and (finished or job.state not in ENDED)]
    if not jobs and wanted != "ALL":
        return refuse(f"invalid job specified ({wanted})")
    sys.stdout.write("\n" + data("".join(_diag_row(job) for job in jobs)))
    return 0


def _diag_row(job: Job) -> str:
    state = "Idle" if job.state in HELD else str(job.state)
    hold = {State.BATCH_HOLD: "Batch", State.USER_HOLD: "User"}.get(job.state, "")
    required = {"AllocNodeList": ",".join(job.node_names), "NCReqMin": str(job.nodes), "TCReqMin": str(job.procs)}
    request = element("req", {key: value for key, value in required.items() if value})
    return job_row(job, {"State": state, "EState": state, "Hold": hold, "IWD": job.cwd, "OFile": job.out}, request)
