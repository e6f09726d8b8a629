"""The private Slurm is a Slurm: what the other tests rely on, by its own commands alone; and the runner inside its jobs."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from tests.integration.real_site import PATIENCE_S, until, whole_records
from tests.servers.processes import tell

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
    until(lambda: not slurm.told("squeue", "-h"), "no job is left", pause_s=0.1)


def state(slurm, job):
    return slurm.told("squeue", "-h", "-t", "all", "-j", job, "-o", "%T")


def until_state(slurm, job, *wanted, within_s=PATIENCE_S):
    return until(lambda: state(slurm, job) in wanted, f"job {job} is {wanted}", within_s, pause_s=0.1)


def remembered(slurm, job):
    return slurm.told("sacct", "-X", "-n", "-P", "-j", job, "-o", "State,ExitCode,JobName")


def test_a_job_runs_on_two_nodes_with_host_names_of_their_own_and_is_remembered(slurm, submitted, tmp_path):
    job = submitted("srun -n 2 -N 2 -m cyclic hostname; exit 3", "-N", "2", "-J", "two")
    until_state(slurm, job, "FAILED")
    names = (tmp_path / f"{job}.out").read_text().split()
    assert len(set(names)) == len(names) == 2
    assert set(names) < set(slurm.node_names)
    until(lambda: remembered(slurm, job) == "FAILED|3:0|two", "sacct knows its end", pause_s=0.2)


def test_a_cancelled_job_says_by_whom(slurm, submitted):
    job = submitted("sleep 600")
    until_state(slurm, job, "RUNNING")
    slurm.told("scancel", job)
    until_state(slurm, job, "CANCELLED")
    until(lambda: remembered(slurm, job).startswith("CANCELLED by 0|"), "sacct knows its end", pause_s=0.2)


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
    until(beats.exists, "the job beats", pause_s=0.1)
    slurm.stop_node("mu003")
    last = beats.stat().st_mtime_ns
    time.sleep(0.5)
    assert beats.stat().st_mtime_ns == last
    slurm.start_node("mu003")
    slurm.run("scancel", job)
    until(lambda: "mu003" in slurm.told("sinfo", "-h", "-t", "idle", "-o", "%n"), "the node is back", pause_s=0.2)


def records(path):
    return whole_records(path)


@pytest.fixture
def stask(submitted, tmp_path):
    """Submits a job that runs a list of commands with stask; the results file is its answer."""
    (tmp_path / "rpr.pyz").write_bytes(helper_bytes())
    (tmp_path / "stask").symlink_to("rpr.pyz")

    def run(lines, *wishes, options="--threads 2"):
        (tmp_path / "list").write_text("".join(f"{line}\n" for line in lines))
        runner = f"python3 {tmp_path}/stask --results {tmp_path}/results {options} --wall-s 3600 --name rp1.1.abcd"
        job = submitted(f"exec {runner} {tmp_path}/list - 1", *wishes)
        return job, tmp_path / "results"

    return run


def test_every_node_works_beside_the_others_and_each_task_is_known_at_its_end(slurm, stask, tmp_path):
    # a task ends once each of the nodes has one: where a node had to wait for the other's end, none would
    meets = f"touch {tmp_path}/at.$RPR_NODE; until test -e {tmp_path}/at.mu001 -a -e {tmp_path}/at.mu002; do sleep 0.1; done"
    job, results = stask([meets] * 8, "-N", "2")
    until_state(slurm, job, "COMPLETED")
    start, *others, end = records(results)
    tasks = [record for record in others if "attempt" in record]
    assert {task["node"] for task in tasks} == set(start["nodes"]) == {"mu001", "mu002"}
    assert (end["reason"], end["passed"]) == ("finished", 8)


def marks(path, kind):
    return [record for record in records(path) if record.get("mark") == kind]


def passed(path):
    return path.read_text().count('"code":0') if path.exists() else 0


@pytest.fixture
def mortal_node(slurm):
    """A node that a test may kill; it is back at the end."""
    yield "mu003"
    if not slurm.is_running("mu003"):
        slurm.start_node("mu003")
    slurm.run("scontrol", "update", "nodename=mu003", "state=resume")
    until(lambda: "mu003" in slurm.told("sinfo", "-h", "-t", "idle", "-o", "%n"), "the node is back", pause_s=0.2)


WIDE = ("-N", "3", "--no-kill", "--exclusive")


def test_twenty_thousand_tasks_outlive_a_node_and_a_cancel_and_the_next_job_runs_only_the_rest(
    slurm, stask, mortal_node, tmp_path
):
    lines = [f"echo {number} >> {tmp_path}/ran" for number in range(1, 20_001)]
    first, results = stask(lines, *WIDE)
    until(lambda: passed(results) > 1000, "a thousand are done", pause_s=0.1)
    slurm.stop_node(mortal_node)
    slurm.told("scontrol", "update", f"nodename={mortal_node}", "state=down", "reason=test")
    until(lambda: marks(results, "lost"), "the node is missed", pause_s=0.1)
    slurm.told("scancel", first)
    until_state(slurm, first, "CANCELLED")
    (end,) = marks(results, "end")
    assert end["reason"] == "term"
    assert end["left"] == 20_000 - end["passed"] > 0
    second, _ = stask(lines, "-N", "2", "--exclusive")
    until_state(slurm, second, "COMPLETED")
    done = [record["task"] for record in records(results) if record.get("code") == 0]
    assert sorted(done) == list(range(1, 20_001)), "each has passed once"
    assert marks(results, "end")[-1]["left"] == 0
    unreported = sum(len(mark["tasks"]) for mark in marks(results, "lost"))
    ran = (tmp_path / "ran").read_text().split()
    assert len(ran) - len(set(ran)) <= unreported, "only what the dead node had not told of may have run twice"


def test_the_end_of_the_wall_time_lets_the_runner_write_its_end_mark(slurm, stask, tmp_path):
    job, results = stask(["true", f"touch {tmp_path}/began; sleep 600"], "-N", "1", options="--term-grace-s 0.3")
    until((tmp_path / "began").exists, "the long task runs", pause_s=0.1)
    slurm.end_wall_time(job)
    until_state(slurm, job, "TIMEOUT")
    (end,) = marks(results, "end")
    assert (end["reason"], end["passed"], end["left"]) == ("term", 1, 1)


def test_chunks_by_multi_prog_pass_over_a_dead_node_and_write_what_workers_write(slurm, stask, mortal_node, tmp_path):
    task = f"echo $RPR_NODE >> {tmp_path}/began; until test -e {tmp_path}/ok; do sleep 0.1; done"
    job, results = stask([*[task] * 6, "exit 3"], *WIDE, options="--runner multi-prog --slots 2 --attempts 2")
    began = tmp_path / "began"
    until(lambda: began.exists() and len(began.read_text().split()) == 6, "a chunk runs", pause_s=0.1)
    assert sorted(began.read_text().split()) == sorted(slurm.node_names * 2)
    slurm.stop_node(mortal_node)
    (tmp_path / "ok").touch()
    slurm.told("scontrol", "update", f"nodename={mortal_node}", "state=down", "reason=test")
    until_state(slurm, job, "FAILED")
    (lost,) = marks(results, "lost")
    assert (lost["node"], len(lost["tasks"])) == (mortal_node, 2)
    (end,) = marks(results, "end")
    assert (end["reason"], end["passed"], end["failed"], end["left"]) == ("finished", 6, 1, 0)
    ends = [record for record in records(results) if "attempt" in record]
    assert {record["node"] for record in ends} == {"mu001", "mu002"}
    assert sorted(record["task"] for record in ends) == [1, 2, 3, 4, 5, 6, 7, 7]


def processes(slurm, node, *, word=b"", name=b""):
    """What jobs run on a node of this cluster: a word of its command line, a name in its environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words, environ = (place / "cmdline").read_bytes(), (place / "environ").read_bytes()
        except OSError:
            continue
        wanted = {f"SLURMD_NODENAME={node}".encode(), f"SLURM_CONF={slurm.environ['SLURM_CONF']}".encode()}
        is_there = wanted <= set(environ.split(b"\0"))
        if is_there and word in [b"", *words.split(b"\0")] and (name + b"=" in environ or not name):
            found.append(int(place.name))
    return found


