"""Why a run does not move: every reason once."""

from __future__ import annotations

from rpconsole.domain.run import Run, Step
from rpconsole.domain.schedule import Situation
from rpconsole.domain.stage import Stage
from rpconsole.domain.why import reasons

RUN = Run(remote_id=1, stage=Stage.WARP, label="L", path_base="/p", step=Step.SUBMIT)
NO_SESSION = "no session to the site is open: 'rpconsole login' (L) moves it"


def situation(*, session=False, closed=()):
    return Situation(now=100.0, closed_gates=frozenset(closed), session=session)


def test_a_parked_run_says_once_that_no_session_is_open():
    parked = RUN.with_(parked=True, hold="no session to the site is open: log in")
    assert reasons(parked, situation()) == (NO_SESSION,)
    assert reasons(parked, situation(closed=["exec"])) == (
        NO_SESSION,
        "the exec gate is closed: 'rpconsole resume exec' (e) moves it",
    )


def test_what_it_was_told_is_kept_where_nothing_else_says_it():
    assert reasons(RUN.with_(hold="msub refused: no such account"), situation()) == (
        NO_SESSION,
        "msub refused: no such account",
    )
    assert reasons(RUN.with_(hold="msub refused"), situation(session=True)) == ("msub refused",)


def test_a_wait_is_told_though_its_cause_is_said_already():
    waits = RUN.with_(hold="no session to the site is open: log in", next_try_at=130.0)
    assert reasons(waits, situation()) == (NO_SESSION, "tried again in 30 s; 'rpconsole run retry 1' (A) tries at once")
