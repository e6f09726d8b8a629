"""The practice Moab prints like a real one, and our own readers read it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.commands.moab import Moab
from rpconsole.commands.scheduler import JobOutcome
from rpconsole.ports.site import Answer
from rpconsole.practice.card import Card
from rpconsole.practice.faults import Faults
from rpconsole.practice.moab import checkjob, control, msub, showq
from rpconsole.practice.moab.forms import span, span_of
from rpconsole.practice.moab.multi_prog import Refused, commands_of
from rpconsole.practice.moab.node_list import compressed, expanded
from rpconsole.practice.moab.spool import Job, Spool, State
from rpconsole.practice.paths import SITE_VARIABLE, SitePaths, SiteSettings, write_settings

MOAB = Moab()
SAMPLES = Path(__file__).parents[2] / "data" / "moab"
SCRIPT = "#!/bin/tcsh\n#MSUB -l nodes=2:ppn=2,walltime=1:30:00\n#MSUB -j oe -N inside\n#MSUB -V\ndate\n#MSUB -A late\n"


class Clients:
    """The clients of one site, called in this process."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.paths = SitePaths(root)
        self.paths.make()
        self.spool = Spool(self.paths.spool)
        self.faults = Faults(self.paths)
        write_settings(self.paths, SiteSettings(slots=2))
        Card.issue(self.paths.cards / "operator.json")
        self._capsys = capsys

    def call(self, client, *arguments) -> Answer:
        rc = client(list(arguments))
        printed = self._capsys.readouterr()
        return Answer(rc=rc, out=printed.out, err=printed.err)

    def submit(self, *options: str, script: str = SCRIPT) -> str:
        path = self.paths.home / "run.cmd"
        path.write_text(script)
        return self.call(msub.main, *options, str(path)).out.strip()

    def job(self, number: str) -> Job:
        job = self.spool.job(number)
        assert job is not None
        return job


@pytest.fixture
def clients(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(SITE_VARIABLE, str(tmp_path))
    monkeypatch.setenv("USER", "operator")
    monkeypatch.chdir(tmp_path)
    return Clients(tmp_path, capsys)


def shape(text: str) -> list[str]:
    """The labels of a checkjob text, in order."""
    return re.findall(r"^([A-Z][A-Za-z ]*):", text, re.MULTILINE)


def test_directives_end_at_the_first_command_and_the_command_line_beats_them(clients):
    job = clients.job(clients.submit("-N", "rp1.1.ab"))
    assert (job.name, job.nodes, job.ppn, job.walltime_s, job.account) == ("rp1.1.ab", 2, 2, 5400, "")
    assert job.environment["USER"] == "operator"


def test_only_the_first_directive_prefix_counts(clients):
    job = clients.job(clients.submit(script="#PBS -N first\n#MSUB -N second\n"))
    assert job.name == "first"


@pytest.mark.parametrize("option", ["-lnodes=0", "-lnodes=x", "-lwalltime=soon", "-Q"])
def test_what_msub_does_not_understand_is_no_job(clients, option):
    assert clients.submit(option) == ""
    assert clients.spool.jobs() == []


def test_our_reader_takes_the_id_that_msub_prints(clients):
    (clients.paths.home / "a.cmd").write_text("#!/bin/sh\n")
    answer = clients.call(msub.main, str(clients.paths.home / "a.cmd"))
    assert MOAB.read_submit(answer).job == clients.spool.jobs()[0].job


def test_an_idle_job_prints_the_labels_of_the_sample_in_its_order(clients):
    printed = clients.call(checkjob.main, clients.submit()).out
    wanted = shape((SAMPLES / "18_checkjob_idle_nemo.txt").read_text())
    shown = shape(printed)
    assert [label for label in wanted if label in shown] == [label for label in shown if label in wanted]
    assert {"AName", "State", "Creds", "WallTime", "SubmitTime", "SystemJID", "IWD", "SubmitDir"} <= set(shown)


def test_checkjob_of_an_unknown_id_is_read_as_gone(clients):
    assert MOAB.read_job("5", clients.call(checkjob.main, "5")).state.outcome is JobOutcome.GONE


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (State.IDLE, JobOutcome.QUEUED),
        (State.BATCH_HOLD, JobOutcome.HELD),
        (State.RUNNING, JobOutcome.RUNNING),
        (State.CANCELING, JobOutcome.RUNNING),
        (State.REMOVED, JobOutcome.ENDED),
        (State.COMPLETED, JobOutcome.ENDED),
    ],
)
def test_our_readers_agree_on_a_jobs_state(clients, state, outcome):
    number = clients.submit()
    code = "3" if outcome is JobOutcome.ENDED else ""
    started = time.time() - 10
    clients.spool.change(clients.job(number), state=state, code=code, started_at=started, ended_at=time.time())
    arguments = ["-c"] if outcome is JobOutcome.ENDED else []
    listing = MOAB.read_queue(clients.call(showq.main, "--xml", "-w", "user=operator", *arguments))
    assert listing is not None
    (listed,) = listing.jobs
    looked_at = MOAB.read_job(number, clients.call(checkjob.main, "-v", number)).state
    assert listed.outcome is looked_at.outcome is outcome
    assert listed.code == looked_at.code == (3 if code else None)


