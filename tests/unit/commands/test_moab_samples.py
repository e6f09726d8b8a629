"""Output that real Moab installations printed, and what a reader must find in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rpconsole.commands.moab import Moab
from rpconsole.commands.scheduler import CancelOutcome, JobOutcome
from rpconsole.domain.event import JobAccepted, SubmitRefused, SubmitUnknown
from rpconsole.ports.site import Answer

SAMPLES = Path(__file__).parents[2] / "data" / "moab"
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())
MOAB = Moab()


def printed(name: str, rc: int = 0) -> Answer:
    text = (SAMPLES / name).read_text()
    return Answer(rc=1, out="", err=text) if ".stderr." in name else Answer(rc=rc, out=text, err="")


def samples(prefix: str) -> list[str]:
    return sorted(name for name, found in EXPECTED.items() if found.get("cmd", "").startswith(prefix))


@pytest.mark.parametrize("name", samples("msub"))
def test_an_id_is_read_from_a_whole_line_and_never_from_a_sentence(name):
    wanted = EXPECTED[name]
    answer = MOAB.read_submit(printed(name, wanted.get("rc", 1)))
    if wanted["job_id"]:
        assert answer == JobAccepted(job=wanted["job_id"])
    else:
        assert isinstance(answer, SubmitRefused)


def test_a_client_time_out_leaves_the_submission_unknown():
    answer = MOAB.read_submit(printed("11_client_timed_out.stderr.txt"))
    assert isinstance(answer, SubmitUnknown)
    assert "timed out after 30 seconds" in answer.sentence


@pytest.mark.parametrize("name", [name for name in samples("checkjob") if "job_id" in EXPECTED[name]])
def test_checkjob_reads_in_every_layout(name):
    wanted = EXPECTED[name]
    detail = MOAB.read_job(wanted["job_id"], printed(name))
    assert detail.state.job == wanted["job_id"]
    assert detail.state.word == wanted["state"]
    assert detail.state.code == wanted.get("ccode")
    for key in ("wall_used_s", "wall_limit_s", "tasks", "completed_at"):
        if key in wanted:
            assert getattr(detail, key) == wanted[key], key
    assert detail.rm_job == wanted.get("rm_job_id")


@pytest.mark.parametrize("name", [name for name in samples("checkjob") if "nodes" in EXPECTED[name]])
def test_allocated_nodes_are_read_where_the_plain_form_is_printed(name):
    wanted = EXPECTED[name]
    detail = MOAB.read_job(wanted["job_id"], printed(name))
    if isinstance(wanted["nodes"], str):
        assert detail.node_text == wanted["nodes"]
    else:
        assert [list(pair) for pair in detail.nodes] == wanted["nodes"]


def test_reserved_nodes_are_not_allocated_ones():
    detail = MOAB.read_job("15913928", printed("27_checkjob_v_idle_reserved_with_cache_banner.txt"))
    assert detail.nodes == ()


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("18_checkjob_idle_nemo.txt", JobOutcome.QUEUED),
        ("19_checkjob_running_nemo.txt", JobOutcome.RUNNING),
        ("21_checkjob_completed_271_old_layout.txt", JobOutcome.ENDED),
        ("26_checkjob_v_unknown_with_cache_banner.txt", JobOutcome.GONE),
        ("27_checkjob_v_idle_reserved_with_cache_banner.txt", JobOutcome.QUEUED),
        ("29_checkjob_idle_two_partitions_doc.txt", JobOutcome.QUEUED),
        ("30_checkjob_llnl_slurm_wrapper_running.txt", JobOutcome.RUNNING),
    ],
)
def test_a_job_stands_where_checkjob_says(name, outcome):
    job = EXPECTED[name].get("job_id") or EXPECTED[name]["unknown_job"]
    assert MOAB.read_job(job, printed(name)).state.outcome is outcome


@pytest.mark.parametrize("name", [name for name in samples("showq") if "jobs" in EXPECTED[name]])
def test_every_listed_job_is_read_by_rows_and_not_by_counts(name):
    listing = MOAB.read_queue(printed(name))
    assert listing is not None
    found = {state.job: state for state in listing.jobs}
    assert set(found) == set(EXPECTED[name]["jobs"])
    for job, (_, word, *code) in EXPECTED[name]["jobs"].items():
        assert found[job].word == word
        assert found[job].code == (int(code[0]) if code else None)
    assert listing.purge_s == EXPECTED[name].get("purgetime_s")
    assert listing.now is not None


@pytest.mark.parametrize("name", samples("mjobctl -q"))
def test_every_job_of_a_diagnosis_is_read(name):
    listing = MOAB.read_queue(printed(name))
    assert listing is not None
    wanted = {job: found if isinstance(found, str) else found[0] for job, found in EXPECTED[name]["jobs"].items()}
    assert {state.job: state.word.partition(" (")[0] for state in listing.jobs} == wanted


def test_a_hold_is_seen_where_diag_keeps_the_state_idle():
    listing = MOAB.read_queue(printed("49_mjobctl_q_diag_all_xml_vsc.xml"))
    assert listing is not None
    outcomes = {state.job: state.outcome for state in listing.jobs}
    assert outcomes == {"1109247": JobOutcome.QUEUED, "2513269": JobOutcome.RUNNING, "12345": JobOutcome.HELD}


def test_a_batch_hold_and_a_job_name_with_odd_characters_are_read():
    listing = MOAB.read_queue(printed("47_showq_xml_bwforcluster_xmldecl.xml"))
    assert listing is not None
    held = listing.by_job("881200.admin2")
    assert held is not None
    assert held.outcome is JobOutcome.HELD
    assert held.name is not None
    assert listing.by_name(held.name)[-1] == held


def test_the_two_glued_elements_of_old_builds_are_no_answer():
    assert MOAB.read_queue(printed("51_showq_xml_fragment_2009_long_tags.xml.txt")) is None


def test_long_closing_tags_are_read():
    text = (SAMPLES / "51_showq_xml_fragment_2009_long_tags.xml.txt").read_text()
    listing = MOAB.read_queue(Answer(rc=0, out=f"<Data>{text}</Data>", err=""))
    assert listing is not None
    assert [(state.job, state.outcome) for state in listing.jobs] == [("165577", JobOutcome.RUNNING)]
    assert listing.now == 1263919636


def test_a_cancel_is_confirmed_by_our_id():
    answer = MOAB.read_cancel("4761849", printed("05_canceljob_ok.txt"))
    assert (answer.outcome, answer.others) == (CancelOutcome.CANCELLED, ())


def test_a_cancel_of_a_gone_job_is_gone():
    assert MOAB.read_cancel("4761849", printed("06_canceljob_unknown.stderr.txt")).outcome is CancelOutcome.GONE


def test_a_cancel_that_matched_as_a_regular_expression_names_the_others():
    answer = MOAB.read_cancel("802", printed("07_mjobctl_cancel_regex_multi.txt"))
    assert answer.outcome is CancelOutcome.CANCELLED
    assert answer.others == ("803", "804", "805", "806", "807", "808", "809")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_no_sample_is_an_exception_to_any_reader(name):
    answer = printed(name)
    MOAB.read_submit(answer)
    MOAB.read_queue(answer)
    MOAB.read_job("1", answer)
    MOAB.read_cancel("1", answer)
