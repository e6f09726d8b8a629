"""Whole runs over a real Slurm, behind a real sshd and before a real MariaDB: what clusters do to jobs."""

from __future__ import annotations

from contextlib import suppress

import pytest
from tests.integration.real_config import Wanted, configure
from tests.integration.real_config import slurm as slurm_section
from tests.integration.real_site import Doorstop, engine, make_site, until, whole_records
from tests.servers.sshd import SYSTEM_PATH, PrivateSshd, require_sshd
from tests.servers.token_card import TokenCard

from rpconsole.practice.paths import SitePaths
from rpconsole.practice.sky import Survey

pytestmark = [pytest.mark.needs_sshd, pytest.mark.needs_mariadb, pytest.mark.needs_slurm, pytest.mark.slow]

SURVEY = Survey(seed=3, exposures=2, otas=2)


@pytest.fixture
def front_end(site_folder, slurm):
    """Where a login finds the cluster and the IPP's programs; jobs inherit both."""
    require_sshd()
    environ = {"PATH": f"{SitePaths(site_folder).bin}:{SYSTEM_PATH}", **slurm.environ}
    with PrivateSshd([TokenCard()], environ=environ) as server:
        yield server
    slurm.run("scancel", "-u", "root")
    slurm.wait_until_idle()


@pytest.fixture
async def site(site_folder, mariadb_server):
    return await make_site(site_folder, SURVEY, mariadb_server.create_database("gpc1"))


def results_of(paths, stage, remote_id):
    path = paths.scratch / "remote" / "demo" / f"remote_{stage}.{remote_id}.results"
    return whole_records(path)


def test_four_stages_run_on_several_nodes_while_the_controller_is_away_for_a_time(
    site, front_end, mariadb_server, slurm
):
    operator = configure(site, Wanted(database=mariadb_server, doors=[front_end], scheduler=slurm_section()))
    held = Doorstop(site.bin, "ppImage")
    slurm.told("scontrol", "update", "partitionname=standard", "state=down")
    with engine(operator, site.logs / "engine.out"):
        operator.log_in()
        hold_and_release(operator, slurm)
        until(lambda: operator.runs()["chip"]["tasks"], "the chip job runs")
        slurm.stop_controller()
        try:
            until(lambda: "gives no queue" in why_of(operator), "the silence is said")
            held.let_go()
        finally:
            slurm.start_controller()
        runs = operator.all_full(within_s=300)
        said = [
            alert["sentence"]
            for alert in operator.asked("status")["alerts"]
            if alert["sentence"].startswith("the scheduler")
        ]
    assert [(run["stage"], run["state"]) for run in runs] == [
        (stage, "full") for stage in ("chip", "camera", "warp", "stack")
    ]
    assert all(len(run["jobs"]) == 1 and not run["failures"] for run in runs)
    assert [sentence.partition(":")[0] for sentence in said] == ["the scheduler gives no queue", "the scheduler"]
    assert {record["node"] for record in results_of(site, "chip", 1) if "task" in record} == {"mu001", "mu002"}


def why_of(operator):
    """Why the chip run waits; it may have no reason just now."""
    return next(iter(operator.runs()["chip"]["why"]), "")


def hold_and_release(operator, slurm):
    """Somebody holds the job, which waits for its partition; what is said of it frees it."""
    try:
        job = until(lambda: operator.runs().get("chip", {}).get("job"), "the chip job waits")
        until(lambda: "down" in why_of(operator), "why it waits is said")
        slurm.told("scontrol", "uhold", job)
        why = until(lambda: (why := why_of(operator)) and "is held" in why and why, "it is held")
        assert f"'scontrol release {job}'" in why
        slurm.told("scontrol", "release", job)
    finally:
        slurm.told("scontrol", "update", "partitionname=standard", "state=up")


def test_a_job_that_was_ended_is_followed_by_another_and_a_dead_node_costs_only_what_it_ran(
    site, front_end, mariadb_server, slurm
):
    wanted = Wanted(database=mariadb_server, doors=[front_end], scheduler=slurm_section(), stages=["chip"])
    operator = configure(site, wanted)
    held = Doorstop(site.bin, "ppImage")
    with engine(operator, site.logs / "engine.out"):
        operator.log_in()
        first = until(lambda: (run := operator.runs().get("chip", {})).get("tasks") and run["job"], "it runs")
        slurm.told("scancel", first)
        until(lambda: starts(site) == 2, "the second job runs")
        second = until(lambda: (job := operator.runs()["chip"]["job"]) != first and job, "it is known")
        slurm.end_wall_time(second)
        until(lambda: starts(site) == 3, "the third job runs, as the wall time has ended the second")
        slurm.told("scontrol", "update", "nodename=mu002", "state=down", "reason=test")
        try:
            # a worker that had no task yet when its node died leaves no mark: nothing was lost with it
            with suppress(AssertionError):
                until(lambda: any(record.get("mark") == "lost" for record in results_of(site, "chip", 1)), "lost", 20)
            held.let_go()
            operator.stage_at("chip", "done")
        finally:
            slurm.told("scontrol", "update", "nodename=mu002", "state=resume")
        run = operator.asked("run", "show", "1")
    assert (run["state"], run["failures"]) == ("full", [])
    assert len({job["job"] for job in run["jobs"]}) == len(run["jobs"]) == 3
    passed = [record["task"] for record in results_of(site, "chip", 1) if record.get("code") == 0]
    assert sorted(passed) == [1, 2, 3, 4, 5], "each task was done once"


def starts(paths):
    return sum(record.get("mark") == "start" for record in results_of(paths, "chip", 1))
