from __future__ import annotations

import os

import pytest

from rpconsole.remote import crew as crew_module
from rpconsole.remote.crew import Crew
from rpconsole.remote.plan import plan_of


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Quiet:
    """A worker that says nothing."""

    def __init__(self, heard_at: float) -> None:
        self.heard_at = heard_at


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr(crew_module, "time", found)
    return found


@pytest.fixture
def crew(clock):
    reader, writer = os.pipe()
    found = Crew(plan_of(["/x/run.config", "-", "1", "--silence-s", "300"], {}), 1, reader)
    yield found
    found.links.clear()
    found.dismiss()
    os.close(reader)
    os.close(writer)


def turn(crew: Crew) -> None:
    assert list(crew.listen(0.0)) == []


def test_a_node_that_says_nothing_for_long_counts_as_dead(crew, clock):
    link = Quiet(clock.now)
    crew.links.append(link)
    for _ in range(301):
        clock.now += 1.0
        turn(crew)
    assert crew.silent() == [link]


def test_a_leader_that_was_stopped_itself_takes_nobody_for_dead(crew, clock):
    """A frozen disk or a SIGSTOP holds the leader: what the workers have said meanwhile lies unread in their pipes."""
    link = Quiet(clock.now)
    crew.links.append(link)
    turn(crew)
    clock.now += 3600.0
    turn(crew)
    assert crew.silent() == []
    for _ in range(301):
        clock.now += 1.0
        turn(crew)
    assert crew.silent() == [link]
