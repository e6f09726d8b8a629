"""Real answers, varied as other sites, terminals and broken lines would: read alike, or unknown, and never an end that is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.commands.moab import Moab
from rpconsole.commands.scheduler import CancelOutcome, JobOutcome, QueueListing
from rpconsole.domain.event import JobAccepted, SubmitUnknown
from rpconsole.ports.site import Answer

SAMPLES = Path(__file__).parents[2] / "data" / "moab"
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())
MOAB = Moab()
CHECKJOBS = sorted(
    name for name, found in EXPECTED.items() if found.get("cmd", "").startswith("checkjob") and "state" in found
)
QUEUES = sorted(path.name for path in SAMPLES.iterdir() if "showq" in path.name and "fragment" not in path.name)
QUEUE = (
    '<Data><Object>queue</Object><cluster time="9"/><queue option="active">'
    '<job JobID="{}" JobName="rp7.1.ab" State="Running"/></queue></Data>'
)


def answer(out: str, err: str = "", rc: int | None = 0) -> Answer:
    return Answer(rc=rc, out=out, err=err)


def queue(text: str) -> QueueListing:
    listing = MOAB.read_queue(answer(text))
    assert listing is not None
    return listing


CHANGES = {
    "ends of lines": lambda text: text.replace("\n", "\r\n"),
    "a banner": lambda text: f"*** NOTICE: job 9 is over, State of the system: fine ***\n\n{text}",
    "colours": lambda text: f"\x1b[1m\x1b[0m{text}\x1b[0m",
    "a shell's last words": lambda text: f"{text}\nlogout\n",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", CHECKJOBS)
def test_a_job_reads_alike_through_a_terminal_and_behind_a_banner(name, change):
    text, job = (SAMPLES / name).read_text(), EXPECTED[name]["job_id"]
    assert MOAB.read_job(job, answer(CHANGES[change](text))) == MOAB.read_job(job, answer(text))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", QUEUES)
def test_a_queue_reads_alike_through_a_terminal_and_behind_a_banner(name, change):
    text = (SAMPLES / name).read_text()
    assert queue(CHANGES[change](text)) == queue(text)


@pytest.mark.parametrize("name", CHECKJOBS)
def test_a_job_cut_at_any_byte_stands_as_in_the_whole_or_nowhere(name):
    text, job = (SAMPLES / name).read_text(), EXPECTED[name]["job_id"]
    whole = MOAB.read_job(job, answer(text)).state.outcome
    for cut in range(len(text)):
        state = MOAB.read_job(job, answer(text[:cut])).state
        assert state.outcome in (whole, JobOutcome.UNKNOWN, JobOutcome.NO_ANSWER), (cut, state)


@pytest.mark.parametrize("name", QUEUES)
def test_a_queue_cut_at_any_byte_shows_no_job_otherwise_than_the_whole(name):
    text = (SAMPLES / name).read_text()
    whole = {state.job: state.outcome for state in queue(text).jobs}
    for cut in range(0, len(text.rstrip()) - 1, 3):
        listing = MOAB.read_queue(answer(text[:cut]))
        if listing is not None:
            assert {state.job: state.outcome for state in listing.jobs}.items() <= whole.items(), cut


@pytest.mark.parametrize(
    "text",
    [
        QUEUE.replace("<Data>", '<Data xmlns="http://example.org/moab/9">'),
        '<m:Data xmlns:m="u"><m:queue option="active"><m:job JobID="5" JobName="rp7.1.ab" State="Running"/></m:queue></m:Data>',
        QUEUE.replace("<Object>", "<!-- written by showq 9.1 --><Object>"),
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n' + QUEUE,
        "\ufeff" + QUEUE,
        QUEUE.replace('JobID="', "JobID=\n'").replace('" JobName', "' JobName"),
        QUEUE.replace("<job ", '<job JobColour="red" EState="Completed" '),
    ],
)
def test_xml_of_other_makers_is_read(text):
    (job,) = queue(text.replace("{}", "5")).jobs
    assert (job.job, job.name, job.outcome) == ("5", "rp7.1.ab", JobOutcome.RUNNING)


@pytest.mark.parametrize(
    "text",
    [
        "<Data></Data>",
        '<Data><Error Code="700">cannot query queue</Error></Data>',
        '<Data><Error Code="700">partial</Error><queue option="active" count="0"/></Data>',
        '<Data><job JobID="5"/></Data>',
        "<Data/>",
        QUEUE.format("5").lower(),
        QUEUE.format("5").replace("</queue>", ""),
        QUEUE.format("5") * 2,
        "<Daten><Warteschlange/></Daten>",
        "aktive Auftraege----\nJOBID STATE\n5 Running\n1 aktiver Auftrag\n",
    ],
)
def test_what_is_no_queue_is_no_answer(text):
    assert MOAB.read_queue(answer(text)) is None


@pytest.mark.parametrize(
    ("job", "asked"),
    [
        ("Moab.123[4]", "Moab.123[4]"),
        ("fe.123", "123"),
        ("123", "fe.123"),
        ("Moab.123", "123.fe-1.site"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_an_id_is_found_in_any_writing(job, asked):
    assert queue(QUEUE.format(job)).by_job(asked) is not None


@pytest.mark.parametrize(
    ("job", "asked"), [("123[4]", "123"), ("123[4]", "1234"), ("1230", "123"), ("fe123", "123"), ("12.3", "12")]
)
def test_an_id_that_looks_like_ours_is_another(job, asked):
    assert queue(QUEUE.format(job)).by_job(asked) is None


def test_a_name_that_was_cut_is_not_ours():
    assert queue(QUEUE.format("5")).by_name("rp7.1.abcd") == ()


def test_a_job_listed_twice_counts_as_living():
    twice = QUEUE.format("5").replace(
        "<queue ", '<queue option="completed"><job JobID="5" State="Completed"/></queue><queue ', 1
    )
    found = queue(twice).by_job("5")
    assert found is not None
    assert found.outcome is JobOutcome.RUNNING


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("ERROR:  invalid job specified (12)", JobOutcome.GONE),
        ("ERROR:  invalid job specified: Moab.12\r\n", JobOutcome.GONE),
        ("checkjob: error: Invalid job id specified", JobOutcome.GONE),
        ("ERROR:  invalid job specified (99)", JobOutcome.NO_ANSWER),
        ("ERROR:  invalid job specified: 121", JobOutcome.NO_ANSWER),
        ("job 12\n\nState: Running\nMessage[0] cannot query: invalid job specified\n", JobOutcome.RUNNING),
        ("job 13 (RM job '13.fe') in array\n\nState: Completed\n", JobOutcome.NO_ANSWER),
        ("job 12 violates nothing\nState: Removed \r\n", JobOutcome.ENDED),
        ("JOB 12\nSTATE: COMPLETED\n", JobOutcome.NO_ANSWER),
        ("Auftrag 12\nZustand: Fertig\n", JobOutcome.NO_ANSWER),
        ("job 12\nState: Fertig\n", JobOutcome.UNKNOWN),
        ("job 12\nState: Running\nTotal Requested Tasks: " + "9" * 5000 + "\n", JobOutcome.RUNNING),
    ],
)
def test_only_what_is_said_of_our_job_counts(text, outcome):
    assert MOAB.read_job("12", answer(text)).state.outcome is outcome


@pytest.mark.parametrize(
    ("text", "job"),
    [
        ("<Data><job JobID='12'/></Data>", "12"),
        ('<?xml version="1.0"?>\r\n<Data>\r\n<job\r\n JobID="Moab.12"></job></Data>', "Moab.12"),
        ("\x1b[0m\r\n4711.fe\r\n\x1b[0m", "4711.fe"),
        ("Moab.123[4]\n", "Moab.123[4]"),
        ("job 12 submitted\n", None),
        ('<Data><job JobID="1"/><job JobID="2"/></Data>', None),
        ("9" * 5000, None),
        ("１２", None),
        ("12 13", None),
        ("id: 12", None),
    ],
)
def test_an_id_comes_in_forms_that_are_known_or_not_at_all(text, job):
    read = MOAB.read_submit(answer(text))
    assert read == JobAccepted(job=job) if job else isinstance(read, SubmitUnknown)


def test_a_cancel_of_which_another_job_is_not_known_did_not_meet_ours():
    assert MOAB.read_cancel("12", answer("", "ERROR:  invalid job specified (99)", 1)).outcome is not CancelOutcome.GONE


WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_+*", min_size=1, max_size=20)
ENDED = frozenset(
    {
        *("completed", "removed", "vacated", "cancelled", "canceled", "failed", "timeout"),
        *("node_fail", "out_of_memory", "preempted", "boot_fail", "deadline"),
    }
)


@given(WORDS)
def test_no_word_but_the_known_ones_is_an_end(word):
    for state in (
        MOAB.read_job("12", answer(f"job 12\nState: {word}\n")).state,
        queue(QUEUE.format("12").replace("Running", word)).jobs[0],
    ):
        assert (state.outcome is JobOutcome.ENDED) == (word.lower() in ENDED)


@given(st.sampled_from(CHECKJOBS), st.randoms(use_true_random=False))
def test_lines_in_another_order_end_no_job(name, random):
    if EXPECTED[name]["state"] == "Completed":
        return
    lines = (SAMPLES / name).read_text().splitlines()
    random.shuffle(lines)
    assert MOAB.read_job(EXPECTED[name]["job_id"], answer("\n".join(lines))).state.outcome is not JobOutcome.ENDED
