"""The queue as real Moab clients print it in text, for sites whose ``showq`` knows no XML."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.commands.moab import Moab
from rpconsole.commands.scheduler import JobOutcome, QueueListing
from rpconsole.ports.site import Answer

SAMPLES = Path(__file__).parents[2] / "data" / "moab"
MOAB = Moab()


def read(text: str) -> QueueListing | None:
    return MOAB.read_queue(Answer(rc=0, out=text, err=""))


def sample(name: str) -> QueueListing:
    listing = read((SAMPLES / name).read_text())
    assert listing is not None
    return listing


def test_one_running_job_is_read_with_the_time_that_it_has_left():
    (job,) = sample("33_showq_u_one_job.txt").jobs
    assert (job.job, job.word, job.outcome, job.left_s) == ("546324", "Running", JobOutcome.RUNNING, 7142.0)


def test_a_hold_in_the_blocked_list_is_a_hold_and_rows_are_counted_by_rows():
    listing = sample("34_showq_default_hold_in_blocked.txt")
    outcomes = [job.outcome for job in listing.jobs]
    assert outcomes == [JobOutcome.RUNNING] * 7 + [JobOutcome.QUEUED] * 3 + [JobOutcome.HELD] * 4
    eligible = listing.by_job("4418355")
    assert eligible is not None
    assert eligible.left_s == 172800


def test_letters_stand_for_states_in_the_detailed_list():
    jobs = sample("35_showq_r_active_detail.txt").jobs
    assert [(job.job, job.outcome) for job in jobs] == [
        (job, JobOutcome.RUNNING) for job in ("4419224", "4415573", "4416194", "4417840")
    ]


def test_completed_jobs_have_codes_and_the_purge_time_is_read():
    listing = sample("37_showq_c_completed_cncld271.txt")
    assert {job.job: (job.word, job.code) for job in listing.jobs} == {
        **dict.fromkeys(("4416757", "4418204", "4414215", "4414217", "4416774"), ("Completed", 0)),
        "4418218": ("Removed", 271),
        "4418217": ("Completed", 1),
    }
    assert listing.purge_s == 3600
    assert {job.outcome for job in listing.jobs} == {JobOutcome.ENDED}


def test_the_old_layout_of_the_completed_list_reads_alike():
    codes = {job.job: job.code for job in sample("38_showq_c_completed_doc_old.txt").jobs}
    assert codes == {"13098": 0, "13102": 0, "13103": 2, "13115": 0}


def test_names_are_not_printed_so_that_none_of_a_name_says_nothing():
    assert not sample("33_showq_u_one_job.txt").has_names


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("3[3-8]_*.txt")))
def test_a_listing_that_was_cut_before_a_count_is_no_answer(name):
    text = (SAMPLES / name).read_text()
    counts = [line for line in text.splitlines() if "jobs" in line and line.strip()[:1].isdigit()]
    last = counts[-1] if counts else "1 active job"
    assert read(text[: text.index(last)]) is None


@pytest.mark.parametrize("text", ["", "ERROR:  client timed out", "no jobs", "active jobs----\n"])
def test_what_is_no_table_is_no_answer(text):
    assert read(text) is None


@given(st.text(alphabet="JOBIDSTAERCW active jobs-0123456789:*\n\t", max_size=300))
def test_no_table_is_an_exception(text):
    read("active jobs----\nJOBID STATE REMAINING\n" + text + "\n1 active job\n")
    read("completed jobs----\nJOBID S CCODE\n" + text + "\n1 completed job\n")
