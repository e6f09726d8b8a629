"""Slurm's commands as we give them, and broken or lost answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.commands.known_schedulers import KNOWN_SCHEDULERS
from rpconsole.commands.scheduler import CancelOutcome, JobOrder, JobOutcome
from rpconsole.commands.slurm import Slurm
from rpconsole.commands.slurm_answers import outcome_of, seconds_of
from rpconsole.domain.event import JobAccepted, QueueFull, SubmitRefused, SubmitUnknown
from rpconsole.domain.fault import BadData
from rpconsole.ports.site import Answer

SLURM = Slurm()
HEADER = "JOBID|STATE|REASON|TIME_LEFT|USER|NAME\n"
FAILED = "sbatch: error: Batch job submission failed: "


def answer(out: str = "", err: str = "", rc: int | None = 0, timed_out: bool = False) -> Answer:
    return Answer(rc=rc, out=out, err=err, timed_out=timed_out)


def order(name: str = "rp7.1.ab", extra: tuple[str, ...] = ()) -> JobOrder:
    return JobOrder(script="/s/run.cmd", name=name, cwd="/s", account="sky", queue="big", extra=extra)


def listed(*rows: str):
    return SLURM.read_queue(answer(HEADER + "".join(f"{row}\n" for row in rows)))


def test_a_job_that_lost_a_node_and_went_on_stands_as_its_last_row_says():
    """sacct prints one row a size."""
    text = "JobID|State|ExitCode\n1|RESIZING|0:0\n1|CANCELLED by 0|0:0\n2|RUNNING|0:0\n"
    listing = SLURM.read_queue(answer(text))
    assert listing is not None
    assert {state.job: state.outcome for state in listing.jobs} == {"1": JobOutcome.ENDED, "2": JobOutcome.RUNNING}
    assert SLURM.read_job("1", answer(text)).state.outcome is JobOutcome.ENDED


def test_a_submission_names_the_job_and_its_directory_and_forbids_reruns():
    assert SLURM.submit_command(order(extra=("--reservation=night",))) == (
        *("sbatch", "--parsable", "-J", "rp7.1.ab", "-D", "/s", "--mail-type=NONE", "--no-requeue"),
        *("-A", "sky", "-p", "big", "--reservation=night", "/s/run.cmd"),
    )


def test_commands_take_the_configured_directory():
    assert KNOWN_SCHEDULERS["slurm"]("/opt/slurm/bin/").queue_command("us")[0] == "/opt/slurm/bin/squeue"


@pytest.mark.parametrize("command", ["queue_command", "history_command"])
def test_nothing_is_asked_for_as_json(command):
    assert "--json" not in getattr(SLURM, command)("us")
    assert "--json" not in SLURM.job_command("12")


@pytest.mark.parametrize("name", ["", "sixteen.letters.", "a b", "a'b", "rp7;ls", "-N"])
def test_a_name_that_a_back_end_would_cut_is_refused(name):
    with pytest.raises(BadData):
        SLURM.submit_command(order(name=name))


@pytest.mark.parametrize("option", ["-a1-3", "--array=1-3", "-W", "--wait", "-Q", "--test-only", "--requeue", "-d"])
def test_options_that_break_one_job_with_one_id_are_refused(option):
    with pytest.raises(BadData, match=option):
        SLURM.submit_command(order(extra=(option,)))


@pytest.mark.parametrize("job", ["1.*", "9_[1-3]", "x", "", "12;ls -l", "1,2", "-u", "12\n", "12;", "12;-M", "1 2"])
def test_an_id_outside_the_grammar_is_never_given_to_slurm(job):
    with pytest.raises(BadData):
        SLURM.cancel_command(job)
    with pytest.raises(BadData):
        SLURM.job_command(job)


def test_a_job_of_another_cluster_is_asked_for_and_ended_there():
    assert SLURM.cancel_command("3;mustang") == ("scancel", "-M", "mustang", "3")
    assert SLURM.job_command("3;mustang")[3:7] == ("-M", "mustang", "-j", "3")


@pytest.mark.parametrize("user", ["", "a,b", "x y", "-w", "$(id)"])
def test_a_user_outside_the_grammar_is_refused(user):
    with pytest.raises(BadData):
        SLURM.queue_command(user)


@pytest.mark.parametrize("job", ["12", "12;mustang"])
def test_every_form_of_id_is_taken_as_printed(job):
    assert SLURM.read_submit(answer(f"sbatch: lua: account ok\n\n{job}\r\n")) == JobAccepted(job=job)


@pytest.mark.parametrize(
    "lost",
    [
        answer("4711\n", timed_out=True, rc=None),
        answer(rc=1),
        answer(rc=0),
        answer(rc=None),
        answer("4711\n", rc=1),
        answer("Killed\n", rc=137),
        answer("12 jobs are waiting", rc=0),
        answer(err=FAILED + "Socket timed out on send/recv operation", rc=1),
        answer(err=FAILED + "Unable to contact slurm controller (send failure)", rc=1),
        answer(err=FAILED + "Unable to contact slurm controller (receive failure)", rc=1),
        answer(err=FAILED + "Zero Bytes were transmitted or received", rc=1),
        answer(err=FAILED + "Transport endpoint is not connected", rc=1),
    ],
)
def test_a_submission_without_a_clear_yes_or_no_is_unknown(lost):
    assert isinstance(SLURM.read_submit(lost), SubmitUnknown)


def test_the_schedulers_own_no_is_final():
    refused = SLURM.read_submit(answer(err=FAILED + "Invalid account or account/partition combination specified", rc=1))
    assert isinstance(refused, SubmitRefused)
    assert "Invalid account" in refused.sentence


@pytest.mark.parametrize("rc", [126, 127])
def test_a_submit_program_that_is_not_there_submitted_nothing(rc):
    assert isinstance(SLURM.read_submit(answer(err="sh: 1: sbatch: not found", rc=rc)), SubmitRefused)


@pytest.mark.parametrize(
    "text",
    [
        "sbatch: error: AssocMaxSubmitJobLimit\n" + FAILED + "Job violates accounting/QOS policy (job submit limit, "
        "user's size and/or time limits)",
        "sbatch: error: QOSMaxSubmitJobPerUserLimit\n" + FAILED + "Job violates accounting/QOS policy",
        FAILED + "Slurm temporarily unable to accept job, sleeping and retrying",
        FAILED + "Resource temporarily unavailable",
    ],
)
def test_a_full_queue_is_not_a_refusal(text):
    assert isinstance(SLURM.read_submit(answer(err=text, rc=1)), QueueFull)


def test_a_job_that_is_too_long_for_its_account_is_refused_and_not_waited_for():
    text = (
        "sbatch: error: AssocMaxWallDurationPerJobLimit\n"
        + FAILED
        + "Job violates accounting/QOS policy (job submit limit)"
    )
    assert isinstance(SLURM.read_submit(answer(err=text, rc=1)), SubmitRefused)


@pytest.mark.parametrize(
    "mute",
    [
        answer(),
        answer(HEADER, rc=1),
        answer(HEADER, rc=None),
        answer(HEADER, timed_out=True),
        answer(HEADER, err="squeue: error: Invalid user: nobody"),
        answer("7|RUNNING|None|10:00|us|rp7.1.ab\n"),
        answer('{"errors": [{"error": "down"}], "jobs": []}'),
    ],
)
def test_no_header_is_no_answer_and_never_an_empty_queue(mute):
    assert SLURM.read_queue(mute) is None


def test_an_empty_queue_is_an_answer():
    listing = SLURM.read_queue(answer("Welcome to mustang\n" + HEADER))
    assert listing is not None
    assert listing.jobs == ()


def test_a_row_that_was_cut_is_no_job():
    listing = listed("7|RUNNING|None|10:00|us|rp7.1.ab", "8|RUNN")
    assert listing is not None
    assert [state.job for state in listing.jobs] == ["7"]


def test_a_name_with_bars_stays_one_name():
    listing = listed("7|RUNNING|None|10:00|us|a|b|c")
    assert listing is not None
    assert listing.jobs[0].name == "a|b|c"


@pytest.mark.parametrize(
    ("word", "reason", "outcome"),
    [
        ("PENDING", "Priority", JobOutcome.QUEUED),
        ("PENDING", "Resources", JobOutcome.QUEUED),
        ("PENDING", "Dependency", JobOutcome.QUEUED),
        ("PENDING", "DependencyNeverSatisfied", JobOutcome.HELD),
        ("PENDING", "JobHeldAdmin", JobOutcome.HELD),
        ("PENDING", "launch failed requeued held", JobOutcome.HELD),
        ("PENDING", "InvalidAccount", JobOutcome.HELD),
        ("PENDING", "AssocMaxWallDurationPerJobLimit", JobOutcome.HELD),
        ("REQUEUE_HOLD", "", JobOutcome.HELD),
        ("SUSPENDED", "", JobOutcome.RUNNING),
        ("CANCELLED by 1000", "", JobOutcome.ENDED),
        ("CANCELLED+", "", JobOutcome.ENDED),
        ("TIMEOUT", "", JobOutcome.ENDED),
        ("OUT_OF_MEMORY", "", JobOutcome.ENDED),
        ("REVOKED", "", JobOutcome.UNKNOWN),
        ("FROBNICATED", "", JobOutcome.UNKNOWN),
        ("", "", JobOutcome.UNKNOWN),
    ],
)
def test_a_state_word_means_one_thing_in_any_case(word, reason, outcome):
    assert outcome_of(word, reason) is outcome_of(word.lower(), reason) is outcome


def test_the_time_that_is_left_is_read_from_the_listing():
    listing = listed("7|RUNNING|None|1-02:00:00|us|a", "8|PENDING|Priority|UNLIMITED|us|b")
    assert listing is not None
    assert [state.left_s for state in listing.jobs] == [93600.0, None]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10:00", 600),
        ("1:00:00", 3600),
        ("2-00:00:00", 172800),
        ("1-12", 129600),
        ("-0:06", -6),
        ("UNLIMITED", None),
        ("NOT_SET", None),
        ("INVALID", None),
        ("7", None),
        ("", None),
    ],
)
def test_durations_read_in_every_form(text, seconds):
    assert seconds_of(text) == seconds


def test_a_job_that_sacct_does_not_print_is_gone_and_never_finished():
    header = "JobID|State|ExitCode|Elapsed|Timelimit|End|NNodes|NodeList|JobName\n"
    assert SLURM.read_job("12", answer(header)).state.outcome is JobOutcome.GONE
    other = header + "121|COMPLETED|0:0|1:00|2:00|now|1|mu001|rp7.1.ab\n"
    assert SLURM.read_job("12", answer(other)).state.outcome is JobOutcome.GONE


def test_sacct_without_its_header_is_no_answer():
    for mute in (answer(), answer("12|COMPLETED|0:0"), answer(rc=1, err="sacct: error: slurmdbd: down")):
        assert SLURM.read_job("12", mute).state.outcome is JobOutcome.NO_ANSWER


def test_a_site_without_accounts_has_forgotten_what_its_queue_dropped():
    disabled = answer(err="Slurm accounting storage is disabled", rc=1)
    assert SLURM.read_job("12", disabled).state.outcome is JobOutcome.GONE


@pytest.mark.parametrize(
    ("printed", "outcome"),
    [
        (answer(), CancelOutcome.CANCELLED),
        (answer(rc=None), CancelOutcome.NO_ANSWER),
        (answer(timed_out=True), CancelOutcome.NO_ANSWER),
        (
            answer(err="scancel: error: Kill job error on job id 2: Access/permission denied", rc=1),
            CancelOutcome.REFUSED,
        ),
        (answer(err="scancel: error: Kill job error on job id 2: Invalid job id specified", rc=1), CancelOutcome.GONE),
        (
            answer(err="scancel: error: Kill job error on job id 2: Job/step already completing or completed"),
            CancelOutcome.GONE,
        ),
        (answer(rc=137), CancelOutcome.NO_ANSWER),
    ],
)
def test_a_cancel_is_what_scancel_says(printed, outcome):
    assert SLURM.read_cancel("2", printed).outcome is outcome


_TABLE_TEXT = st.text(alphabet="JOBIDSTAE|jobState:0123\x00- \n", max_size=200)


@given(st.text() | _TABLE_TEXT, st.text(), st.sampled_from([None, 0, 1, 8, 127]), st.booleans())
def test_no_text_is_an_exception_or_an_end(out, err, rc, timed_out):
    garbage = answer(out, err, rc, timed_out)
    SLURM.read_submit(garbage)
    SLURM.read_queue(garbage)
    assert SLURM.read_job("1", garbage).state.outcome is not JobOutcome.ENDED
    SLURM.read_cancel("1", garbage)


@given(_TABLE_TEXT)
def test_no_broken_table_is_an_exception(text):
    SLURM.read_queue(answer(HEADER + text))
    SLURM.read_job("1", answer("JobID|State|ExitCode\n" + text))
