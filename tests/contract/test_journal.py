"""The journal's contract, over every database that may hold it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.builders.runs import row_of

from rpconsole.adapters.journal import Journal, open_journal
from rpconsole.domain.fault import AlreadyOwned
from rpconsole.domain.run import Attempt, Run, RunRow, Step
from rpconsole.domain.stage import Stage
from rpconsole.ports.journal import Act, Delivered, Gate, Owner, PastSession, StoryLine, Verdict


@pytest.fixture
async def journal(journal_url):
    opened = await open_journal(journal_url, database="gpc1", site="lanl", alive=lambda pid: pid != DEAD)
    yield opened
    await opened.close()


DEAD = 4242


def a_run(remote_id: int = 7, **changes: object) -> Run:
    run = Run(remote_id=remote_id, stage=Stage.CHIP, label="LAP.2026", path_base="/data/lap", step=Step.PREPARE)
    return run.with_(**changes)


def a_line(event: str = "RunPrepared", *, remote_id: int = 7, at: float = 1000.0, detail: str = "3 tasks") -> StoryLine:
    return StoryLine(at=at, remote_id=remote_id, event=event, before="prepare", after="ship", detail=detail)


def an_attempt(number: int = 1, job: str | None = None) -> Attempt:
    return Attempt(number=number, nonce=f"n{number}", intended_at=1_760_000_000.123456, job=job)


def rows(*remote_ids: int) -> list[RunRow]:
    return [row_of(a_run(remote_id)) for remote_id in remote_ids]


async def load(journal: Journal, remote_id: int = 7) -> Run:
    return (await journal.runs.load(rows(remote_id)))[remote_id]


async def test_a_run_is_loaded_as_it_was_saved(journal):
    run = a_run(
        step=Step.STOPPED,
        parked=True,
        attempt=an_attempt(3, "Moab.17"),
        attempts=3,
        tries=2,
        next_try_at=1_760_000_123.654321,
        hold="waits; «λ» ✗ 🔭",
        fault=4,
        stopped_at=Step.RETRIEVE,
        cancel_wanted=True,
        passed=58,
        failed=2,
    )
    await journal.runs.save(run)
    assert await load(journal) == run


async def test_a_bare_run_is_loaded_as_it_was_saved(journal):
    await journal.runs.save(a_run())
    assert await load(journal) == a_run()


async def test_a_later_save_replaces_the_earlier_wholly(journal):
    await journal.runs.save(a_run(hold="waits", next_try_at=5.0, attempt=an_attempt(), attempts=1))
    await journal.runs.save(a_run(step=Step.SHIP))
    assert await load(journal) == a_run(step=Step.SHIP)


async def test_only_the_runs_asked_for_are_loaded_and_unknown_ones_are_left_out(journal):
    for remote_id in (1, 2, 3):
        await journal.runs.save(a_run(remote_id))
    assert set(await journal.runs.load(rows(1, 3, 99))) == {1, 3}
    assert await journal.runs.load([]) == {}


async def test_label_and_directory_are_those_of_the_row_which_others_may_have_changed(journal):
    await journal.runs.save(a_run(hold="waits"))
    row = replace(row_of(a_run()), label="Nightly", path_base="/elsewhere")
    assert await journal.runs.load([row]) == {7: a_run(label="Nightly", path_base="/elsewhere", hold="waits")}


async def test_the_runs_at_a_step_are_found_in_this_database_alone(journal, journal_url):
    other = await open_journal(journal_url, database="gpc2", site="lanl")
    await other.runs.save(a_run(4, step=Step.ADVANCE))
    for remote_id, step in ((1, Step.ADVANCE), (2, Step.DONE), (3, Step.ADVANCE)):
        await journal.runs.save(a_run(remote_id, step=step))
    assert await journal.runs.standing_at(Step.ADVANCE) == [1, 3]
    await other.close()


async def test_more_runs_than_one_query_takes_are_loaded(journal):
    await journal.runs.save(a_run(40_000))
    assert set(await journal.runs.load(rows(*range(1, 40_001)))) == {40_000}


async def test_the_same_run_number_in_two_databases_is_two_runs(journal, journal_url):
    other = await open_journal(journal_url, database="gpc2", site="lanl")
    await journal.runs.save(a_run(hold="ours"), a_line())
    await other.runs.save(a_run(hold="theirs"))
    assert (await load(journal)).hold == "ours"
    assert (await load(other)).hold == "theirs"
    assert await other.runs.story(7) == []
    await other.close()


async def test_the_story_is_told_in_the_order_of_saving(journal):
    lines = [a_line(at=1000.0 - n, detail=f"line {n}") for n in range(12)]
    for line in lines:
        await journal.runs.save(a_run(), line)
    assert await journal.runs.story(7) == lines
    assert await journal.runs.story(7, limit=2) == lines[-2:]


async def test_a_save_without_a_line_leaves_the_story_alone(journal):
    await journal.runs.save(a_run(), a_line())
    await journal.runs.save(a_run(step=Step.SHIP))
    assert await journal.runs.story(7) == [a_line()]


async def test_bytes_that_are_no_text_and_endless_text_do_not_stop_a_save(journal):
    await journal.runs.save(a_run(hold="x" * 100_000), a_line(detail="bad \udcff byte"))
    assert (await journal.runs.story(7))[0].detail == "bad \\udcff byte"
    assert (await load(journal)).hold.startswith("xxx")


async def test_a_line_that_cannot_be_written_takes_the_progress_back_with_it(journal):
    await journal.runs.save(a_run(), a_line())
    with pytest.raises(Exception, match="refused"):
        await journal.runs.save(a_run(step=Step.SHIP), replace(a_line(), event=None))  # type: ignore[arg-type]
    assert await load(journal) == a_run()


async def test_an_intended_attempt_is_a_job_before_anything_is_sent(journal):
    await journal.runs.save(a_run(step=Step.SUBMIT, attempt=an_attempt(), attempts=1), a_line("SubmitIntended"))
    (job,) = await journal.runs.jobs(7)
    assert (job.number, job.nonce, job.intended_at, job.job, job.state) == (
        1,
        "n1",
        1_760_000_000.123456,
        None,
        "intended",
    )


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("SubmitRefused", "refused"),
        ("QueueFull", "refused"),
        ("SchedulerAway", "refused"),
        ("NothingSubmitted", "given up"),
        ("ResubmitOrdered", "given up"),
        ("JobEnded", "ended"),
        ("JobKilled", "ended"),
    ],
)
async def test_the_event_that_ends_an_attempt_stays_its_last_word(journal, event, state):
    await journal.runs.save(a_run(attempt=an_attempt(), attempts=1), a_line("SubmitIntended"))
    await journal.runs.save(a_run(attempt=None, attempts=1), a_line(event))
    await journal.runs.save(a_run(attempt=None, attempts=1), a_line("StepFailed"))
    assert [job.state for job in await journal.runs.jobs(7)] == [state]


async def test_a_run_that_keeps_its_ended_attempt_keeps_it_ended(journal):
    ended = a_run(step=Step.RETRIEVE, attempt=an_attempt(job="Moab.1"), attempts=1)
    await journal.runs.save(ended.with_(step=Step.POLL), a_line("JobAccepted"))
    await journal.runs.save(ended, a_line("JobEnded"))
    await journal.runs.save(ended.with_(step=Step.APPLY), a_line("ProductsVerified"))
    assert [(job.job, job.state) for job in await journal.runs.jobs(7)] == [("Moab.1", "ended")]


async def test_every_attempt_is_kept_in_order(journal):
    await journal.runs.save(a_run(attempt=an_attempt(1, "Moab.1"), attempts=1), a_line("JobAccepted"))
    await journal.runs.save(a_run(attempt=None, attempts=1), a_line("JobKilled"))
    await journal.runs.save(a_run(attempt=an_attempt(2), attempts=2), a_line("SubmitIntended"))
    await journal.runs.save(a_run(attempt=an_attempt(2, "Moab.2"), attempts=2), a_line("JobAccepted"))
    jobs = await journal.runs.jobs(7)
    assert [(job.number, job.job, job.state) for job in jobs] == [(1, "Moab.1", "ended"), (2, "Moab.2", "accepted")]


def a_file(remote: str = "/scratch/a.fits", **changes: object) -> Delivered:
    file = Delivered(
        remote=remote,
        size=2**40,
        sha256="ab" * 32,
        site_mtime_ns=1_760_000_000_123_456_789,
        local="/data/a.fits",
        local_mtime_ns=None,
    )
    return replace(file, **changes)  # type: ignore[arg-type]


async def test_a_delivered_file_is_known_to_the_nanosecond(journal):
    await journal.ledger.record_delivered([a_file()])
    assert await journal.ledger.delivered(["/scratch/a.fits", "/scratch/b.fits"]) == {"/scratch/a.fits": a_file()}


async def test_a_later_delivery_replaces_the_earlier_even_in_one_call(journal):
    await journal.ledger.record_delivered([a_file(size=1)])
    await journal.ledger.record_delivered([a_file(size=2), a_file(size=3)])
    assert (await journal.ledger.delivered(["/scratch/a.fits"]))["/scratch/a.fits"].size == 3


async def test_thousands_of_files_and_paths_of_any_length_and_case_are_told_apart(journal):
    names = [f"/scratch/{n}" for n in range(3000)] + ["/S/x", "/s/x", "/s/x ", "/" + "d" * 3000, "/latin-\udce9"]
    await journal.ledger.record_delivered([a_file(name, size=n) for n, name in enumerate(names)])
    found = await journal.ledger.delivered(names)
    assert [found[name].size for name in names] == list(range(len(names)))


async def test_a_file_whose_name_at_home_is_no_utf8_is_entered(journal):
    await journal.ledger.record_delivered([replace(a_file(), local="/home/latin-\udce9")])
    assert (await journal.ledger.delivered(["/scratch/a.fits"]))["/scratch/a.fits"].local == "/home/latin-\\udce9"


async def test_what_lies_at_one_site_does_not_lie_at_another(journal, journal_url):
    other = await open_journal(journal_url, database="gpc1", site="uhcray")
    await journal.ledger.record_delivered([a_file()])
    assert await other.ledger.delivered(["/scratch/a.fits"]) == {}
    await other.close()


async def test_verdicts_come_ordered_and_a_later_one_replaces_the_earlier(journal):
    bad = Verdict(remote_id=7, stage_id=2, item="XY01", state="fail", sentence="no dbinfo")
    good = Verdict(remote_id=7, stage_id=2, item="XY01", state="pass", sentence="", sha256="cd" * 32)
    first = Verdict(remote_id=7, stage_id=1, item="XY77", state="fail", sentence="empty product")
    await journal.ledger.record_verdicts([bad, first, replace(first, remote_id=8)])
    assert await journal.ledger.verdicts(7) == [first, bad]
    await journal.ledger.record_verdicts([good])
    assert await journal.ledger.verdicts(7) == [first, good]
    assert await journal.ledger.verdicts(7, state="fail") == [first]


async def test_what_was_refused_of_a_component_is_forgotten_and_nothing_of_its_tasks(journal):
    refused = Verdict(remote_id=7, stage_id=1, item="", state="fail", sentence="no raw file")
    others = [replace(refused, stage_id=2), replace(refused, remote_id=8)]
    task = replace(refused, item="XY01")
    await journal.ledger.record_verdicts([refused, task, *others])
    await journal.ledger.forget_refusals(7, [1, 3])
    assert await journal.ledger.verdicts(7) == [task, others[0]]
    assert await journal.ledger.verdicts(8) == [others[1]]


async def test_recording_nothing_is_harmless(journal):
    await journal.ledger.record_verdicts([])
    await journal.ledger.forget_refusals(7, [])
    await journal.ledger.record_delivered([])
    assert await journal.ledger.delivered([]) == {}


async def test_bytes_are_added_up_by_run(journal):
    await journal.ledger.add_bytes(7, sent=2**40)
    await journal.ledger.add_bytes(7, sent=1, returned=5)
    assert await journal.ledger.bytes_of([7, 8]) == {7: (2**40 + 1, 5), 8: (0, 0)}


async def test_a_gate_that_was_never_set_is_not_in_the_answer(journal):
    closed = Gate(name="poll", open=False, who="eva", at=10.5)
    await journal.operations.set_gate(closed)
    assert await journal.operations.gates() == {"poll": closed}
    await journal.operations.set_gate(replace(closed, open=True, who="tom"))
    assert (await journal.operations.gates())["poll"].open is True


async def test_the_last_acts_come_oldest_first(journal):
    acts = [Act(at=float(n), who="eva", what=f"act {n}") for n in range(5)]
    for act in acts:
        await journal.operations.record_act(act)
    assert await journal.operations.acts() == acts
    assert await journal.operations.acts(limit=2) == acts[-2:]


async def test_what_came_of_an_act_stands_beside_it_and_of_one_that_was_cut_short_nothing(journal):
    act = Act(at=1.0, who="eva", what="cancel run 7")
    first, _ = [await journal.operations.record_act(act) for _ in range(2)]
    await journal.operations.act_ended(first, "run 7 is at 'stopped' now")
    outcomes = [one.outcome for one in await journal.operations.acts()]
    assert outcomes == ["run 7 is at 'stopped' now", None]


async def test_a_session_is_remembered_with_its_end(journal):
    opened = PastSession(host="fe1", user="w", opened_by="eva", opened_at=1.0, ended_at=None, end="")
    first = await journal.operations.session_opened(opened)
    second = await journal.operations.session_opened(replace(opened, host="fe2"))
    await journal.operations.session_ended(first, at=9.0, end="cut by the site")
    assert first != second
    assert await journal.operations.past_sessions() == [
        replace(opened, ended_at=9.0, end="cut by the site", number=first),
        replace(opened, host="fe2", number=second),
    ]
    assert [session.host for session in await journal.operations.past_sessions(limit=1)] == ["fe2"]


async def test_labels_are_added_once_and_removed(journal):
    for label, stage in (
        ("b", Stage.WARP),
        ("b", Stage.CHIP),
        ("a", Stage.STACK),
        ("b", Stage.CHIP),
        ("B", Stage.CHIP),
    ):
        await journal.operations.set_label(label, stage, on=True)
    await journal.operations.set_label("a", Stage.STACK, on=False)
    await journal.operations.set_label("never", Stage.CHIP, on=False)
    assert list(await journal.operations.labels()) == [("B", Stage.CHIP), ("b", Stage.CHIP), ("b", Stage.WARP)]


OWNER = Owner(database="gpc1", site="lanl", host="ippc11", pid=100, since=1000.0, beat=1000.0)
RIVAL = replace(OWNER, host="ippc12", pid=200, since=1050.0, beat=1050.0)


async def test_a_second_engine_is_refused_with_the_holders_name(journal):
    await journal.lease.acquire(OWNER, stale_after_s=60.0)
    with pytest.raises(AlreadyOwned, match=r"ippc11 \(pid 100\).*1970-01-01 00:16:40.*50 s"):
        await journal.lease.acquire(RIVAL, stale_after_s=60.0)
    assert await journal.lease.holder("gpc1", "lanl") == OWNER


async def test_a_stale_lease_is_taken_over_and_the_old_holder_learns_it(journal):
    await journal.lease.acquire(OWNER, stale_after_s=60.0)
    late = replace(RIVAL, since=1061.0, beat=1061.0)
    await journal.lease.acquire(late, stale_after_s=60.0)
    assert await journal.lease.beat(OWNER, at=1062.0) is False
    assert await journal.lease.beat(late, at=1062.0) is True
    assert await journal.lease.holder("gpc1", "lanl") == replace(late, beat=1062.0)


async def test_a_beating_lease_does_not_go_stale(journal):
    await journal.lease.acquire(OWNER, stale_after_s=60.0)
    assert await journal.lease.beat(OWNER, at=1055.0)
    with pytest.raises(AlreadyOwned):
        await journal.lease.acquire(replace(RIVAL, beat=1100.0), stale_after_s=60.0)


async def test_a_dead_process_of_the_same_host_holds_nothing(journal):
    await journal.lease.acquire(replace(OWNER, pid=DEAD), stale_after_s=60.0)
    await journal.lease.acquire(replace(OWNER, pid=101, since=1001.0, beat=1001.0), stale_after_s=60.0)
    assert (await journal.lease.holder("gpc1", "lanl")).pid == 101


async def test_a_process_number_says_nothing_about_another_host(journal):
    await journal.lease.acquire(replace(OWNER, pid=DEAD), stale_after_s=60.0)
    with pytest.raises(AlreadyOwned):
        await journal.lease.acquire(RIVAL, stale_after_s=60.0)


async def test_a_released_lease_is_free_and_only_its_holder_releases_it(journal):
    await journal.lease.acquire(OWNER, stale_after_s=60.0)
    await journal.lease.release(RIVAL)
    assert await journal.lease.holder("gpc1", "lanl") == OWNER
    await journal.lease.release(OWNER)
    await journal.lease.release(OWNER)
    await journal.lease.acquire(RIVAL, stale_after_s=60.0)
    assert await journal.lease.beat(OWNER, at=1051.0) is False


async def test_another_site_or_database_is_another_lease(journal):
    await journal.lease.acquire(OWNER, stale_after_s=60.0)
    await journal.lease.acquire(replace(RIVAL, site="uhcray"), stale_after_s=60.0)
    await journal.lease.acquire(replace(RIVAL, database="gpc2"), stale_after_s=60.0)
    assert await journal.lease.holder("gpc1", "uhcray") == replace(RIVAL, site="uhcray")


async def test_a_holder_may_acquire_again(journal):
    await journal.lease.acquire(OWNER, stale_after_s=60.0)
    await journal.lease.acquire(replace(OWNER, beat=1010.0), stale_after_s=60.0)
    assert (await journal.lease.holder("gpc1", "lanl")).beat == 1010.0


async def test_everything_is_still_there_after_closing(journal, journal_url):
    await journal.runs.save(a_run(), a_line())
    await journal.operations.set_gate(Gate(name="exec", open=False, who="eva", at=1.0))
    await journal.close()
    again = await open_journal(journal_url, database="gpc1", site="lanl")
    assert await load(again) == a_run()
    assert await again.runs.story(7) == [a_line()]
    assert list(await again.operations.gates()) == ["exec"]
    await again.close()
