"""The whole main job over real parts: OpenSSH's sshd with one-time tokens, MariaDB, the engine's own process, the command line."""

from __future__ import annotations

import time

import pytest
from tests.integration.real_config import Wanted, configure, moab
from tests.integration.real_site import Doorstop, Operator, engine, make_site, practice_nodes, until
from tests.servers.mariadb import PASSWORD

from rpconsole.practice.installing import install_moab
from rpconsole.practice.sky import Survey

pytestmark = [pytest.mark.needs_sshd, pytest.mark.needs_mariadb, pytest.mark.slow]

SURVEY = Survey(seed=3, exposures=2, otas=2)


def assert_each_run_is_full_with_one_job(runs: list[dict]) -> None:
    assert [(run["stage"], run["state"]) for run in runs] == [
        (stage, "full") for stage in ("chip", "camera", "warp", "stack")
    ]
    for run in runs:
        assert {component["state"] for component in run["components"]} == {"pass"}, run
        assert len(run["jobs"]) == 1, run["jobs"]
        assert run["failures"] == []


async def test_a_cut_session_parks_the_runs_and_one_login_brings_all_four_stages_home(
    site_folder, front_end, mariadb_server
):
    paths = await make_site(site_folder, SURVEY, mariadb_server.create_database("gpc1"))
    install_moab(paths)
    operator = configure(paths, Wanted(database=mariadb_server, doors=[front_end], scheduler=moab(paths)))
    operator.did("config", "check")
    operator.did("db", "upgrade")
    operator.did("db", "check")
    held = Doorstop(paths.bin, "ppImage")
    with practice_nodes(paths), engine(operator, paths.logs / "engine.out"):
        operator.log_in()
        until(lambda: operator.runs().get("chip", {}).get("tasks"), "the chip job runs")
        operator.did("doctor")
        front_end.cut()
        parked = until(lambda: (run := operator.runs()["chip"])["state"] == "auth" and run, "the run is parked")
        assert "login" in " ".join(parked["why"]), parked
        held.let_go()
        operator.log_in()
        runs = operator.all_full(within_s=300)
    assert_each_run_is_full_with_one_job(runs)
    assert front_end.tries() == (2, 0)


async def test_a_stopped_mariadb_is_waited_for_and_said_once_behind_a_gateway_with_the_journal_there_too(
    site_folder, gateway, front_end, own_mariadb
):
    paths = await make_site(site_folder, SURVEY, own_mariadb.create_database("gpc1"))
    install_moab(paths)
    journal = own_mariadb.create_database("rpconsole").replace(f":{PASSWORD}", "")
    wanted = Wanted(database=own_mariadb, doors=[gateway, front_end], scheduler=moab(paths), journal=journal)
    operator = configure(paths, wanted)
    held = Doorstop(paths.bin, "psastro")
    with practice_nodes(paths), engine(operator, paths.logs / "engine.out"):
        operator.log_in()
        operator.stage_at("camera", "ship", "submit", "poll")
        own_mariadb.stop()
        until(lambda: about_the_database(operator), "the engine says that it waits")
        await_some_rounds()
        said = about_the_database(operator)
        own_mariadb.start()
        held.let_go()
        runs = operator.all_full(within_s=300)
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
