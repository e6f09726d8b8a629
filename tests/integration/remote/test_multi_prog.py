"""The second runner, by the practice site's own ``srun``: every node is this host."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from tests.integration.remote.test_stask import Job, run_until_it_beats
from tests.servers.processes import is_alive, tell

ROOT = Path(__file__).parents[3]
NODES = "mu[001-002]"


class SteppedJob(Job):
    """A job of two nodes, as its scheduler's environment says."""

    def start(self, *options: str, hosts: str = "", name: str = "rp1.1.aaaa", **environ: str):
        found = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            **{"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": NODES, "SLURM_JOB_CPUS_PER_NODE": "2(x2)"},
        }
        options = ("--runner", "multi-prog", *options)
        return super().start(*options, hosts=hosts or "mu001\nmu002\n", name=name, **{**found, **environ})

    def records(self, key: str) -> list[dict]:
        found = [json.loads(line) for line in self.results.read_text().splitlines()]
        return [record for record in found if key in record]


@pytest.fixture
def job(helper_argv, tmp_path):
    (tmp_path / "bin").mkdir()
    srun = tmp_path / "bin" / "srun"
    call = "import sys; from rpconsole.practice.moab.srun import main; sys.exit(main(sys.argv[1:]))"
    srun.write_text(f"#!/bin/sh\necho srun >> {tmp_path}/sruns\nexec {sys.executable} -c '{call}' \"$@\"\n")
    srun.chmod(0o755)
    found = SteppedJob(helper_argv, tmp_path)
    yield found
    found.discard()


def test_every_task_runs_once_in_chunks_as_wide_as_the_job(job):
    job.tasks(*[f"echo {number} >> done.{number}" for number in range(1, 11)])
    assert job.run() == 0
    results = job.read()
    assert results.passed == set(range(1, 11))
    assert all((job.folder / f"done.{number}").read_text() == f"{number}\n" for number in range(1, 11))
    assert (job.folder / "sruns").read_text().split() == ["srun"] * 3
    assert {outcome.node for outcome in results.tasks.values()} == {"mu001", "mu002"}
    end = results.end_of("rp1.1.aaaa")
    assert end is not None
    assert (end.reason, end.passed, end.failed, end.left) == ("finished", 10, 0, 0)
    assert list(job.results.with_name("run.results.chunks").iterdir()) == [], "no file of a chunk stays"


def test_a_record_tells_what_the_first_runner_tells(job):
    job.tasks("echo said; kill -9 $$", "exit 3", "true")
    assert job.run("--attempts", "2") == 5
    results = job.read()
    assert (results.passed, results.abandoned) == ({3}, {1, 2})
    assert (results.tasks[1].signal, results.tasks[1].attempts) == (9, 2)
    assert (results.tasks[2].code, results.tasks[2].attempts) == (3, 2)
    logs = [record["log"] for record in job.records("attempt") if record["task"] == 1]
    assert [Path(log).read_text() for log in logs] == ["said\n"] * 2
    assert {"start", "wall_s", "user_s", "sys_s", "max_rss_kb", "node"} <= set(job.records("attempt")[0])


def test_a_second_attempt_takes_only_what_is_left(job):
    job.tasks("echo x >> ran.1", "echo x >> ran.2; test -e ok")
    job.run("--attempts", "1")
    (job.folder / "ok").touch()
    assert job.run("--attempts", "2", "--again", name="rp1.2.bbbb") == 0
    assert [(job.folder / f"ran.{number}").read_text() for number in (1, 2)] == ["x\n", "x\nx\n"]


def test_lines_that_srun_could_not_read_are_run_as_they_stand(job):
    job.tasks(f"echo \"a 'b' %t\" $((1+1)) > out.1 # {'x' * 2000}", "printf '%s' \"$HOME;\" | cat > out.2")
    assert job.run(HOME="/home/é") == 0
    assert (job.folder / "out.1").read_text() == "a 'b' %t 2\n"
    assert (job.folder / "out.2").read_text() == "/home/é;"


def test_sigterm_lets_short_tasks_finish_ends_long_ones_and_writes_the_end_mark(job):
    job.tasks("echo > begun; sleep 1; echo x > short", "echo $$ > pid; sleep 60", *["touch never"] * 5)
    leader = job.start("--slots", "1", "--term-grace-s", "6")
    job.wait_for(lambda: (job.folder / "begun").exists() and (job.folder / "pid").exists())
    leader.send_signal(signal.SIGTERM)
    leader.communicate(timeout=90)
    assert leader.returncode == 6
    end = job.read().end_of("rp1.1.aaaa")
    assert end is not None
    assert (end.reason, end.passed, end.failed, end.left) == ("term", 1, 0, 6)
    assert not (job.folder / "never").exists()
    assert not is_alive(int((job.folder / "pid").read_text()))
    assert 2 not in job.read().tasks


