"""The configuration of a site of real parts, written by hand as docs/configuration.md tells."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

from tests.integration.real_site import ROOT, Operator
from tests.servers.mariadb import PASSWORD, USER, PrivateMariadb
from tests.servers.sshd import USER as ACCOUNT
from tests.servers.sshd import PrivateSshd

from rpconsole.practice.paths import SitePaths
from rpconsole.practice.seed import database_url

CONFIGURATION = """\
[database]
{database}
{journal}
[paths]
state_dir = "state"
socket = "{socket}"
log_file = "logs/rpconsole.log"

[storage]
kind = "plain"
root = "ipp"

[site]
name = "mustang"
remote_root = "{paths.scratch}"
hostname = "LANL/Mustang"
{scheduler}
references_dir = "{paths.references}"
tess_dir = "{paths.tessellations}"

[login]
{way_in}
user = "{account}"
{login}
known_hosts = "known_hosts.site"
lifetime_hours = 12

[engine]
tick_s = 0.2
refresh_s = 1
define_s = 1
poll_min_s = 0.5
poll_max_s = 3

[retry]
delays_s = [1, 3, 10]
away_s = 1
reconcile_s = 2
queue_full_s = 5

[[labels]]
label = "demo"
stages = {stages}
path_base = "neb://any/remote/demo"

[bookkeeping]
fake = true
overlap_maps = "ipp/overlap"
stacks = true
"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What differs between one site's configuration and another's."""

    #: None = the SQLite file that the practice's seed makes
    database: PrivateMariadb | None = None
    #: front end last, gateway before it
    doors: Sequence[PrivateSshd]
    #: the scheduler's part of [site]
    scheduler: str
    #: URL of the journal, where it is not the SQLite file
    journal: str | None = None
    stages: Sequence[str] = ("chip", "camera", "warp", "stack")
    #: account that is proposed at a login, and further lines about logins
    account: str = ACCOUNT
    login: str = ""


def moab(paths: SitePaths) -> str:
    """Moab's clients off a login's PATH, on nodes of two cores."""
    return f'scheduler = "moab"\nprograms_dir = "{paths.bin}"\nproc_per_node = 2\nmax_nodes = 2\nmax_hours = 8'


def slurm() -> str:
    """Slurm's on it, and jobs of two nodes at least."""
    return (
        'scheduler = "slurm"\nqueue = "standard"\nshell = "/bin/sh"\n'
        "proc_per_node = 2\nmin_nodes = 2\nmax_nodes = 3\nmax_hours = 8"
    )


def configure(paths: SitePaths, wanted: Wanted) -> Operator:
    """Write the configuration, the password file and the known hosts; the operator has a card for each door."""
    password = paths.root / "gpc1.password"
    password.write_text(f"{PASSWORD}\n")
    password.chmod(0o600)
    (paths.root / "known_hosts.site").write_text("".join(door.known_hosts_line() for door in wanted.doors))
    journal = f'\n[journal]\nurl = "{wanted.journal}"\npassword_file = "gpc1.password"\n' if wanted.journal else ""
    config = paths.root / "rpconsole.toml"
    config.write_text(
        CONFIGURATION.format(
            database=_database(paths, wanted.database),
            journal=journal,
            socket=paths.root / "run" / "rpconsole.sock",
            paths=paths,
            scheduler=wanted.scheduler,
            way_in=_way_in(wanted.doors),
            account=wanted.account,
            login=wanted.login,
            stages=json.dumps(list(wanted.stages)),
        )
    )
    environ = {key: value for key, value in os.environ.items() if not key.startswith("RPCONSOLE_")}
    environ |= {"PYTHONPATH": str(ROOT / "src"), "HOME": str(paths.root)}
    return Operator(config=config, cards=[door.cards[0] for door in wanted.doors], environ=environ)


def _database(paths: SitePaths, server: PrivateMariadb | None) -> str:
    if server is None:
        return f'url = "{database_url(paths)}"'
    return f'url = "mysql://{USER}@127.0.0.1:{server.port}/gpc1"\npassword_file = "gpc1.password"'


def _way_in(doors: Sequence[PrivateSshd]) -> str:
    *gateways, front_end = doors
    lines = [f'gateway = {{ host = "127.0.0.1", port = {gateway.port} }}' for gateway in gateways]
    lines.append(f'front_ends = [{{ name = "fe1", host = "127.0.0.1", port = {front_end.port} }}]')
    return "\n".join([f'hop = "{"jump" if gateways else "direct"}"', *lines])
