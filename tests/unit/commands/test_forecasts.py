"""When a job that waits is expected to start: told with the queue where it can be, asked for by its id else."""

from __future__ import annotations

import pytest

from rpconsole.commands.moab import Moab
from rpconsole.commands.remedies import waiting_sentence
from rpconsole.commands.scheduler import Forecaster, JobOutcome, JobState
from rpconsole.commands.slurm import Slurm
from rpconsole.domain.fault import BadData
from rpconsole.ports.site import Answer

MOAB = Moab()


def in_moab(attributes: str) -> str:
    text = f'<Data><queue option="eligible"><job JobID="7" State="Idle" {attributes}/></queue></Data>'
    listing = MOAB.read_queue(Answer(rc=0, out=text, err=""))
    assert listing is not None
    return listing.jobs[0].starts


def in_slurm(state: str, start: str) -> str:
    listing = Slurm().read_queue(
        Answer(rc=0, out=f"JOBID|STATE|REASON|START_TIME\n7|{state}|Priority|{start}\n", err="")
    )
    assert listing is not None
    return listing.jobs[0].starts


def test_moab_tells_it_by_its_reservation_and_only_of_jobs_that_wait():
    assert in_moab('RsvStartTime="1553436000" StartTime="0"') == "2019-03-24 14:00 UTC"
    assert in_moab('RsvStartTime="1553436000" StartTime="1553430000"') == ""


@pytest.mark.parametrize("told", ["", "0", "soon", "-5", "999999999999", "1e9", "99999999999999999999"])
def test_a_time_that_is_none_is_not_told(told):
    assert in_moab(f'RsvStartTime="{told}"') == ""


def test_slurm_tells_it_in_its_own_column_and_only_of_jobs_that_wait():
    assert "%S" in Slurm().queue_command("us")[-1]
    assert in_slurm("PENDING", "2019-03-24T14:00:00") == "2019-03-24 14:00 by the site's clock"
    assert in_slurm("RUNNING", "2019-03-24T14:00:00") == ""


@pytest.mark.parametrize("told", ["N/A", "", "None", "2019-03-24", "\x1b[31m2019-03-24T14:00:00"])
def test_what_slurm_prints_for_no_time_is_none(told):
    assert in_slurm("PENDING", told) == ""


def test_a_waiting_job_is_shown_with_it_beside_the_schedulers_reason():
    waits = JobState(outcome=JobOutcome.QUEUED, job="7", word="Idle", starts="2019-03-24 14:00 UTC")
    assert waiting_sentence(waits, run=1) == "job 7 waits, the scheduler means to start it at 2019-03-24 14:00 UTC"
    held_up = JobState(outcome=JobOutcome.QUEUED, job="7", word="Idle", sentence="MAXJOB", starts="tomorrow")
    assert "MAXJOB" in waiting_sentence(held_up, run=1)
    assert waiting_sentence(held_up, run=1).endswith("the scheduler means to start it at tomorrow")


def test_showstart_is_asked_of_one_plain_id():
    assert MOAB.start_command("Moab.7") == ("showstart", "Moab.7")
    with pytest.raises(BadData):
        MOAB.start_command("7[1]")
    assert isinstance(MOAB, Forecaster)
    assert not isinstance(Slurm(), Forecaster), "its queue tells already"


def test_each_guess_is_told_under_its_own_name_and_none_without_one():
    text = "job 7 requires 2 procs for 0:33:20\n\nEstimated Rsv based start in 1:04:55 on Fri Jul 15 12:53:40\n"
    text += "Estimated Priority based start in 5:14:55 on Fri Jul 15 17:03:40\n"
    told = MOAB.read_forecast("7", Answer(rc=0, out=text, err=""))
    assert told.endswith("Rsv in 1 h 4 min, Priority in 5 h 14 min")
    blocked = MOAB.read_forecast("7", Answer(rc=0, out=f"{text}\nNOTE:  job is blocked\n", err=""))
    assert "blocked" in blocked
    assert MOAB.read_forecast("8", Answer(rc=0, out=text, err="")) == ""
    assert MOAB.read_forecast("7", Answer(rc=1, out="INFO:  cannot determine start time for job 7\n", err="")) == ""
