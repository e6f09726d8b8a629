"""The difference of two snapshots, and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.engine import FakeEngine, a_run_row, view_of

from rpconsole.domain.action import Level
from rpconsole.domain.snapshot import Alert
from rpconsole.protocol.codec import decode_from_engine, encode
from rpconsole.protocol.delta import apply_delta, delta_of
from rpconsole.protocol.messages import Change

EMPTY = FakeEngine().snapshot()


def an_alert(number):
    return Alert(at=float(number), level=Level.NOTE, sentence=f"number {number}")


def a_snapshot(runs, alerts, sequence):
    views = tuple(replace(view_of(a_run_row(remote_id)), tries=tries) for remote_id, tries in sorted(runs.items()))
    return replace(EMPTY, sequence=sequence, runs=views, alerts=tuple(an_alert(n) for n in alerts))


runs = st.dictionaries(st.integers(1, 6), st.integers(0, 3), max_size=6)
alerts = st.lists(st.integers(0, 2), max_size=5)


@given(runs, alerts, runs, alerts)
def test_a_change_brings_any_snapshot_to_any_other(runs_before, alerts_before, runs_after, alerts_after):
    before, after = a_snapshot(runs_before, alerts_before, 1), a_snapshot(runs_after, alerts_after, 2)
    message = decode_from_engine(encode(Change(delta=delta_of(before, after))))
    assert isinstance(message, Change)
    assert apply_delta(before, message.delta) == after


def test_only_changed_runs_and_new_alerts_cross():
    before = a_snapshot({1: 0, 2: 0, 3: 0}, [1, 2, 3], 1)
    after = a_snapshot({1: 0, 2: 1, 4: 0}, [2, 3, 4], 2)
    delta = delta_of(before, after)
    assert [run.remote_id for run in delta.snapshot.runs] == [2, 4]
    assert delta.runs_gone == (3,)
    assert delta.alerts_gone == 1
    assert delta.snapshot.alerts == (an_alert(4),)


def test_a_change_of_another_snapshot_is_refused():
    before, after = a_snapshot({}, [], 1), a_snapshot({}, [], 2)
    with pytest.raises(ValueError, match="builds on snapshot 1, not on 2"):
        apply_delta(after, delta_of(before, after))
