"""What is said of a job that does not start: the scheduler's own words, and what would help."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpconsole.commands.moab_words import outcome_of as moab_outcome
from rpconsole.commands.remedies import remedy_for, waiting_sentence, with_remedy
from rpconsole.commands.scheduler import JobOutcome, JobState
from rpconsole.commands.slurm_answers import outcome_of as slurm_outcome


def moab(word: str, reason: str = "") -> str:
    return waiting_sentence(JobState(outcome=moab_outcome(word), job="12", word=word, sentence=reason), run=7)


def slurm(reason: str) -> str:
    state = JobState(outcome=slurm_outcome("PENDING", reason), job="12", word="PENDING", sentence=reason)
    return waiting_sentence(state, run=7)


@pytest.mark.parametrize(
    ("said", "help_words"),
    [
        (moab("UserHold"), "'mjobctl -u user 12'"),
        (moab("SystemHold"), "staff"),
        (moab("BatchHold", "Batch:RMFailure"), "'releasehold -b 12'"),
        (moab("Deferred"), "tries again by itself"),
        (moab("NotQueued"), "resource manager"),
        (moab("Idle", "blocked"), "'checkjob -v 12'"),
        (moab("Idle", "job 12 violates active SOFT MAXPROC limit of 64 for user us"), "in use"),
        (moab("Idle", "job violates constraints (non-idle state 'Hold')"), "fault of Moab's own"),
        (moab("Hold"), "staff"),
        (slurm("JobHeldUser"), "'scontrol release 12'"),
        (slurm("JobHeldAdmin"), "staff"),
        (slurm("DependencyNeverSatisfied"), "'rpconsole run cancel 7'"),
        (slurm("PartitionConfig"), "site.max_nodes"),
        (slurm("PartitionTimeLimit"), "site.max_hours"),
        (slurm("InvalidAccount"), "site.account"),
        (slurm("InvalidQOS"), "site.qos"),
        (slurm("BadConstraints"), "site.features"),
        (slurm("AssocGrpNodeLimit"), "in use"),
        (slurm("QOSMaxJobsPerUserLimit"), "when one of them has ended"),
        (slurm("ReqNodeNotAvail, UnavailableNodes:mu[001-004]"), "nodes are down"),
        (slurm("launch failed requeued held"), "'scontrol release 12'"),
    ],
)
def test_each_reason_is_shown_with_what_would_help(said, help_words):
    assert help_words in said


@pytest.mark.parametrize("said", [moab("Idle"), moab("Migrated"), slurm("Priority"), slurm("Resources"), slurm("")])
def test_a_job_that_waits_for_its_turn_needs_no_sentence(said):
    assert said == ""


@pytest.mark.parametrize(
    ("refusal", "help_words"),
    [
        ("ERROR:  invalid account specified", "site.account"),
        ("sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified", "site.account"),
        ("ERROR:  invalid class specified (nope)", "site.queue"),
        ("sbatch: error: Batch job submission failed: Invalid partition name specified", "site.queue"),
        ("sbatch: error: Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)", "site.max_hours"),
        ("sbatch: error: Batch job submission failed: Requested node configuration is not available", "site.max_nodes"),
        ("ERROR: cannot submit job - maximum number of jobs reached for user", "when one of them has ended"),
        ("sbatch: error: Batch job submission failed: Invalid qos specification", "site.qos"),
    ],
)  # fmt: skip
def test_a_refused_submission_says_what_would_help_and_keeps_the_schedulers_words(refusal, help_words):
    told = with_remedy(refusal, run=7)
    assert told.startswith(refusal)
    assert help_words in told


@given(st.text(), st.text(), st.sampled_from(JobOutcome))
def test_no_word_is_an_exception_and_none_is_lost(word, reason, outcome):
    said = waiting_sentence(JobState(outcome=outcome, job="{0}", word=word, sentence=reason), run=1)
    assert word in said if outcome is JobOutcome.HELD else isinstance(said, str)
    remedy_for(word)
