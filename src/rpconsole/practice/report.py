"""What stands at a practice site, for whoever asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from rpconsole.practice import launching
from rpconsole.practice.site import PracticeSite


def report(site: PracticeSite) -> dict[str, Any]:
    """Processes, ports, jobs, answers given at logins, and staged faults."""
    settings, processes = site.settings, launching.running(site.paths)
    return {
        "version": 1,
        "directory": str(site.paths.root),
        "up": len(processes) == len(launching.MODULES),
        "processes": processes,
        "ports": settings.ports,
        "users": list(settings.users),
        "nodes": settings.nodes,
        "slots": settings.slots,
        "jobs": [
            {"job": job.job, "name": job.name, "state": str(job.state), "code": job.code, "nodes": list(job.node_names)}
            for job in site.jobs()
        ],
        "logins": dict(Counter(each["verdict"] for each in site.logins())),
        "faults": site.faults.read(),
    }


def sentences(found: Mapping[str, Any]) -> Iterator[str]:
    """The same for a person."""
    yield f"practice site in {found['directory']}: {'up' if found['up'] else 'down'}"
    if found["up"]:
        yield "ports:  " + ", ".join(f"{host} {port}" for host, port in found["ports"].items())
    yield f"nodes:  {found['nodes']} with {found['slots']} cores each"
    yield "logins: " + (", ".join(f"{count} {verdict}" for verdict, count in found["logins"].items()) or "none")
    yield "faults: " + (", ".join(sorted(found["faults"])) or "none staged")
    for job in found["jobs"]:
        yield f"job {job['job']} {job['name']:<16} {job['state']:<10} {job['code']:<6} {' '.join(job['nodes'])}".rstrip()
