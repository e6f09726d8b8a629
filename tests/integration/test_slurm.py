"""The private Slurm is a Slurm: what the other tests rely on, by its own commands alone; and the runner inside its jobs."""

from __future__ import annotations

import json
import time

import pytest
from tests.integration.real_site import until

from rpconsole.adapters.ssh.helper_file import helper_bytes

pytestmark = [pytest.mark.needs_slurm, pytest.mark.needs_mariadb]


@pytest.fixture
def submitted(slurm, tmp_path):
    """Submits a script; whatever is left of it is cancelled."""
    jobs = []

    def submit(text, *options):
        script = tmp_path / "job.sh"
        script.write_text(f"#!/bin/sh\n{text}\n")
        jobs.append(slurm.told("sbatch", "--parsable", "-o", str(tmp_path / "%j.out"), *options, str(script)))
        return jobs[-1]

    yield submit
    for job in jobs:
        slurm.run("scancel", job)
    until(lambda: not slurm.told("squeue", "-h"), "no job is left", 30, pause_s=0.1)


def state(slurm, job):
    return slurm.told("squeue", "-h", "-t", "all", "-j", job, "-o", "%T")


def until_state(slurm, job, *wanted, within_s=30.0):
    return until(lambda: state(slurm, job) in wanted, f"job {job} is {wanted}", within_s, pause_s=0.1)


def remembered(slurm, job):
    return slurm.told("sacct", "-X", "-n", "-P", "-j", job, "-o", "State,ExitCode,JobName")


def test_a_job_runs_on_two_nodes_with_host_names_of_their_own_and_is_remembered(slurm, submitted, tmp_path):
    job = submitted("srun -n 2 -N 2 -m cyclic hostname; exit 3", "-N", "2", "-J", "two")
    until_state(slurm, job, "FAILED")
    assert sorted((tmp_path / f"{job}.out").read_text().split()) == ["mu001", "mu002"]
    until(lambda: remembered(slurm, job) == "FAILED|3:0|two", "sacct knows its end", 20, pause_s=0.2)


def test_a_cancelled_job_says_by_whom(slurm, submitted):
    job = submitted("sleep 600")
    until_state(slurm, job, "RUNNING")
    slurm.told("scancel", job)
    until_state(slurm, job, "CANCELLED")
    until(lambda: remembered(slurm, job).startswith("CANCELLED by 0|"), "sacct knows its end", 20, pause_s=0.2)


def test_a_job_outlives_the_controller_and_is_found_again(slurm, submitted, tmp_path):
    stop = tmp_path / "stop"
    job = submitted(f"until [ -e {stop} ]; do sleep 0.1; done")
    until_state(slurm, job, "RUNNING")
    slurm.stop_controller()
    assert slurm.run("squeue", "-h").returncode == 1
    slurm.start_controller()
    assert state(slurm, job) == "RUNNING"
    stop.touch()
    until_state(slurm, job, "COMPLETED")


def test_what_a_job_started_ends_with_its_node(slurm, submitted, tmp_path):
    beats = tmp_path / "beats"
    job = submitted(f"setsid sh -c 'while :; do date > {beats}; sleep 0.1; done' & sleep 600", "-w", "mu003")
    until(beats.exists, "the job beats", 30, pause_s=0.1)
    slurm.stop_node("mu003")
    last = beats.stat().st_mtime_ns
    time.sleep(0.5)
    assert beats.stat().st_mtime_ns == last
    slurm.start_node("mu003")
    slurm.run("scancel", job)
    until(lambda: "mu003" in slurm.told("sinfo", "-h", "-t", "idle", "-o", "%n"), "the node is back", 60, pause_s=0.2)


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def stask(submitted, tmp_path):
    """Submits a job that runs a list of commands with stask; the results file is its answer."""
    (tmp_path / "rpr.pyz").write_bytes(helper_bytes())
    (tmp_path / "stask").symlink_to("rpr.pyz")

    def run(lines, *options):
        (tmp_path / "list").write_text("".join(f"{line}\n" for line in lines))
        runner = f"python3 {tmp_path}/stask --results {tmp_path}/results --threads 2 --wall-s 3600 --name rp1.1.abcd"
        job = submitted(f"exec {runner} {tmp_path}/list - 1", *options)
        return job, tmp_path / "results"

    return run


def test_every_node_works_from_the_first_second_and_each_task_is_known_at_its_end(slurm, stask):
    job, results = stask(["sleep 1"] * 8, "-N", "2")
    until_state(slurm, job, "COMPLETED")
    start, *tasks, end = records(results)
    assert {task["node"] for task in tasks} == set(start["nodes"]) == {"mu001", "mu002"}
    assert (end["reason"], end["passed"]) == ("finished", 8)
    # eight seconds of work on two nodes of one slot each; what a worker says late, its node does not do
    assert end["epoch"] - start["epoch"] < 8, records(results)
