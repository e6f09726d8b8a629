"""What real Moab installations print besides queues and jobs: changes, forecasts, text lists by their expectations, last words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rpconsole.commands.joblog import why_ended
from rpconsole.commands.moab import Moab
from rpconsole.commands.moab_changes import Change, jobs_with
from rpconsole.commands.moab_forecast import read_start, read_windows
from rpconsole.commands.scheduler import JobOutcome
from rpconsole.ports.site import Answer

SAMPLES = Path(__file__).parents[2] / "data" / "moab"
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())


def text_of(name: str) -> str:
    return (SAMPLES / name).read_text()


def printed(name: str) -> Answer:
    return Answer(rc=0, out=text_of(name), err="")


def with_key(key: str, command: str = "") -> list[str]:
    return sorted(name for name, found in EXPECTED.items() if key in found and found.get("cmd", "").startswith(command))


def test_every_sample_has_its_expectation():
    files = {path.name for path in SAMPLES.iterdir()} - {"INDEX.md", "expected.json"}
    assert files == set(EXPECTED)


@pytest.mark.parametrize(
    ("key", "change"),
    [("cancelled", Change.CANCELLED), ("modified", Change.MODIFIED), ("released", Change.HELD_OR_RELEASED)],
)
def test_every_job_that_was_changed_is_named(key, change):
    for name in with_key(key):
        for kind in Change:
            assert list(jobs_with(kind, text_of(name))) == (EXPECTED[name][key] if kind is change else []), name


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("set walltime attribute for job 12 to '2:00:00'", Change.MODIFIED),
        ("holds modified for job 12 (1 hold still in place)", Change.HELD_OR_RELEASED),
        ("holds modified for job 12", Change.HELD_OR_RELEASED),
        ("\njob 'Moab.12' canceled\n", Change.CANCELLED),
    ],
)
def test_other_wordings_of_a_change_are_read(text, change):
    assert [job.removeprefix("Moab.") for job in jobs_with(change, text)] == ["12"]


@pytest.mark.parametrize(
    "text", ["", "ERROR:  cannot cancel job '12' (reason)", "the job 12 was cancelled", "job  cancelled"]
)
def test_a_sentence_of_another_form_names_nobody(text):
    assert [jobs_with(change, text) for change in Change] == [(), (), ()]


@pytest.mark.parametrize("name", with_key("start_in_s", "showstart"))
def test_a_start_is_forecast_as_printed(name):
    wanted = EXPECTED[name]
    found = read_start(wanted["job_id"], printed(name))
    assert found is not None
    assert (found.job, found.procs, found.is_blocked) == (
        wanted["job_id"],
        wanted["procs"],
        wanted.get("blocked", False),
    )
    assert found.wall_limit_s == wanted.get("wclimit_s", found.wall_limit_s)
    if isinstance(wanted["start_in_s"], dict):
        assert found.start_in_s == wanted["start_in_s"]
    else:
        assert list(found.start_in_s.values()) == [wanted["start_in_s"]]


def test_no_forecast_and_one_of_another_job_are_none():
    assert read_start("1999888", printed("13_showstart_cannot_determine.txt")) is None
    assert read_start("15", printed("15_showstart_vsc_earliest.txt")) is None


@pytest.mark.parametrize("name", with_key("windows"))
def test_free_windows_are_read_and_none_is_an_answer_too(name):
    assert read_windows(printed(name)) == tuple(map(tuple, EXPECTED[name]["windows"]))


@pytest.mark.parametrize("answer", [Answer(rc=0, out="", err=""), Answer(rc=1, out="no procs available", err="")])
def test_no_window_without_an_answer(answer):
    assert read_windows(answer) is None


@pytest.mark.parametrize("name", with_key("active") + with_key("active_n"))
def test_text_lists_show_the_jobs_of_each_part(name):
    wanted = EXPECTED[name]
    listing = Moab().read_queue(printed(name))
    assert listing is not None
    running = [state.job for state in listing.jobs if state.outcome is JobOutcome.RUNNING]
    assert len(running) == wanted.get("active_n", len(wanted.get("active", ())))
    assert len(listing.jobs) - len(running) == wanted.get("eligible_n", 0) + wanted.get("blocked_n", 0)
    assert running == wanted.get("active", running)


@pytest.mark.parametrize("name", with_key("completed"))
def test_completed_jobs_of_text_lists_have_their_codes(name):
    listing = Moab().read_queue(printed(name))
    assert listing is not None
    codes = {job: int("".join(ch for ch in code if ch.isdigit())) for job, code in EXPECTED[name]["completed"].items()}
    assert {state.job: state.code for state in listing.jobs} == codes
    assert listing.purge_s == EXPECTED[name].get("purgetime_s")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (text_of("60_mail_body_wallclock_limit.txt"), "job exceeded wallclock limit"),
        (text_of("57_srun_multiprog_too_large.stderr.txt"), "srun: error: Multi_prog config file test24.config is too large"),
        (text_of("58_srun_task_exit_code.stderr.txt"), "srun: error: @HOST@: task 1: Exited with exit code 3"),
        (
            "slurmstepd: error: *** JOB 15 ON mu004 CANCELLED AT 2026-11-22T17:38:47 DUE TO TIME LIMIT ***",
            "JOB 15 ON mu004 CANCELLED AT 2026-11-22T17:38:47 DUE TO TIME LIMIT",
        ),
        ("date\nall is well\n", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_jobs_output_says_why_it_was_ended(text, said):
    assert why_ended(text) == said
