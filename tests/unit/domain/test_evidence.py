"""What is recommended about a submit that is in doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rpconsole.domain.evidence import WAIT, SubmitEvidence, SubmitReading, recommended

OLD = 1000.0


IN_DOUBT = SubmitEvidence(
    remote_id=7, step="reconcile", attempt=1, name="rp7.1.ab",
    is_asked=True, is_claimed=True, claim_age_s=OLD, is_queue_heard=True,
)  # fmt: skip


def advice(**changes) -> tuple[str, str]:
    found = recommended(replace(IN_DOUBT, **changes), receipt_s=900.0)
    return found.act, found.because


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"attempt": None}, "nothing was sent"),
        ({"is_claimed": False, "claim_age_s": None}, "never reached the site"),
        ({"claim_age_s": 30.0}, "30 s old"),
        ({"is_queue_heard": False}, "nothing is decided"),
        ({"reading": SubmitReading.NO_JOB}, "made no job"),
        ({"listed": (("4711", "Idle"),)}, "lists job 4711 (Idle)"),
        ({"listed": (("4711", "Idle"),), "reading": SubmitReading.NO_JOB}, "lists job 4711"),
        ({"started": "4711", "ended": "finished: 8 passed"}, "end mark"),
    ],
)
def test_nothing_is_to_be_done_while_a_job_shows_or_may_show_or_none_was_made(changes, because):
    act, said = advice(**changes)
    assert act == WAIT
    assert because in said


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({}, "nothing shows a job"),
        ({"reading": SubmitReading.UNKNOWN}, "nothing shows a job"),
        ({"started": "4711"}, "were cut"),
        ({"reading": SubmitReading.ACCEPTED}, "never began"),
        ({"job": "4711"}, "never began"),
    ],
)
def test_a_new_attempt_is_recommended_only_where_the_queue_was_heard_and_shows_none(changes, because):
    act, said = advice(**changes)
    assert act == "rpconsole run resubmit 7"
    assert because in said


def test_without_a_session_the_act_is_a_login():
    assert advice(is_asked=False)[0] == "rpconsole login"


def test_two_jobs_of_one_name_are_one_too_many():
    act, said = advice(listed=(("4711", "Idle"), ("4712", "Idle")))
    assert act == "rpconsole run cancel 7"
    assert "4711, 4712" in said
