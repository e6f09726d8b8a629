"""Traps that other programs fell into with the same schedulers; ``docs/schedulers.md`` has the whole list."""

from __future__ import annotations

import pytest

from rpconsole.commands.known_schedulers import KNOWN_SCHEDULERS
from rpconsole.commands.moab import Moab
from rpconsole.commands.scheduler import CancelOutcome, JobOrder, JobOutcome
from rpconsole.commands.slurm import Slurm
from rpconsole.domain.event import QueueFull, SubmitRefused, SubmitUnknown
from rpconsole.domain.fault import BadData
from rpconsole.ports.site import Answer

MOAB = Moab()
each_scheduler = pytest.mark.parametrize(
    "scheduler", [make("") for make in KNOWN_SCHEDULERS.values()], ids=KNOWN_SCHEDULERS
)


def on_each_stream(text: str, rc: int) -> tuple[Answer, Answer]:
    return Answer(rc=rc, out=text, err=""), Answer(rc=rc, out="", err=text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ERROR:  client timed out after 30 seconds (hostname:port=H:42559)\n", SubmitUnknown),
        ("ERROR:  invalid account specified\n", SubmitRefused),
        ("ERROR:  queue is full\n", QueueFull),
    ],
)
def test_a_submission_reads_alike_whichever_stream_its_error_came_on(text, kind):
    for answer in on_each_stream(text, 1):
        assert isinstance(MOAB.read_submit(answer), kind)


def test_an_unknown_job_reads_alike_whichever_stream_it_was_said_on():
    for answer in on_each_stream("ERROR:  invalid job specified (12)\n", 1):
        assert MOAB.read_job("12", answer).state.outcome is JobOutcome.GONE
        assert MOAB.read_cancel("12", answer).outcome is CancelOutcome.GONE
    for answer in on_each_stream("error: Invalid job id specified\n", 1):
        assert MOAB.read_job("12", answer).state.outcome is JobOutcome.GONE


def test_two_documents_in_one_answer_are_no_answer():
    one = '<Data><queue option="active"><job JobID="1" State="Running"/></queue></Data>'
    assert MOAB.read_queue(Answer(rc=0, out=one + one, err="")) is None


def test_a_queue_of_twenty_thousand_jobs_is_read():
    rows = "".join(f'<job JobID="{number}" JobName="rp{number}.1.ab" State="Idle"/>' for number in range(20_000))
    listing = MOAB.read_queue(Answer(rc=0, out=f'<Data><queue option="eligible">{rows}</queue></Data>', err=""))
    assert listing is not None
    assert len(listing.jobs) == 20_000


def test_an_expected_state_beside_the_state_in_xml_is_not_taken_for_it():
    text = '<Data><queue option="eligible"><job JobID="1" EState="Running" State="Idle"/></queue></Data>'
    listing = MOAB.read_queue(Answer(rc=0, out=text, err=""))
    assert listing is not None
    assert listing.jobs[0].outcome is JobOutcome.QUEUED


def test_only_our_users_jobs_are_asked_for_and_by_the_scheduler_itself():
    assert MOAB.queue_command("survey")[-2:] == ("-w", "user=survey")
    slurm = Slurm().queue_command("survey")
    assert slurm[slurm.index("-u") + 1] == "survey"


def test_ended_jobs_are_asked_for_by_id_and_together_since_days_and_not_since_midnight():
    assert "-j" in Slurm().job_command("12")
    assert "-S" in Slurm().history_command("survey")


@pytest.mark.parametrize("path", ["/s/a'b", '/s/a"b', "/s/a\nb", "/s/a\x07"])
@each_scheduler
def test_a_quote_in_a_directory_or_a_scripts_name_is_refused(scheduler, path):
    for changes in ({"cwd": path}, {"script": path}):
        with pytest.raises(BadData, match="a quote or a control character"):
            scheduler.submit_command(JobOrder(**({"script": "/s/x.cmd", "name": "rp7.1.ab", "cwd": "/s"} | changes)))


@pytest.mark.parametrize(
    "words", [("-W", "depend=afterok:12"), ("-l", "depend=12"), ("--dependency=afterok:12",), ("-ldepend=12",)]
)
@each_scheduler
def test_a_dependency_is_never_asked_for(scheduler, words):
    with pytest.raises(BadData):
        scheduler.submit_command(JobOrder(script="/s/x.cmd", name="rp7.1.ab", cwd="/s", extra=words))


@each_scheduler
def test_every_command_is_an_argument_list_of_single_words(scheduler):
    order = JobOrder(script="/s/x.cmd", name="rp7.1.ab", cwd="/s", account="sky")
    commands = [scheduler.submit_command(order), scheduler.queue_command("us"), scheduler.history_command("us")]
    commands += [scheduler.job_command("12"), scheduler.cancel_command("12")]
    assert not [word for command in commands for word in command if " " in word]


@each_scheduler
def test_an_answer_about_a_hundred_jobs_never_ends_the_one_that_it_leaves_out(scheduler):
    for text in ("", "Completed", "COMPLETED", "job 13\nState: Completed\n", "13|COMPLETED|0:0\n"):
        assert scheduler.read_job("12", Answer(rc=0, out=text, err="")).state.outcome is not JobOutcome.ENDED
