"""Where the parts of a practice site lie below its directory."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

#: names the site's directory to every program that runs at the site
SITE_VARIABLE = "RPPRACTICE_DIR"
#: marks the processes of one batch job, across new sessions and groups
JOB_VARIABLE = "RPPRACTICE_JOB"
#: where the stand-ins of the IPP programs look for staged faults
PROGRAM_FAULTS_VARIABLE = "RPPRACTICE_FAIL"


@dataclass(frozen=True, slots=True)
class SitePaths:
    """One directory holds the whole site, and the storage at home beside it."""

    root: Path

    @property
    def bin(self) -> Path:
        return self.root / "site" / "bin"

    @property
    def home(self) -> Path:
        """Home directory at the front ends."""
        return self.root / "site" / "home"

    @property
    def scratch(self) -> Path:
        """What a recipe calls REMOTE_ROOT."""
        return self.root / "site" / "scratch"

    @property
    def references(self) -> Path:
        return self.root / "site" / "references"

    @property
    def tessellations(self) -> Path:
        return self.root / "site" / "tess"

    @property
    def spool(self) -> Path:
        """The scheduler's own."""
        return self.root / "site" / "spool"

    @property
    def storage(self) -> Path:
        """The storage at home: ``neb://any/K`` is the file K below it."""
        return self.root / "ipp"

    @property
    def overlaps(self) -> Path:
        return self.storage / "overlap"

    @property
    def gpc1(self) -> Path:
        return self.root / "gpc1.sqlite"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def cards(self) -> Path:
        return self.root / "cards"

    @property
    def host_keys(self) -> Path:
        return self.state / "host_keys"

    @property
    def known_hosts(self) -> Path:
        return self.root / "known_hosts"

    @property
    def storage_key(self) -> Path:
        """The site's key for the storage host, and beside it the host keys that it trusts there."""
        return self.home / ".ssh" / "storage"

    @property
    def storage_hosts(self) -> Path:
        return self.home / ".ssh" / "known_hosts"

    @property
    def logins(self) -> Path:
        """One JSON line for each answer that somebody gave to a prompt; never the answer."""
        return self.logs / "logins.jsonl"

    @property
    def faults(self) -> Path:
        return self.root / "faults.json"

    @property
    def program_faults(self) -> Path:
        return self.root / "program_faults.json"

    @property
    def settings(self) -> Path:
        return self.root / "site.json"

    @property
    def config(self) -> Path:
        """The configuration of rpconsole for this site."""
        return self.root / "rpconsole.toml"

    def make(self) -> None:
        """Make every folder; those that hold secrets are for the owner alone."""
        for folder in (
            self.bin,
            self.home,
            self.scratch,
            self.references,
            self.spool,
            self.overlaps,
            self.state,
            self.logs,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.cards, self.host_keys, self.storage_key.parent):
            folder.mkdir(mode=0o700, exist_ok=True)

    def environment(self, user: str) -> dict[str, str]:
        """What a command finds at a front end or in a job."""
        system = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
        return {
            "PATH": f"{self.bin}:{system}",
            "HOME": str(self.home),
            "USER": user,
            "LOGNAME": user,
            "SHELL": "/bin/sh",
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            SITE_VARIABLE: str(self.root),
            PROGRAM_FAULTS_VARIABLE: str(self.program_faults),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteSettings:
    """How big the site is and how it behaves; kept in ``site.json`` so that it comes up again as it was."""

    nodes: int = 2
    #: every node is this machine: one job alone should be able to use all of it
    slots: int = field(default_factory=lambda: max(2, min(8, os.cpu_count() or 2)))
    #: how long finished jobs are remembered
    purge_s: float = 300.0
    #: between the polite word and SIGKILL for a job that is to end; 30 s at a real site
    kill_wait_s: float = 3.0
    #: the quota on scratch, and how long a file may lie there without a look before it is purged
    scratch_bytes: int = 4_000_000_000
    scratch_purge_s: float = 14 * 86400.0
    #: lifetime of a login
    session_s: float = 12 * 3600.0
    #: sessions on one connection, as OpenSSH's MaxSessions
    max_sessions: int = 10
    users: tuple[str, ...] = ("operator", "relief")
    #: gateway, fe1, fe2, storage -> port on 127.0.0.1
    ports: dict[str, int] = field(default_factory=dict)
    #: a Slurm of this machine runs the jobs, which Moab's commands then only front
    is_over_slurm: bool = False
    #: who moves the bytes of transfers, as in the configuration: session, or front-end, which needs ssh on this machine
    initiative: str = "session"

    @property
    def node_names(self) -> tuple[str, ...]:
        return tuple(f"mu{number:03d}" for number in range(1, self.nodes + 1))


GATEWAY = "gateway"
FRONT_ENDS = ("fe1", "fe2")
#: the host of the storage at home that front ends reach by themselves
STORAGE = "storage"


def read_settings(paths: SitePaths) -> SiteSettings:
    """The settings of a site that was made before; the standing ones for a new directory."""
    try:
        found = json.loads(paths.settings.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return SiteSettings()
    found["users"] = tuple(found["users"])
    return SiteSettings(**found)


def write_settings(paths: SitePaths, settings: SiteSettings) -> None:
    write_whole(paths.settings, json.dumps(asdict(settings), indent=1) + "\n")


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write by a temporary name, so that a reader never sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(temporary, path)
