"""Output that a real Slurm 22.05 printed, and what a reader must find in it.

Most samples were taken with ``-h`` or ``-n``. We ask for the header, so it is put before them here as Slurm itself prints it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rpconsole.commands.scheduler import CancelOutcome, JobOutcome
from rpconsole.commands.slurm import Slurm
from rpconsole.domain.event import JobAccepted, SchedulerAway, SubmitRefused
from rpconsole.ports.site import Answer

SAMPLES = Path(__file__).parents[2] / "data" / "slurm"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.meta"))
SLURM = Slurm()
COLUMNS = {
    **{
        "%i": "JOBID",
        "%T": "STATE",
        "%r": "REASON",
        "%D": "NODES",
        "%M": "TIME",
        "%l": "TIME_LIMIT",
        "%S": "START_TIME",
    },
    **{
        "%e": "END_TIME",
        "%N": "NODELIST",
        "%j": "NAME",
        "%u": "USER",
        "%k": "COMMENT",
        "%A": "JOBID",
        "%F": "ARRAY_JOB_ID",
    },
    "%K": "ARRAY_TASK_ID",
}
#: what sacct prints where no columns are asked for
PLAIN = "JobID|JobName|Partition|Account|AllocCPUS|State|ExitCode"


def text_of(name: str, kind: str) -> str:
    path = SAMPLES / f"{name}.{kind}"
    return path.read_text() if path.exists() else ""


def command_of(name: str) -> str:
    return text_of(name, "meta").partition("cmd: ")[2].strip()


def printed(name: str) -> Answer:
    rc = int(re.match(r"rc=(\d+)", text_of(name, "meta"))[1])
    return Answer(rc=rc, out=_header(name) + text_of(name, "stdout"), err=text_of(name, "stderr"))


def _header(name: str) -> str:
    command = command_of(name)
    if " -n" in command and command.startswith("sacct"):
        wanted = re.search(r"-o (\S+)", command)
        return (wanted[1].replace(",", "|") if wanted else PLAIN) + "\n"
    if " -h" in command and command.startswith("squeue"):
        wanted = re.search(r"-o (\S+)", command)
        return "|".join(COLUMNS[each] for each in (wanted[1] if wanted else "%i|%T").split("|")) + "\n"
    return ""


def outcomes(name: str) -> dict[str | None, JobOutcome]:
    listing = SLURM.read_queue(printed(name))
    assert listing is not None
    return {state.job: state.outcome for state in listing.jobs}


@pytest.mark.parametrize(
    ("name", "job"),
    [
        ("sbatch_ok", "1"),
        ("sbatch_parsable", "2"),
        ("sbatch_parsable_cluster", "3;mustang"),
        ("sbatch_comment", "23"),
        ("sbatch_too_many_nodes", "10"),
        ("sbatch_time_limit", "12"),
        ("sbatch_bad_account", "11"),
        ("sbatch_wrap_dep_unknown", "22"),
    ],
)
def test_an_accepted_submission_is_read_in_every_form(name, job):
    assert SLURM.read_submit(printed(name)) == JobAccepted(job=job)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("sbatch_bad_partition", "Invalid partition name"),
        ("sbatch_missing_script", "Unable to open file"),
        ("sbatch_noshebang", "/bin/sh"),
        ("sbatch_crlf", "UNIX line breaks"),
    ],
)
def test_a_rejected_submission_is_refused_in_slurms_words(name, word):
    refused = SLURM.read_submit(printed(name))
    assert isinstance(refused, SubmitRefused)
    assert word in refused.sentence


def test_a_controller_that_is_down_submitted_nothing():
    assert isinstance(SLURM.read_submit(printed("down_sbatch")), SchedulerAway)


Q, H, R, E = JobOutcome.QUEUED, JobOutcome.HELD, JobOutcome.RUNNING, JobOutcome.ENDED


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("squeue_fmt", {"6": Q, "7": Q, "9_[1-3%1]": Q, "8": H, "2": R, "5": R}),
        ("squeue_reasons", {"6": Q, "7": Q, "9_3": Q, "10": H, "11": Q, "12": H, "8": H, "2": R, "5": R}),
        (
            "squeue_completing",
            {"5": E, "6": E, "9_3": E, "9_2": E, "11": E, "7": H, "10": H, "12": H, "8": H, "2": R},
        ),
        ("squeue_all_states", {"22": E, "23": E}),
        ("squeue_dep_never", {"7": H}),
        ("squeue_name", {"22": Q}),
        ("squeue_empty", {}),
        ("sacct_all_parsable", None),
        ("sacct_since", {"1": E}),
        ("sacct_never_eligible", {"7": E, "8": E, "10": E}),
    ],
)
def test_every_listed_job_stands_where_slurm_says(name, expected):
    found = outcomes(name)
    if expected is None:
        assert set(found.values()) <= {Q, R, E}
        assert {job: found[job] for job in ("1", "2", "3", "4", "5", "6")} == dict.fromkeys("123456", E)
    else:
        assert found == expected


@pytest.mark.parametrize(
    "name", ["squeue_unknown", "squeue_purged", "squeue_bad_user", "down_squeue", "down_squeue_json"]
)
def test_what_is_no_listing_is_no_answer_and_never_an_empty_queue(name):
    assert SLURM.read_queue(printed(name)) is None


@pytest.mark.parametrize(
    ("name", "job", "outcome", "code", "word"),
    [
        ("sacct_parsable", "1", E, 0, "COMPLETED"),
        ("sacct_parsable", "2", R, 0, "RUNNING"),
        ("sacct_parsable", "3", E, 3, "FAILED"),
        ("sacct_parsable", "4", E, 0, "FAILED"),
        ("sacct_parsable", "5", E, 0, "CANCELLED by 0"),
        ("sacct_timeout", "15", E, 0, "TIMEOUT"),
        ("sacct_never_eligible", "8", E, 0, "CANCELLED"),
        ("down_sacct", "2", R, 0, "RUNNING"),
    ],
)
def test_sacct_says_how_a_job_ended(name, job, outcome, code, word):
    state = SLURM.read_job(job, printed(name)).state
    assert (state.outcome, state.code, state.word) == (outcome, code, word)


def test_a_signal_is_told_where_the_code_is_zero():
    assert SLURM.read_job("4", printed("sacct_parsable")).state.sentence == "ended by signal 9"


def test_sacct_tells_the_time_and_the_nodes():
    detail = SLURM.read_job("5", printed("sacct_parsable"))
    assert (detail.wall_used_s, detail.wall_limit_s, detail.node_text) == (70, 3600, "mu[001-002]")
    assert detail.completed_at == "2026-11-22T17:36:42"


def test_an_unknown_id_is_gone():
    assert SLURM.read_job("999999", printed("sacct_unknown")).state.outcome is JobOutcome.GONE


@pytest.mark.parametrize(
    ("name", "job", "outcome"),
    [
        ("scancel_unknown", "999999", CancelOutcome.CANCELLED),
        ("scancel_completed", "1", CancelOutcome.CANCELLED),
        ("scancel_running", "5", CancelOutcome.CANCELLED),
        ("scancel_garbage", "1", CancelOutcome.GONE),
        ("down_scancel", "2", CancelOutcome.NO_ANSWER),
    ],
)
def test_scancel_is_silent_when_it_obeys_and_when_it_has_forgotten(name, job, outcome):
    assert SLURM.read_cancel(job, printed(name)).outcome is outcome


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "json" in name or name.startswith(("scontrol", "srun", "host"))]
)
def test_what_is_printed_for_others_is_no_listing(name):
    assert SLURM.read_queue(printed(name)) is None


@pytest.mark.parametrize("name", NAMES)
def test_no_sample_is_an_exception_or_an_end_of_another_job(name):
    answer = printed(name)
    SLURM.read_submit(answer)
    SLURM.read_queue(answer)
    assert SLURM.read_job("424242", answer).state.outcome in (JobOutcome.GONE, JobOutcome.NO_ANSWER)
    SLURM.read_cancel("424242", answer)