def test_the_queue_shows_one_users_jobs_only(clients, monkeypatch):
    clients.submit()
    monkeypatch.setenv("USER", "relief")
    listing = MOAB.read_queue(clients.call(showq.main, "--xml", "-w", "user=relief"))
    assert listing is not None
    assert listing.jobs == ()


def test_the_text_queue_has_the_columns_of_the_sample(clients):
    number = clients.submit()
    clients.spool.change(clients.job(number), state=State.RUNNING, started_at=time.time())
    printed = clients.call(showq.main).out
    assert "JOBID              USERNAME      STATE PROCS   REMAINING            STARTTIME\n\n" in printed
    row = next(line for line in printed.splitlines() if line.startswith(number))
    assert (row[:38].split(), row[38:44]) == ([number, "operator", "Running"], "     4")
    assert row[44:56].strip() in ("1:30:00", "1:29:59")
    assert re.fullmatch(r"  [A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d", row[56:])
    assert printed.rstrip().endswith("\nTotal job:  1")


def test_a_waiting_job_is_cancelled_at_once(clients):
    number = clients.submit()
    answer = clients.call(control.main_canceljob, number)
    assert MOAB.read_cancel(number, answer).outcome == "cancelled"
    assert (clients.job(number).state, clients.job(number).code) == (State.REMOVED, "CNCLD")


def test_a_pattern_cancels_more_than_one_as_in_the_manual(clients):
    first, second = clients.submit(), clients.submit()
    answer = clients.call(control.main_mjobctl, "-c", "1104.*")
    assert MOAB.read_cancel(first, answer).others == (second,)


def test_a_held_job_stays_idle_in_the_diagnosis(clients):
    number = clients.submit("-h")
    listing = MOAB.read_queue(clients.call(control.main_mjobctl, "-q", "diag", "ALL", "--xml"))
    assert listing is not None
    assert listing.jobs[0].word == "Idle (User hold)"
    clients.call(control.main_mjobctl, "-u", "user", number)
    assert clients.job(number).state is State.IDLE


def test_a_staged_fault_is_used_up(clients):
    clients.faults.stage("msub", "lost", times=1)
    assert clients.submit() == ""
    assert clients.submit() != ""
    assert len(clients.spool.jobs()) == 2


@pytest.mark.parametrize("mode", ["refuse", "full"])
def test_a_staged_refusal_takes_no_job(clients, mode):
    clients.faults.stage("msub", mode)
    clients.submit()
    assert clients.spool.jobs() == []


@pytest.mark.parametrize("mode", ["timeout", "garbage", "empty"])
def test_a_staged_silence_of_the_queue_is_no_answer(clients, mode):
    clients.submit()
    clients.faults.stage("showq", mode)
    assert MOAB.read_queue(clients.call(showq.main, "--xml")) is None


def test_a_broken_faults_file_stages_nothing(clients):
    clients.paths.faults.write_text("{not json")
    assert clients.submit() != ""


@given(st.lists(st.integers(0, 99), unique=True).map(lambda numbers: [f"mu{number:03d}" for number in numbers]))
def test_a_compressed_node_list_expands_to_the_same_nodes(names):
    assert expanded(compressed(names)) == names


def test_a_mixed_node_list_expands():
    assert expanded("mu[001-003,0712],mu-fe1") == ["mu001", "mu002", "mu003", "mu0712", "mu-fe1"]


@given(st.integers(0, 10**7))
def test_a_span_reads_back(seconds):
    assert span_of(span(seconds)) == seconds


def test_a_multi_prog_file_gives_each_rank_its_words(tmp_path):
    path = tmp_path / "multi.conf"
    path.write_text("# a comment\n0-1 /run_one.sh %t 'two words' \"no\n*  /rest %o\n")
    assert commands_of(str(path), 3) == [
        ("/run_one.sh", "0", "two words", '"no'),
        ("/run_one.sh", "1", "two words", '"no'),
        ("/rest", "0"),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0 " + "x" * 300 + "\n", "Line 1 of configuration file .* too long"),
        ("0 /a " + "\n# " * 20000, "is too large"),
        ("0 /a\n", "no record for task id 1"),
        ("0-1 /a\n1 /b\n", "Duplicate record for task 1"),
    ],
)
def test_a_multi_prog_file_meets_the_limits_of_old_slurm(tmp_path, text, sentence):
    path = tmp_path / "multi.conf"
    path.write_text(text)
    with pytest.raises(Refused, match=sentence):
        commands_of(str(path), 2)
