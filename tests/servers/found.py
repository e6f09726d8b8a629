"""Which real servers this host has."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

#: daemons live where an ordinary user's PATH does not look
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def program(*names: str) -> str | None:
    """Absolute path of the first of these programs that is installed."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def mariadb() -> str | None:
    """The server, when the program that makes its first tables is there too."""
    return program("mariadbd", "mysqld") if program("mariadb-install-db", "mysql_install_db") else None


def sshd_with_tokens() -> str | None:
    """OpenSSH's server, when PAM can ask for one-time tokens and we may use it (its PAM stack needs root)."""
    has_module = any(Path("/").glob("lib/*/security/pam_oath.so")) or any(Path("/").glob("usr/lib*/**/pam_oath.so"))
    return program("sshd") if has_module and os.geteuid() == 0 else None


def slurm() -> str | None:
    """Slurm's controller, when its node daemon and munge are there too."""
    return program("slurmctld") if program("slurmd") and program("munged") else None


def report() -> str:
    """One line for the head of a test run."""
    servers = {"sshd + pam_oath": sshd_with_tokens(), "mariadb": mariadb(), "slurm": slurm()}
    return "real servers: " + ", ".join(f"{name} {path or 'NOT FOUND'}" for name, path in servers.items())