@pytest.mark.parametrize(("runner", "part"), [("workers", b"worker"), ("multi-prog", b"one")])
def test_a_node_that_hangs_loses_its_tasks_to_the_others_and_runs_none_of_them_on(slurm, stask, tmp_path, runner, part):
    task = f"echo $RPR_NODE >> {tmp_path}/began; until test -e {tmp_path}/ok.$RPR_NODE; do sleep 0.1; done"
    options = f"--runner {runner} --slots 1 --silence-s 5"
    job, results = stask([task] * 3, "-N", "3", "--no-kill", "--exclusive", options=options)
    began = tmp_path / "began"
    until(lambda: began.exists() and len(began.read_text().splitlines()) == 3, "all nodes work", pause_s=0.1)
    hung = processes(slurm, "mu002", word=part)
    assert hung
    assert processes(slurm, "mu002", name=b"RPR_TASK")
    for pid in hung:
        tell(pid, signal.SIGSTOP)
    for name in ("mu001", "mu003"):
        (tmp_path / f"ok.{name}").touch()
    until(lambda: marks(results, "lost"), "the node is missed", pause_s=0.1)
    until(lambda: not processes(slurm, "mu002", name=b"RPR_TASK"), "its task is ended", pause_s=0.1)
    until_state(slurm, job, "COMPLETED")
    (lost,) = marks(results, "lost")
    assert (lost["node"], len(lost["tasks"])) == ("mu002", 1)
    ends = [record for record in records(results) if "attempt" in record]
    assert sorted((record["task"], record["code"], record["attempt"]) for record in ends) == [
        (n, 0, 1) for n in (1, 2, 3)
    ]
    assert {record["node"] for record in ends} == {"mu001", "mu003"}