def test_near_the_wall_time_no_further_chunk_begins(job):
    job.tasks("sleep 6.5; echo x > first", "true", "touch third")
    assert job.run("--slots", "1", "--wall-s", "12", "--margin-s", "6") == 6
    end = job.read().end_of("rp1.1.aaaa")
    assert end is not None
    assert (end.reason, end.left) == ("wall", 1)
    assert not (job.folder / "third").exists()


def test_after_kill_9_of_the_leader_its_tasks_end_and_the_next_job_does_the_rest(job):
    job.tasks("echo $$ >> pids; test -e ok || sleep 60", "echo $$ >> pids; test -e ok || sleep 60", "echo x >> ran.3")
    leader = job.start("--slots", "1")
    job.wait_for(lambda: (job.folder / "pids").exists() and len((job.folder / "pids").read_text().split()) == 2)
    os.kill(leader.pid, signal.SIGKILL)
    leader.communicate()
    pids = [int(pid) for pid in (job.folder / "pids").read_text().split()]
    job.wait_for(lambda: not any(is_alive(pid) for pid in pids))
    (job.folder / "ok").touch()
    assert job.run("--takeover", name="rp1.2.bbbb") == 0
    assert job.read().passed == {1, 2, 3}
    assert {outcome.attempts for outcome in job.read().tasks.values()} == {1}


def test_a_node_whose_ranks_all_vanish_is_passed_over_and_its_tasks_spend_no_attempt(job):
    job.tasks(
        *[
            'echo "$RPR_NODE $PPID" >> ranks; until test -e ok || [ "$RPR_NODE" = mu002 ]; do sleep 0.05; done; test -e ok || sleep 60'
        ]
        * 4
    )
    leader = job.start("--slots", "2")
    job.wait_for(lambda: (job.folder / "ranks").exists() and len((job.folder / "ranks").read_text().splitlines()) == 4)
    ranks = [line.split() for line in (job.folder / "ranks").read_text().splitlines()]
    for node, pid in ranks:
        if node == "mu002":
            tell(int(pid), signal.SIGKILL)
    (job.folder / "ok").touch()
    leader.communicate(timeout=90)
    (mark,) = [record for record in job.records("mark") if record["mark"] == "lost"]
    assert (mark["node"], len(mark["tasks"])) == ("mu002", 2)
    results = job.read()
    assert results.passed == {1, 2, 3, 4}
    assert {outcome.node for outcome in results.tasks.values()} == {"mu001"}
    assert {outcome.attempts for outcome in results.tasks.values()} == {1}


def test_an_srun_that_starts_nothing_ends_the_job_and_says_so(job):
    (job.folder / "bin" / "srun").write_text("#!/bin/sh\necho 'srun: error: no' >&2\nexit 1\n")
    job.tasks("true")
    process = job.start()
    _, err = process.communicate(timeout=90)
    assert process.returncode == 2
    assert "began no task" in err
    end = job.read().end_of("rp1.1.aaaa")
    assert end is not None
    assert (end.reason, end.left) == ("nodes", 1)


def test_a_site_without_srun_gets_a_sentence(job):
    (job.folder / "bin" / "srun").unlink()
    job.tasks("true")
    process = job.start(PATH=str(job.folder / "bin"))
    _, err = process.communicate(timeout=90)
    assert process.returncode == 3
    assert "cannot start srun" in err
    assert "Traceback" not in err


def test_results_are_complete_while_a_chunk_still_runs(job):
    """Whoever polls sees each task as it ends, not each chunk."""
    job.tasks("true", "until test -e ok; do sleep 0.05; done")
    leader = job.start("--slots", "1")
    job.wait_for(lambda: job.results.exists() and job.read().passed == {1})
    (job.folder / "ok").touch()
    leader.communicate(timeout=90)
    assert job.read().passed == {1, 2}


def test_signs_of_life_stand_among_the_results_while_a_task_runs(job):
    run_until_it_beats(job)
    assert job.read().passed == {1}
    assert job.read().alive_at is not None
    assert {record["name"] for record in job.records("mark")} == {"rp1.1.aaaa"}
