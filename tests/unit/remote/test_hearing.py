"""Who counts as dead, by a clock that the test moves."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rpconsole.remote.hearing import Hearing, beat_s


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr("rpconsole.remote.hearing.time.monotonic", lambda: clock.now)
    return clock


def after(hearing, clock, seconds, *nodes, patience_s=None):
    """Waited so long, and then heard these."""
    clock.now += seconds
    hearing.listened(seconds if patience_s is None else patience_s)
    for node in nodes:
        hearing.heard(node)


def test_a_node_is_silent_when_nothing_came_from_it_for_so_long(clock):
    hearing = Hearing(["mu001", "mu002", "mu003"], 300.0)
    for _ in range(15):
        after(hearing, clock, 20.0, "mu001", "mu002")
    after(hearing, clock, 20.0, "mu001")
    assert hearing.silent(clock.now) == {"mu003"}
    assert hearing.unheard == {"mu003"}
    assert not hearing.is_still(clock.now)


def test_while_we_ourselves_were_away_nobody_was_silent(clock):
    hearing = Hearing(["mu001", "mu002"], 300.0)
    after(hearing, clock, 4000.0, patience_s=2.0)
    assert hearing.silent(clock.now) == set()


def test_where_ranks_call_their_nodes_otherwise_none_is_missed_by_its_name_in_our_list(clock):
    hearing = Hearing(["mu001.lanl.gov", "mu002.lanl.gov"], 300.0)
    after(hearing, clock, 1.0, "mu001")
    after(hearing, clock, 400.0, "mu001")
    assert hearing.silent(clock.now) == hearing.unheard == set()
    after(hearing, clock, 400.0)
    assert hearing.silent(clock.now) == {"mu001"}
    assert hearing.is_still(clock.now)


def test_beats_are_several_in_a_silence_and_no_more_than_needed():
    assert beat_s(300.0) == 20.0
    assert beat_s(5.0) == 1.0
