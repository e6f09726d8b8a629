"""The runner of the real file, on this host and on nodes that are all this host."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.servers.processes import is_alive, tell

from rpconsole.commands.results import TaskResults, read_results


class Job:
    """One results file and the leaders that are started on it."""

    def __init__(self, argv: list[str], folder: Path) -> None:
        self.argv = argv
        self.folder = folder
        self.results = folder / "run.results"
        self.processes: list[subprocess.Popen[str]] = []

    def tasks(self, *lines: str) -> None:
        (self.folder / "run.config").write_text("".join(line + "\n" for line in lines))

    def start(self, *options: str, hosts: str = "", name: str = "rp1.1.aaaa", **environ: str) -> subprocess.Popen[str]:
        (self.folder / "hosts").write_text(hosts)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM", "PBS", "MOAB"))}
        process = subprocess.Popen(
            [
                *self.argv,
                "stask",
                str(self.folder / "run.config"),
                str(self.folder / "hosts"),
                "1",
                "--name",
                name,
                *options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**clean, **environ},
        )
        self.processes.append(process)
        return process

    def run(self, *options: str, **more: str) -> int:
        process = self.start(*options, **more)
        err = process.communicate(timeout=90)[1]
        assert "Traceback" not in err, err
        return process.returncode

    def read(self) -> TaskResults:
        return read_results(self.results.read_text() if self.results.exists() else "")

    def wait_for(self, condition, patience_s: float = 60.0) -> None:
        give_up = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < give_up, self.results.read_text() if self.results.exists() else "no results"
            time.sleep(0.02)

    def discard(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def job(helper_argv, tmp_path):
    found = Job(helper_argv, tmp_path)
    yield found
    found.discard()


def test_two_hundred_tiny_tasks_all_run_once_and_are_all_recorded(job):
    job.tasks(*[f"echo {number} >> done.{number}" for number in range(1, 201)])
    assert job.run() == 0
    results = job.read()
    assert results.passed == set(range(1, 201))
    assert {outcome.attempts for outcome in results.tasks.values()} == {1}
    assert all((job.folder / f"done.{number}").read_text() == f"{number}\n" for number in range(1, 201))
    end = results.end_of("rp1.1.aaaa")
    assert end is not None
    assert (end.reason, end.passed, end.failed, end.left) == ("finished", 200, 0, 0)
    assert results.starts[0].tasks == 200
    assert results.garbage_lines == 0


def test_a_task_that_fails_always_is_tried_three_times_and_the_others_go_on(job):
    job.tasks("echo x >> tries; exit 3", "true", "kill -9 $$", "nosuchprogram")
    assert job.run() == 5
    results = job.read()
    assert (job.folder / "tries").read_text() == "x\n" * 3
    assert results.passed == {2}
    assert results.abandoned == {1, 3, 4}
    assert [results.tasks[task].attempts for task in (1, 2, 3, 4)] == [3, 1, 3, 3]
    assert (results.tasks[1].code, results.tasks[3].signal, results.tasks[4].code) == (3, 9, 127)


def test_a_task_that_fails_once_passes_at_its_second_attempt(job):
    job.tasks("test -e again || { touch again; exit 1; }")
    assert job.run() == 0
    assert job.read().tasks[1].attempts == 2


def test_a_line_is_one_shell_command_line_whatever_it_holds(job):
    job.tasks(
        "echo 'a  b' \"$HOME\" | cat > out && echo é% >> out", "", "top -b -n 1 > /dev/null", "\t ", "echo $RPR_TASK"
    )
    assert job.run(HOME="/home/x") == 0
    assert (job.folder / "out").read_text() == "a  b /home/x\né%\n"
    assert job.read().passed == {1, 3, 5}
    assert job.read().starts[0].tasks == 3


def test_the_log_of_each_attempt_is_found_from_its_record(job):
    job.tasks("echo out; echo err >&2; exit 1", "true")
    job.run("--attempts", "2")
    records = [json.loads(line) for line in job.results.read_text().splitlines()]
    logs = [record["log"] for record in records if record.get("task") == 1 and "attempt" in record]
    assert [Path(log).read_text() for log in logs] == ["out\nerr\n"] * 2
    assert len(set(logs)) == 2
    assert job.read().tasks[2].log is None


def test_silent_tasks_leave_no_file(job):
    job.tasks(*["true"] * 30, "/bin/true", "echo said")
    job.run("--slots", "3")
    logs = [path for path in Path(f"{job.results}.tasks").rglob("*") if path.is_file()]
    assert [str(path) for path in logs] == [job.read().tasks[32].log]


def test_a_task_that_runs_for_a_while_is_watched_under_its_own_name(job):
    """Also after silent tasks, whose file it took over."""
    job.tasks(*["true"] * 3, "echo begun; while ! test -e ok; do sleep 0.1; done")
    leader = job.start("--slots", "1")
    log = Path(f"{job.results}.tasks/000/4.1.log")
    job.wait_for(lambda: log.exists() and log.read_text() == "begun\n")
    (job.folder / "ok").touch()
    leader.communicate(timeout=90)
    assert job.read().tasks[4].log == str(log)


def test_each_attempt_tells_what_it_cost(job):
    job.tasks(
        "/usr/bin/python3 -c 'x = bytearray(80_000_000)'; sleep 0.3",
        "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done",
    )
    began = time.time()
    job.run()
    heavy, busy = job.read().tasks[1], job.read().tasks[2]
    assert heavy.max_rss_kb is not None
    assert heavy.max_rss_kb > 80_000
    assert heavy.wall_s is not None
    assert heavy.wall_s >= 0.3
    assert heavy.start is not None
    assert began - 1 < heavy.start < time.time()
    assert busy.user_s is not None
    assert busy.user_s > 0.02


def test_no_more_tasks_run_at_once_than_there_are_slots(job):
    # the first three wait for each other
    job.tasks(*["echo + >> trace; until [ $(grep -c + trace) -ge 3 ]; do sleep 0.02; done; echo - >> trace"] * 20)
    job.run("--slots", "3")
    running = most = 0
    for mark in (job.folder / "trace").read_text().split():
        running += 1 if mark == "+" else -1
        most = max(most, running)
    assert most == 3


def test_a_second_run_takes_only_what_is_left(job):
    job.tasks("echo x >> ran.1", "echo x >> ran.2; exit 1", "echo x >> ran.3; test -e ok")
    assert job.run("--attempts", "1") == 5
    (job.folder / "ok").touch()
    assert job.run("--attempts", "1", name="rp1.2.bbbb") == 5
    assert [(job.folder / f"ran.{n}").read_text().count("x") for n in (1, 2, 3)] == [1, 1, 1]
    assert job.run("--attempts", "1", "--again", name="rp1.3.cccc") == 5
    assert [(job.folder / f"ran.{n}").read_text().count("x") for n in (1, 2, 3)] == [1, 2, 2]
    assert job.read().passed == {1, 3}
    assert job.read().tasks[3].attempts == 2


def test_results_of_another_list_count_for_nothing_and_its_own_are_continued(job):
    job.tasks("true", "false")
    job.run()
    job.tasks("echo another > out", "echo x >> ran")
    assert job.run(name="rp1.2.bbbb") == 0
    assert (job.folder / "out").exists()
    assert job.read().passed == {1, 2}
    assert job.run(name="rp1.3.cccc") == 0
    assert (job.folder / "ran").read_text() == "x\n"


def test_a_list_that_is_not_there_gets_a_sentence(job):
    process = job.start()
    _, err = process.communicate(timeout=90)
    assert process.returncode == 3
    assert "run.config" in err
    assert "Traceback" not in err


# --- killed, ended, overtaken


def test_after_kill_9_of_the_leader_its_tasks_end_and_the_next_job_does_the_rest_once(job):
    job.tasks(*[f"echo x >> ran.{n}" for n in range(1, 6)], *["echo $$ >> pids; sleep 60"] * 2, "echo x >> ran.8")
    leader = job.start("--slots", "2")
    job.wait_for(lambda: (job.folder / "pids").exists() and len((job.folder / "pids").read_text().split()) == 2)
    job.wait_for(lambda: len(job.read().passed) >= 5)
    os.kill(leader.pid, signal.SIGKILL)
    leader.communicate()
    pids = [int(pid) for pid in (job.folder / "pids").read_text().split()]
    job.wait_for(lambda: not any(is_alive(pid) for pid in pids))
    with job.results.open("ab") as file:
        file.write(b'{"task":6,"no')
    text = (job.folder / "run.config").read_text()
    assert "sleep 60" in text
    (job.folder / "bin").mkdir()
    (job.folder / "bin" / "sleep").write_text("#!/bin/sh\nexit 0\n")
    (job.folder / "bin" / "sleep").chmod(0o755)
    path = f"{job.folder}/bin:{os.environ['PATH']}"
    assert job.run("--takeover", name="rp1.2.bbbb", PATH=path) == 0
    results = job.read()
    assert results.passed == set(range(1, 9))
    assert results.garbage_lines == 1
    assert all((job.folder / f"ran.{n}").read_text() == "x\n" for n in (1, 2, 3, 4, 5, 8))
    assert {results.tasks[n].attempts for n in range(1, 9)} == {1}


def test_sigterm_lets_short_tasks_finish_ends_long_ones_and_writes_the_end_mark(job):
    job.tasks("echo > begun; sleep 1; echo x > short", "echo $$ > pid; sleep 60", *["touch never"] * 5)
    leader = job.start("--slots", "2", "--term-grace-s", "6")
    job.wait_for(lambda: (job.folder / "begun").exists() and (job.folder / "pid").exists())
    leader.send_signal(signal.SIGTERM)
    leader.communicate(timeout=90)
    assert leader.returncode == 6
    results = job.read()
    end = results.end_of("rp1.1.aaaa")
    assert end is not None
    assert (end.reason, end.passed, end.failed, end.left) == ("term", 1, 0, 6)
    assert (job.folder / "short").exists()
    assert not (job.folder / "never").exists()
    assert not is_alive(int((job.folder / "pid").read_text()))
    assert 2 not in results.tasks, "a task that the runner itself has ended has spent no attempt"


def test_near_the_wall_time_nothing_more_is_handed_out(job):
    # from the sixth second on; what runs then may go on for five more
    job.tasks("sleep 6.5; echo x > first", "touch second")
    assert job.run("--slots", "1", "--wall-s", "12", "--margin-s", "6") == 6
    end = job.read().end_of("rp1.1.aaaa")
    assert end is not None
    assert (end.reason, end.passed, end.left) == ("wall", 1, 1)
    assert not (job.folder / "second").exists()


def test_the_wall_time_ends_a_task_that_does_not_fit(job):
    job.tasks("trap '' TERM; sleep 60 & wait; wait", "touch second")
    began = time.monotonic()
    assert job.run("--slots", "1", "--wall-s", "4", "--margin-s", "2.5") == 6
    assert time.monotonic() - began < 45, "the task would have slept for a minute"
    end = job.read().end_of("rp1.1.aaaa")
    assert end is not None
    assert (end.reason, end.left) == ("wall", 2)


def test_a_duplicate_job_ends_at_once_and_writes_to_its_own_output_only(job):
    job.tasks("echo > begun; until test -e ok; do sleep 0.05; done", "echo x >> second")
    first = job.start("--slots", "1")
    job.wait_for(lambda: (job.folder / "begun").exists())
    before = job.results.read_bytes()
    second = job.start(name="rp1.2.bbbb")
    out, _ = second.communicate(timeout=90)
    assert second.returncode == 0
    mark = json.loads(out)
    assert (mark["mark"], mark["name"], mark["of"]["name"]) == ("duplicate", "rp1.2.bbbb", "rp1.1.aaaa")
    assert job.results.read_bytes() == before
    (job.folder / "ok").touch()
    first.communicate(timeout=90)
    assert (job.folder / "second").read_text() == "x\n"


def test_of_five_jobs_started_together_one_runs(job):
    job.tasks("echo x >> ran; until test -e ok; do sleep 0.05; done")
    started = [job.start(name=f"rp1.{number}.aaaa") for number in range(5)]
    job.wait_for(lambda: sum(process.poll() is not None for process in started) == 4)
    (job.folder / "ok").touch()
    outs = [process.communicate(timeout=90)[0] for process in started]
    assert sum('"duplicate"' in out for out in outs) == 4
    assert (job.folder / "ran").read_text() == "x\n"


def test_an_overruled_leader_stops_its_tasks_and_writes_no_more(job):
    job.tasks("echo $$ >> pids; test -e ok || sleep 60")
    first = job.start("--slots", "1")
    job.wait_for(lambda: (job.folder / "pids").exists())
    (job.folder / "ok").touch()
    assert job.run("--takeover", name="rp1.2.bbbb") == 0
    out, _ = first.communicate(timeout=90)
    assert '"duplicate"' in out
    results = job.read()
    assert results.end_of("rp1.1.aaaa") is None
    assert results.passed == {1}
    assert not is_alive(int((job.folder / "pids").read_text().split()[0]))


# --- nodes


def worker_pids(leader: subprocess.Popen[str]) -> list[int]:
    children = Path(f"/proc/{leader.pid}/task/{leader.pid}/children").read_text().split()
    return [int(child) for child in children]


def test_tasks_spread_over_the_nodes(job):
    # each waits until all six run
    job.tasks(*["echo x >> begun; until [ $(wc -l < begun) -eq 6 ]; do sleep 0.05; done"] * 6)
    job.run("--slots", "2", "--launch", "local", hosts="n1\nn2\nn3\n")
    nodes = [outcome.node for outcome in job.read().tasks.values()]
    assert sorted(nodes) == ["n1", "n1", "n2", "n2", "n3", "n3"]


def test_a_node_that_dies_loses_its_running_tasks_only_and_they_spend_no_attempt(job):
    job.tasks(*["echo $RPR_NODE $$ >> pids; while ! test -e ok; do sleep 0.05; done"] * 4)
    leader = job.start("--slots", "2", "--launch", "local", hosts="n1\nn2\n")
    job.wait_for(lambda: (job.folder / "pids").exists() and len((job.folder / "pids").read_text().splitlines()) == 4)
    started = [line.split() for line in (job.folder / "pids").read_text().splitlines()]
    os.kill(worker_pids(leader)[0], signal.SIGKILL)
    job.wait_for(lambda: '"lost"' in job.results.read_text())
    (mark,) = [json.loads(line) for line in job.results.read_text().splitlines() if '"lost"' in line]
    orphans = [int(pid) for node, pid in started if node == mark["node"]]
    assert len(orphans) == 2
    job.wait_for(lambda: not any(is_alive(pid) for pid in orphans))
    (job.folder / "ok").touch()
    leader.communicate(timeout=90)
    results = job.read()
    assert results.passed == {1, 2, 3, 4}
    assert {outcome.attempts for outcome in results.tasks.values()} == {1}
    assert {results.tasks[task].node for task in mark["tasks"]} == {"n1", "n2"} - {mark["node"]}


def test_when_no_node_is_left_the_end_mark_says_so(job):
    job.tasks("sleep 60")
    leader = job.start()
    job.wait_for(lambda: job.results.exists() and worker_pids(leader))
    job.wait_for(lambda: any(Path(f"/proc/{pid}/task/{pid}/children").read_text() for pid in worker_pids(leader)))
    os.kill(worker_pids(leader)[0], signal.SIGKILL)
    leader.communicate(timeout=90)
    end = job.read().end_of("rp1.1.aaaa")
    assert end is not None
    assert (end.reason, end.left) == ("nodes", 1)


def test_a_task_that_failed_on_one_node_is_tried_on_another(job):
    # it fails once there is another node to try
    fails = 'if [ "$RPR_NODE" = bad ]; then until test -e at.good; do sleep 0.05; done; exit 1; fi'
    job.tasks(fails, *["touch at.$RPR_NODE; sleep 0.2"] * 6)
    job.run("--slots", "1", "--launch", "local", hosts="bad\ngood\n")
    assert job.read().passed == set(range(1, 8))
    assert job.read().tasks[1].attempts <= 2


def test_workers_that_are_told_to_leave_end_the_job_in_order(job):
    """A scheduler that cancels a job ends its steps first; the tasks die of the same signal."""
    job.tasks(*["echo $$ >> pids; sleep 60"] * 2)
    leader = job.start("--slots", "2")
    job.wait_for(lambda: (job.folder / "pids").exists() and len((job.folder / "pids").read_text().split()) == 2)
    tasks = [int(pid) for pid in (job.folder / "pids").read_text().split()]
    workers = worker_pids(leader)
    # all hear of it at the same moment, though they are told one after the other
    for number in (signal.SIGSTOP, signal.SIGTERM):
        for pid in [*workers, *(tasks if number is signal.SIGTERM else [])]:
            tell(pid, number)
    for pid in workers:
        tell(pid, signal.SIGCONT)
    leader.communicate(timeout=90)
    results = job.read()
    end = results.end_of("rp1.1.aaaa")
    assert end is not None
    assert (end.reason, end.left) == ("term", 2)
    assert dict(results.tasks) == {}


def test_a_full_disk_delays_results_and_loses_none(job, small_disk):
    """Room comes back while the job runs: every record is there, each line whole."""
    job.tasks(*["true"] * 20, f"sleep 1; rm {small_disk}/filler; sleep 2.5", *["true"] * 20)
    with (small_disk / "filler").open("wb") as filler:
        filler.write(b"x" * (1020 << 10))
    results = small_disk / "run.results"
    process = job.start("--results", str(results), "--fence", str(job.folder / "fence"), "--slots", "2")
    process.communicate(timeout=90)
    found = read_results(results.read_text())
    assert found.passed == set(range(1, 42))
    assert found.garbage_lines == 0


def run_until_it_beats(job):
    """A task that ends once three signs of life stand among the results."""
    job.tasks("until test -e ok; do sleep 0.05; done")
    leader = job.start("--beat-s", "0.1")
    job.wait_for(lambda: job.results.exists() and job.results.read_text().count('"alive"') >= 3)
    (job.folder / "ok").touch()
    leader.communicate(timeout=90)


def test_signs_of_life_stand_among_the_results_while_a_task_runs(job):
    run_until_it_beats(job)
    assert job.read().passed == {1}
    assert job.read().alive_at is not None
