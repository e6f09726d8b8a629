"""Where a run's own files lie at the site: functions of its stem, so that they need not be remembered."""

from __future__ import annotations

from collections.abc import Mapping

from rpconsole.commands.jobscript import log_path
from rpconsole.domain.paths import BadKey, mapped_by_key
from rpconsole.domain.run import Attempt, Run


def remote_stem(run: Run, remote_root: str) -> str:
    """The run's stem at the site (mapping M2)."""
    return mapped_by_key(run.stem, remote_root)


def script_path(run: Run, remote_root: str) -> str:
    """The batch script."""
    return remote_stem(run, remote_root) + ".cmd"


def results_path(run: Run, remote_root: str) -> str:
    """The runner's results file."""
    return remote_stem(run, remote_root) + ".results"


def claim_dir(run: Run, attempt: Attempt, remote_root: str) -> str:
    """The directory whose creation claims one attempt; the nonce keeps a restored journal from meeting an old claim."""
    return f"{remote_stem(run, remote_root)}.claim/{attempt.number}.{attempt.nonce}"


def paths_at_site(run: Run, remote_root: str) -> Mapping[str, str]:
    """Role -> path of what a person may want to read there; the job's output alone where path_base is no key."""
    output = {"output": log_path(remote_root, run.stage, run.remote_id)}
    try:
        return {"script": script_path(run, remote_root), "results": results_path(run, remote_root), **output}
    except BadKey:
        return output
