"""The whole main job over real parts: OpenSSH's sshd with one-time tokens, MariaDB, the engine's own process, the command line.

Each configuration is written as docs/configuration.md tells, by hand.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.real_site import ROOT, Doorstop, Operator, engine, make_site, practice_nodes, until
from tests.servers.mariadb import PASSWORD, USER, PrivateMariadb, require_mariadb
from tests.servers.sshd import USER as ACCOUNT
from tests.servers.sshd import PrivateSshd, require_sshd
from tests.servers.token_card import TokenCard

from rpconsole.practice.paths import SitePaths
from rpconsole.practice.sky import Survey

pytestmark = [pytest.mark.needs_sshd, pytest.mark.needs_mariadb, pytest.mark.slow]

SURVEY = Survey(seed=3, exposures=2, otas=2)

CONFIGURATION = """\
[database]
url = "mysql://{user}@127.0.0.1:{port}/{database}"
password_file = "gpc1.password"
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
scheduler = "moab"
programs_dir = "{paths.bin}"
proc_per_node = 2
max_nodes = 2
max_hours = 8
references_dir = "{paths.references}"
tess_dir = "{paths.tessellations}"

[login]
{way_in}
user = "{account}"
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

[[labels]]
label = "demo"
path_base = "neb://any/remote/demo"

[bookkeeping]
fake = true
overlap_maps = "ipp/overlap"
stacks = true
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A socket's path is short, so pytest's own directories are too deep."""
    with tempfile.TemporaryDirectory(prefix="rpc-real-") as path:
        yield Path(path)


@pytest.fixture
def front_end(folder) -> Iterator[PrivateSshd]:
    """Where a login finds the IPP's programs on its PATH; jobs inherit it."""
    require_sshd()
    with PrivateSshd([TokenCard()], path=[SitePaths(folder).bin]) as server:
        yield server


@pytest.fixture
def gateway() -> Iterator[PrivateSshd]:
    require_sshd()
    with PrivateSshd([TokenCard()], forwards=True) as server:
        yield server


@pytest.fixture
def own_mariadb() -> Iterator[PrivateMariadb]:
    """A server that the test may stop."""
    require_mariadb()
    with PrivateMariadb() as server:
        yield server


def configure(
    paths: SitePaths, database: PrivateMariadb, doors: list[PrivateSshd], way_in: str, journal: str = ""
) -> Operator:
    """Write the configuration, the password file and the known hosts; the cards in the order of the doors."""
    password = paths.root / "gpc1.password"
    password.write_text(f"{PASSWORD}\n")
    password.chmod(0o600)
    (paths.root / "known_hosts.site").write_text("".join(door.known_hosts_line() for door in doors))
    config = paths.root / "rpconsole.toml"
    config.write_text(
        CONFIGURATION.format(
            user=USER,
            port=database.port,
            database="gpc1",
            journal=journal,
            socket=paths.root / "run" / "rpconsole.sock",
            paths=paths,
            way_in=way_in,
            account=ACCOUNT,
        )
    )
    environ = {key: value for key, value in os.environ.items() if not key.startswith("RPCONSOLE_")}
    environ |= {"PYTHONPATH": str(ROOT / "src"), "HOME": str(paths.root)}
    return Operator(config=config, cards=[door.cards[0] for door in doors], environ=environ)


def direct(front_end: PrivateSshd) -> str:
    return f'hop = "direct"\nfront_ends = [{{ name = "fe1", host = "127.0.0.1", port = {front_end.port} }}]'


def by_gateway(gateway: PrivateSshd, front_end: PrivateSshd) -> str:
    return (
        f'hop = "jump"\ngateway = {{ host = "127.0.0.1", port = {gateway.port} }}\n'
        f'front_ends = [{{ name = "fe1", host = "127.0.0.1", port = {front_end.port} }}]'
    )


def assert_each_run_is_full_with_one_job(runs: list[dict]) -> None:
    assert [(run["stage"], run["state"]) for run in runs] == [
        (stage, "full") for stage in ("chip", "camera", "warp", "stack")
    ]
    for run in runs:
        assert {component["state"] for component in run["components"]} == {"pass"}, run
        assert len(run["jobs"]) == 1, run["jobs"]
        assert run["failures"] == []


async def test_a_cut_session_parks_the_runs_and_one_login_brings_all_four_stages_home(
    folder, front_end, mariadb_server
):
    paths = await make_site(folder, SURVEY, mariadb_server.create_database("gpc1"))
    operator = configure(paths, mariadb_server, [front_end], direct(front_end))
    held = Doorstop(paths.bin, "ppImage")
    with practice_nodes(paths), engine(operator, paths.logs / "engine.out"):
        operator.log_in()
        until(lambda: operator.runs().get("chip", {}).get("tasks"), "the chip job runs", 60)
        front_end.cut()
        parked = until(lambda: (run := operator.runs()["chip"])["state"] == "auth" and run, "the run is parked", 20)
        assert "login" in " ".join(parked["why"]), parked
        held.let_go()
        operator.log_in()
        runs = operator.all_full(within_s=120)
    assert_each_run_is_full_with_one_job(runs)
    assert front_end.tries() == (2, 0)


async def test_a_stopped_mariadb_is_waited_for_and_said_once_behind_a_gateway_with_the_journal_there_too(
    folder, gateway, front_end, own_mariadb
):
    journal = f'\n[journal]\nurl = "{own_mariadb.create_database("rpconsole").replace(":" + PASSWORD, "")}"\n'
    journal += 'password_file = "gpc1.password"\n'
    paths = await make_site(folder, SURVEY, own_mariadb.create_database("gpc1"))
    operator = configure(paths, own_mariadb, [gateway, front_end], by_gateway(gateway, front_end), journal)
    with practice_nodes(paths), engine(operator, paths.logs / "engine.out"):
        operator.log_in()
        operator.stage_at("camera", "ship", "submit", "poll")
        own_mariadb.stop()
        until(lambda: about_the_database(operator), "the engine says that it waits", 30)
        await_some_rounds()
        said = about_the_database(operator)
        own_mariadb.start()
        runs = operator.all_full(within_s=120)
        said_then = about_the_database(operator)
    assert len(said) == 1, said
    assert said[0].startswith("waiting for the database: "), said
    assert said_then == [*said, "the database answers again"]
    assert_each_run_is_full_with_one_job(runs)
    assert gateway.tries() == front_end.tries() == (1, 0)


def about_the_database(operator: Operator) -> list[str]:
    """What was said of it to the operators."""
    alerts = operator.asked("status")["alerts"]
    return [alert["sentence"] for alert in alerts if "database" in alert["sentence"]]


def await_some_rounds() -> None:
    """Long enough for the engine to try in vain several times."""
    time.sleep(3)
