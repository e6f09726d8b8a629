"""Moab's commands as we give them, and broken or lost answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.commands.known_schedulers import KNOWN_SCHEDULERS
from rpconsole.commands.moab import Moab
from rpconsole.commands.moab_words import completion_code, outcome_of, seconds_of
from rpconsole.commands.scheduler import CancelOutcome, JobOrder, JobOutcome
from rpconsole.domain.event import JobAccepted, QueueFull, SubmitRefused, SubmitUnknown
from rpconsole.domain.fault import BadData
from rpconsole.ports.site import Answer

MOAB = Moab()
LISTED = (
    '<Data><Object>queue</Object><queue option="active"><job JobID="{}" JobName="rp7.1.ab" State="{}"/></queue></Data>'
)


def answer(out: str = "", err: str = "", rc: int | None = 0, timed_out: bool = False) -> Answer:
    return Answer(rc=rc, out=out, err=err, timed_out=timed_out)


def order(name: str = "rp7.1.ab", account: str | None = None, extra: tuple[str, ...] = ()) -> JobOrder:
    return JobOrder(script="/s/run.cmd", name=name, cwd="/s", account=account, extra=extra)


def test_a_submission_names_the_job_and_its_directory_and_forbids_reruns():
    assert MOAB.submit_command(order(account="sky")) == (
        *("msub", "-N", "rp7.1.ab", "-d", "/s", "-m", "n", "-r", "n", "-A", "sky", "/s/run.cmd"),
    )


def test_commands_take_the_configured_directory():
    assert Moab(bin_dir="/opt/moab/bin/").queue_command("us")[0] == "/opt/moab/bin/showq"
    assert KNOWN_SCHEDULERS["moab"]("/x").job_command("12") == ("/x/checkjob", "-v", "12")


@pytest.mark.parametrize("name", ["", "sixteen.letters.", "a b", "a'b", "rp7;ls", "-N"])
def test_a_name_that_a_back_end_would_cut_is_refused(name):
    with pytest.raises(BadData):
        MOAB.submit_command(order(name=name))


@pytest.mark.parametrize("option", ["-z", "-I", "-K", "-v"])
def test_options_that_hide_or_delay_the_id_are_refused(option):
    with pytest.raises(BadData, match=option):
        MOAB.submit_command(order(extra=(option,)))


@pytest.mark.parametrize("job", ["1.*", "28759[4]", "x", "", "12;ls", "80.*", "^1$", "1,2", "-c", "all", "12\n"])
def test_an_id_that_moab_would_read_as_a_pattern_is_never_given_to_it(job):
    with pytest.raises(BadData):
        MOAB.cancel_command(job)
    with pytest.raises(BadData):
        MOAB.job_command(job)


@pytest.mark.parametrize("user", ["", "a,b", "x y", "-w", "$(id)"])
def test_a_user_outside_the_grammar_is_refused(user):
    with pytest.raises(BadData):
        MOAB.queue_command(user)


@pytest.mark.parametrize("job", ["12", "Moab.12", "12.host-1.example", "orion.12", "12[3]", "12[]"])
def test_every_form_of_id_is_taken_as_printed(job):
    assert MOAB.read_submit(answer(f"WARNING: 3 nodes down\n\n{job}\r\n")) == JobAccepted(job=job)


@pytest.mark.parametrize(
    "lost",
    [
        answer("4711\n", timed_out=True, rc=None),
        answer(rc=1),
        answer(rc=0),
        answer(rc=None),
        answer("4711\n", "ERROR:  client timed out after 30 seconds (hostname:port=H:42559)", rc=1),
        answer(err="ERROR:    communication error H:42559 (client timed out after 30 seconds)", rc=1),
        answer("4711\n", rc=1),
        answer("4711\n", "ERROR: something else", rc=0),
        answer("Killed\n", rc=137),
        answer("12 jobs are waiting", rc=0),
    ],
)
def test_a_submission_without_a_clear_yes_or_no_is_unknown(lost):
    assert isinstance(MOAB.read_submit(lost), SubmitUnknown)


def test_the_schedulers_own_no_is_final():
    refused = MOAB.read_submit(answer(err="\nERROR:  invalid account specified\n", rc=1))
    assert refused == SubmitRefused(sentence="ERROR: invalid account specified")


def test_a_submit_program_that_is_not_there_submitted_nothing():
    assert isinstance(MOAB.read_submit(answer(err="sh: 1: msub: not found", rc=127)), SubmitRefused)


@pytest.mark.parametrize(
    "text",
    [
        "ERROR:    cannot submit job - maximum number of jobs reached for user",
        "ERROR: job violates job submit limit",
        "ERROR:  queue is full",
        "ERROR: cannot migrate job 'Moab.8' - qsub: Maximum number of jobs already in queue",
    ],
)
def test_a_full_queue_is_not_a_refusal(text):
    assert isinstance(MOAB.read_submit(answer(err=text, rc=1)), QueueFull)


@pytest.mark.parametrize(
    "mute",
    [
        answer(),
        answer("<Data></Data>", rc=1),
        answer("<Data></Data>", rc=None),
        answer("<Data></Data>", timed_out=True),
        answer("<Data><queue>"),
        answer("<html><Data></Data></html></Data>"),
        answer("<!DOCTYPE Data [<!ENTITY a 'aa'>]><Data>&a;</Data>"),
        answer("ERROR:  client timed out after 30 seconds"),
    ],
)
def test_no_listing_is_no_answer_and_never_an_empty_queue(mute):
    assert MOAB.read_queue(mute) is None


def test_an_empty_queue_is_an_answer():
    listing = MOAB.read_queue(answer('<Data><Object>queue</Object><cluster time="9"/><queue option="active"/></Data>'))
    assert listing is not None
    assert (listing.jobs, listing.now) == ((), 9.0)


def test_binary_bytes_and_greetings_do_not_hide_the_queue():
    listing = MOAB.read_queue(answer("Welcome <friend>\x07\n" + LISTED.format("5\x00", "Run\x0bning") + "\nbye"))
    assert listing is not None
    assert [state.outcome for state in listing.jobs] == [JobOutcome.RUNNING]


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("UserHold", JobOutcome.HELD),
        ("JobHeldAdmin", JobOutcome.HELD),
        ("Canceling", JobOutcome.RUNNING),
        ("VACATED", JobOutcome.ENDED),
        ("Removed", JobOutcome.ENDED),
        ("Deferred", JobOutcome.QUEUED),
        ("Lost", JobOutcome.UNKNOWN),
        ("", JobOutcome.UNKNOWN),
        ("Frobnicated", JobOutcome.UNKNOWN),
    ],
)
def test_a_state_word_means_one_thing_in_any_case(word, outcome):
    listing = MOAB.read_queue(answer(LISTED.format(5, word.upper())))
    assert listing is not None
    assert listing.jobs[0].outcome is outcome_of(word) is outcome


def test_a_jobs_other_writing_is_the_same_job():
    listing = MOAB.read_queue(answer(LISTED.format("Moab.12", "Idle")))
    assert listing is not None
    assert listing.by_job("12.host") is listing.by_name("rp7.1.ab")[0]
    assert listing.by_job("121") is None


def test_checkjob_about_another_job_is_no_answer():
    other = answer("job 13\n\nAName: x\nState: Completed\nCompletion Code: 0\n")
    assert MOAB.read_job("12", other).state.outcome is JobOutcome.NO_ANSWER


def test_holds_beside_an_idle_state_are_a_hold():
    held = answer("job 12\n\nState: Idle\nHolds:          Batch:RMFailure\n")
    assert MOAB.read_job("12", held).state.outcome is JobOutcome.HELD


def test_an_expected_state_is_not_the_state():
    both = answer("job 12\n\nEState: Running\nState: Idle  EState: Running\n")
    assert MOAB.read_job("12", both).state.word == "Idle"


def test_a_code_on_its_own_line_and_a_negative_one_are_read():
    text = "job 12\n\nState: Completed\nCompletion Code: -3  Time: Fri Jun 10 15:35:08\n"
    assert MOAB.read_job("12", answer(text)).state.code == -3


def test_an_unreadable_checkjob_says_so():
    state = MOAB.read_job("12", answer("Segmentation fault", rc=139)).state
    assert state.outcome is JobOutcome.NO_ANSWER
    assert "Segmentation fault" in state.sentence


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("ERROR:  cannot cancel job '12' (job has completed)", CancelOutcome.REFUSED),
        ("ERROR:  client timed out after 30 seconds", CancelOutcome.NO_ANSWER),
        ("", CancelOutcome.NO_ANSWER),
        ("job '121' cancelled", CancelOutcome.NO_ANSWER),
    ],
)
def test_a_cancel_that_did_not_name_our_job_did_not_happen(text, outcome):
    assert MOAB.read_cancel("12", answer(text, rc=1)).outcome is outcome


@pytest.mark.parametrize(
    ("text", "code"), [("CNCLD", 0), ("CNCLD(271)", 271), ("-7", -7), ("", None), ("n/a", None), ("1e9", None)]
)
def test_completion_codes_read_in_every_form(text, code):
    assert completion_code(text) == code


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2:00:00:00", 172800), ("-00:01:22", -82), ("90", 90), ("INFINITY", None), ("1:2:3:4:5", None)],
)
def test_durations_read_from_the_right(text, seconds):
    assert seconds_of(text) == seconds


@given(st.text(), st.text(), st.sampled_from([None, 0, 1, 153]), st.booleans())
def test_no_text_is_an_exception(out, err, rc, timed_out):
    garbage = answer(out, err, rc, timed_out)
    MOAB.read_submit(garbage)
    MOAB.read_queue(garbage)
    MOAB.read_job("1", garbage)
    MOAB.read_cancel("1", garbage)


@given(st.text(alphabet="<>/=\"' DatajobStqueJID0\x00&;!\n", max_size=200))
def test_no_broken_xml_is_an_exception(text):
    MOAB.read_queue(answer(f"<Data>{text}</Data>"))
