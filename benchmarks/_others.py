"""What operators have used so far, each as one command line: bytes that arrived a second, and what it took of this host's CPU."""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from _ssh_site import DataSet, SshSite, bytes_in


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One measurement."""

    size: int
    seconds: float
    cpu_s: float = 0.0

    @property
    def rate(self) -> float:
        """Bytes a second."""
        return self.size / self.seconds


def run_shell(command: str, target: Path, limit_s: float) -> Run:
    """Run a command line; one that is not done in time is stopped, and what has arrived counts."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(
        ["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return Run(size=bytes_in(target), seconds=seconds, cpu_s=cpu_s)


def tar_ssh(site: SshSite, data: DataSet, target: Path) -> str:
    """One stream."""
    return f"tar cf - -C {data.folder} . | {ssh_of(site, 'direct')} tar xf - -C {target}"


def scp(site: SshSite, data: DataSet, target: Path) -> str:
    """The whole folder."""
    return f"scp -q -r -F {site.folder}/ssh_config {data.folder} direct:{target}"


def rsync(site: SshSite, data: DataSet, target: Path) -> str:
    """The whole folder."""
    return f"rsync -a -e '{ssh_of(site, '')}' {data.folder}/ direct:{target}/"


def rclone(site: SshSite, data: DataSet, target: Path) -> str:
    """Eight transfers at once, as many as the front end has channels for."""
    key = site.folder / "key"
    port = (site.folder / "ssh_config").read_text().partition("Port ")[2].split()[0]
    where = f"--sftp-host 127.0.0.1 --sftp-port {port} --sftp-user {site.user} --sftp-key-file {key}"
    how = "--config /dev/null --transfers 8 --checkers 8 --sftp-shell-type none --ignore-checksum"
    return f"rclone copy {data.folder} :sftp:{target} {where} {how}"


def seed(site: SshSite, data: DataSet, target: Path, *, jobs: int, bundle_bytes: int, shared: bool) -> str:
    """GNU parallel over tar bundles cut beforehand."""
    lists = _lists(site.folder / "lists", data, bundle_bytes)
    host = ssh_of(site, "shared" if shared else "direct")
    one = f"tar cf - -C {data.folder} -T {{}} | {host} tar xf - -C {target}"
    return f"parallel --will-cite -j {jobs} {shlex.quote(one)} ::: {' '.join(map(str, lists))}"


def _lists(folder: Path, data: DataSet, bundle_bytes: int) -> Sequence[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    lists: list[list[str]] = [[]]
    filled = 0
    for path in data.files:
        if lists[-1] and filled + path.stat().st_size > bundle_bytes:
            lists.append([])
            filled = 0
        lists[-1].append(path.name)
        filled += path.stat().st_size
    for number, names in enumerate(lists):
        (folder / f"{number}").write_text("\n".join(names) + "\n")
    return [folder / f"{number}" for number in range(len(lists))]


@contextmanager
def shared_master(site: SshSite) -> Iterator[None]:
    """One login that all share."""
    subprocess.run([*shlex.split(ssh_of(site, "-MNf shared"))], check=True, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        subprocess.run([*shlex.split(ssh_of(site, "-O exit shared"))], check=True, stderr=subprocess.DEVNULL)


def ssh_of(site: SshSite, rest: str = "") -> str:
    """The client with its configuration."""
    return f"ssh -F {site.folder}/ssh_config {rest}".strip()
