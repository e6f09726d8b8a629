"""Why a session is not open and why a queue does not move, with what would move it."""

from __future__ import annotations

import pytest
from tests.console.support import NOON, a_run, busy

from rpconsole.domain.run import Step
from rpconsole.domain.session import SessionState, SessionView
from rpconsole.domain.snapshot import GATES, GateView
from rpconsole.domain.stage import Stage
from rpconsole.domain.standstill import TOLD, queue_reasons, session_reasons


@pytest.mark.parametrize(
    ("state", "sentence", "said"),
    [
        (SessionState.LOST, "cut by the site", ("cut by the site", "'rpconsole login' (L) opens it")),
        (SessionState.CLOSED, "", ("no session to it was opened yet", "'rpconsole login' (L) opens it")),
        (SessionState.OPENING, "", ("a login is under way: an answer to the site's prompt moves it",)),
        (SessionState.OPEN, "", ()),
    ],
)
def test_a_front_end_says_what_opens_it(state, sentence, said):
    assert session_reasons(SessionView(host="fe", state=state, sentence=sentence), NOON) == said


def test_a_session_that_drains_says_how_long_and_what_helps():
    view = SessionView(host="fe", state=SessionState.DRAINING, ends_at=NOON + 600)
    assert session_reasons(view, NOON) == (
        "it ends in 10 min and takes no work that would not fit: 'rpconsole login --renew' (K) opens a new one",
    )


def test_runs_that_wait_for_the_same_are_counted_together():
    runs = [a_run(number, why=(f"tried again in {number} s",)) for number in (7, 8, 9)]
    runs += [a_run(10, why=("msub refused", "order a retry")), a_run(11, why=()), a_run(12, Step.DONE)]
    assert queue_reasons(Stage.CHIP, runs, busy()) == (
        "3 runs, the first is 7: tried again in 7 s",
        "run 10: msub refused; order a retry",
    )


def test_a_queue_of_many_reasons_tells_the_commonest_and_counts_the_rest():
    runs = [a_run(number, why=("x" * number,)) for number in range(1, TOLD + 4)]
    told = queue_reasons(Stage.CHIP, runs, busy())
    assert len(told) == TOLD + 1
    assert told[-1] == "and 3 more runs for other reasons"


def test_an_empty_queue_names_the_gates_that_keep_runs_from_it():
    shut = busy(gates=tuple(GateView(name=name, open=False) for name in GATES))
    assert [("advance gate" in " ".join(queue_reasons(stage, (), shut))) for stage in Stage] == [
        False,
        True,
        True,
        True,
    ]
    assert "the define gate is closed: 'rpconsole resume define' moves it" in queue_reasons(Stage.CHIP, (), shut)
    assert "rpconsole define --stage warp" in queue_reasons(Stage.WARP, (), busy())[1]


def test_a_database_that_is_away_is_said_first():
    assert queue_reasons(Stage.CHIP, (), busy(waits_for="gpc1 does not answer"))[0] == "gpc1 does not answer"


def test_an_open_session_that_does_not_do_all_that_it_should_says_what():
    view = SessionView(host="fe", state=SessionState.OPEN, sentence="fe does not reach ippc20: timed out")
    assert session_reasons(view, NOON) == ("fe does not reach ippc20: timed out",)
