"""Moab's commands before a real Slurm of several nodes: whole runs, and what operators, wall times and broken parts do to their jobs."""

from __future__ import annotations

import subprocess

import pytest
from tests.integration.real_config import Wanted, configure, moab
from tests.integration.real_site import Doorstop, engine, make_site, practice_nodes, until, whole_records

from rpconsole.practice.faults import Faults
from rpconsole.practice.installing import install_moab
from rpconsole.practice.sky import Survey

pytestmark = [pytest.mark.needs_sshd, pytest.mark.needs_mariadb, pytest.mark.needs_slurm, pytest.mark.slow]

SURVEY = Survey(seed=3, exposures=2, otas=2)
#: on two nodes, since one is to die
SITE = 'min_nodes = 2\nshell = "/bin/sh"'


@pytest.fixture
def over_slurm(slurm):
    """Slurm as the site's jobs find it; none of them is left behind."""
    yield slurm
    slurm.run("scancel", "-u", "root")
    slurm.wait_until_idle()


@pytest.fixture
async def site(site_folder, mariadb_server):
    paths = await make_site(site_folder, SURVEY, mariadb_server.create_database("gpc1"), is_over_slurm=True)
    install_moab(paths, is_over_slurm=True)
    return paths


def wanted(mariadb_server, front_end, site, *stages):
    scheduler = f"{moab(site)}\n{SITE}"
    stages = stages or ("chip", "camera", "warp", "stack")
    return Wanted(database=mariadb_server, doors=[front_end], scheduler=scheduler, stages=stages)


def asked_of_moab(site, *words):
    done = subprocess.run([str(site.bin / words[0]), *words[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def results_of(site, remote_id=1):
    path = site.scratch / "remote" / "demo" / f"remote_chip.{remote_id}.results"
    return whole_records(path)


def starts(site):
    return sum(record.get("mark") == "start" for record in results_of(site))


def remembered(slurm, job):
    """How a job ended, as the accounts have it, which hear of it a moment later."""
    return slurm.told("sacct", "-X", "-n", "-P", "-j", job, "-o", "State")


def below(slurm):
    """Slurm's own ids of what it has not ended yet."""
    return slurm.told("squeue", "-h", "-o", "%i").split()


def test_four_stages_run_through_a_hold_and_a_controller_that_is_away_for_a_time(
    site, front_end, mariadb_server, over_slurm
):
    operator = configure(site, wanted(mariadb_server, front_end, site))
    held = Doorstop(site.bin, "ppImage")
    Faults(site).stage("hold", "user", times=1)
    with practice_nodes(site, over_slurm.environ), engine(operator, site.logs / "engine.out"):
        operator.log_in()
        waits = until(
            lambda: (why := operator.runs().get("chip", {}).get("why")) and "held" in why[0] and why[0], "held"
        )
        job = operator.runs()["chip"]["job"]
        assert f"mjobctl -u user {job}" in waits
        asked_of_moab(site, "mjobctl", "-u", "user", job)
        until(lambda: operator.runs()["chip"]["tasks"], "the chip job runs")
        over_slurm.stop_controller()
        try:
            held.let_go()
        finally:
            over_slurm.start_controller()
        runs = operator.all_full(within_s=300)
    assert [(run["stage"], run["state"]) for run in runs] == [
        (stage, "full") for stage in ("chip", "camera", "warp", "stack")
    ]
    assert all(len(run["jobs"]) == 1 and not run["failures"] for run in runs)
    assert {record["node"] for record in results_of(site) if "task" in record} == {"mu001", "mu002"}


def test_a_wall_time_that_slurm_ends_costs_no_task_and_a_dead_node_only_what_it_ran(
    site, front_end, mariadb_server, over_slurm
):
    operator = configure(site, wanted(mariadb_server, front_end, site, "chip"))
    held = Doorstop(site.bin, "ppImage")
    with practice_nodes(site, over_slurm.environ), engine(operator, site.logs / "engine.out"):
        operator.log_in()
        until(lambda: operator.runs().get("chip", {}).get("tasks"), "the chip job runs")
        (first,) = below(over_slurm)
        over_slurm.end_wall_time(first)
        until(lambda: starts(site) == 2, "the second job runs")
        until(lambda: "TIMEOUT" in remembered(over_slurm, first), "the accounts know why it ended")
        over_slurm.told("scontrol", "update", "nodename=mu002", "state=down", "reason=test")
        try:
            held.let_go()
            operator.stage_at("chip", "done")
        finally:
            over_slurm.told("scontrol", "update", "nodename=mu002", "state=resume")
        run = operator.asked("run", "show", "1")
    assert (run["state"], run["failures"]) == ("full", [])
    assert len({job["job"] for job in run["jobs"]}) == len(run["jobs"]) == 2
    passed = [record["task"] for record in results_of(site) if record.get("code") == 0]
    assert sorted(passed) == [1, 2, 3, 4, 5], "each task was done once"


def test_a_run_that_an_operator_cancels_ends_its_job_below_too(site, front_end, mariadb_server, over_slurm):
    operator = configure(site, wanted(mariadb_server, front_end, site, "chip"))
    Doorstop(site.bin, "ppImage")
    with practice_nodes(site, over_slurm.environ), engine(operator, site.logs / "engine.out"):
        operator.log_in()
        until(lambda: operator.runs().get("chip", {}).get("tasks"), "the chip job runs")
        (job,) = below(over_slurm)
        operator.did("run", "cancel", "1")
        operator.stage_at("chip", "stopped")
        until(lambda: not below(over_slurm), "its job is ended")
    until(lambda: "CANCELLED" in remembered(over_slurm, job), "the accounts know how it ended")
