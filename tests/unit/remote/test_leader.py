"""What the leader says to whom, without processes: the crew is a script of what is heard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rpconsole.remote import leader as leader_module
from rpconsole.remote.leader import Leader
from rpconsole.remote.plan import plan_of
from rpconsole.remote.task_book import TaskBook


class StillLink:
    """A worker that is only talked about."""

    def __init__(self, node: str) -> None:
        self.node = node
        self.slots = 0
        self.held: set[int] = set()
        self.is_leaving = self.is_ready = self.is_asked_back = False
        self.heard_at = 0.0
        self.token = ""
        self.stock = 0
        self.told: list[dict[str, Any]] = []

    def room(self, ahead: int) -> int:
        return self.slots + ahead - len(self.held) if self.is_ready and not self.is_leaving else 0

    def count_ended(self, now: float) -> None:
        pass

    def given(self) -> list[int]:
        return [order["task"] for order in self.told if order["do"] == "run"]


class ScriptedCrew:
    """Each turn of the leader hears what the next step of the script says."""

    listened_at = 0.0

    def __init__(self, steps: list[Callable[[ScriptedCrew], Any]]) -> None:
        self.links: list[StillLink] = []
        self.steps = steps

    def start(self, nodes: list[str]) -> None:
        self.links = [StillLink(node) for node in nodes]

    def listen(self, patience_s: float) -> Iterator[tuple[StillLink, Any]]:
        assert self.steps, "the leader waits for more than the script holds"
        yield from self.steps.pop(0)(self)

    def send(self, link: StillLink, message: dict[str, Any]) -> None:
        link.told.append(message)

    def send_all(self, message: dict[str, Any]) -> None:
        for link in self.links:
            self.send(link, message)

    def silent(self) -> list[StillLink]:
        return []

    def remove(self, link: StillLink) -> None:
        self.links.remove(link)

    def dismiss(self) -> None:
        pass


class Lines:
    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []

    def append(self, record: dict[str, Any]) -> None:
        self.records.append(json.loads(json.dumps(record)))

    def flush(self) -> bool:
        return True


class OurFence:
    generation = 1

    def is_mine(self) -> bool:
        return True


class Tasks:
    def line(self, number: int) -> str:
        return f"command {number}"


def lead(monkeypatch, tasks: int, nodes: list[str], *steps) -> tuple[str, ScriptedCrew, list[dict[str, Any]]]:
    crew = ScriptedCrew(list(steps))
    results = Lines()
    monkeypatch.setattr(leader_module, "Crew", lambda *_: crew)
    plan = plan_of(["/x/run.config", "-", "1"], {})
    book = TaskBook(list(range(1, tasks + 1)), 3)
    fence: Any = OurFence()
    listed: Any = Tasks()
    written: Any = results
    reason = Leader(plan, listed, book, written, fence).lead(nodes, -1)
    return reason, crew, results.records


def hello(slots: int, *, stock: int = 0):
    def step(crew: ScriptedCrew):
        for link in crew.links:
            link.stock = stock
        return [(link, [{"slots": slots}]) for link in crew.links]

    return step


def ended(task: int, code: int = 0, **more: Any) -> dict[str, Any]:
    return {"ended": task, "attempt": 1, "code": code, **more}


def says(node: str, *messages: dict[str, Any] | None):
    def step(crew: ScriptedCrew):
        (link,) = [link for link in crew.links if link.node == node]
        return [(link, None if messages == (None,) else list(messages))]

    return step


def all_end(crew: ScriptedCrew):
    return [(link, [ended(task) for task in sorted(link.held)]) for link in crew.links]


def test_a_short_list_spreads_over_the_nodes(monkeypatch):
    reason, crew, _ = lead(monkeypatch, 4, ["a", "b"], hello(24), all_end)
    assert reason == "finished"
    assert sorted(len(link.given()) for link in crew.links) == [2, 2]


def test_where_tasks_are_long_no_node_gets_more_than_it_can_run(monkeypatch):
    seen: list[int] = []

    def look(crew: ScriptedCrew):
        seen.extend(len(link.held) for link in crew.links)
        return all_end(crew)

    lead(monkeypatch, 100, ["a", "b"], hello(2), *[look] * 25)
    assert set(seen) == {2}


def test_where_tasks_are_short_a_worker_has_some_in_stock(monkeypatch):
    held: list[int] = []

    def look(crew: ScriptedCrew):
        held.append(len(crew.links[0].held))
        return all_end(crew)

    lead(monkeypatch, 100, ["a"], hello(2, stock=10), *[look] * 40)
    assert held[0] == 12
    assert held[-1] < 4, "the last ones are not piled up anywhere"


def test_what_waits_on_a_busy_node_goes_to_one_with_nothing_to_do(monkeypatch):
    def only_b_gets_on(crew: ScriptedCrew):
        busy, free = crew.links
        if {"do": "give back"} in busy.told and len(busy.held) > 1:
            yield busy, [{"returned": sorted(busy.held)[1:]}]
        yield free, [ended(task) for task in sorted(free.held)]

    reason, crew, _ = lead(monkeypatch, 12, ["a", "b"], hello(1, stock=3), *[only_b_gets_on] * 12, all_end)
    assert reason == "finished"
    busy, free = crew.links
    assert sum(message == {"do": "give back"} for message in busy.told) == 1, "asked once, not with every turn"
    assert set(busy.given()) & set(free.given()), "what waited there ran here"


def test_a_lost_node_spends_no_attempt_and_its_tasks_go_first(monkeypatch):
    def end_of_a(crew: ScriptedCrew):
        return [(crew.links[0], None)]

    def look(crew: ScriptedCrew):
        assert [link.node for link in crew.links] == ["b"]
        return all_end(crew)

    reason, crew, records = lead(monkeypatch, 6, ["a", "b"], hello(1), end_of_a, *[look] * 6)
    assert reason == "finished"
    assert crew.links[0].given() == [2, 1, 3, 4, 5, 6]
    assert [record["tasks"] for record in records if "mark" in record] == [[1]]
    assert {record["attempt"] for record in records if "attempt" in record} == {1}


def test_a_task_that_was_ended_by_us_is_no_result(monkeypatch):
    _, crew, records = lead(monkeypatch, 1, ["a"], hello(1), says("a", ended(1, 143, stopped=True)), all_end)
    assert crew.links[0].given() == [1, 1]
    assert [record["code"] for record in records] == [0]


def test_a_result_of_a_task_that_the_node_does_not_hold_is_passed_over(monkeypatch):
    _, _, records = lead(monkeypatch, 1, ["a"], hello(1), says("a", ended(7), ended(1), ended(1, 1)))
    assert [(record["task"], record["code"]) for record in records] == [(1, 0)]


def test_a_task_that_fails_three_times_is_abandoned(monkeypatch):
    fails = [says("a", {**ended(1, 2), "attempt": attempt}) for attempt in (1, 2, 3)]
    reason, _, records = lead(monkeypatch, 1, ["a"], hello(1), *fails)
    assert reason == "finished"
    assert records[-1] == {"task": 1, "abandoned": True, "attempts": 3}


def test_when_all_leave_nothing_more_is_handed_out(monkeypatch):
    reason, crew, _ = lead(
        monkeypatch, 5, ["a"], hello(1), says("a", {"leaving": True}, {"returned": []}, ended(1, 143, stopped=True))
    )
    assert reason == "term"
    assert crew.links[0].given() == [1]


@pytest.mark.parametrize("nodes", [[], ["a"]])
def test_without_nodes_it_says_so(monkeypatch, nodes):
    reason, _, _ = lead(monkeypatch, 1, nodes, *([says("a", None)] if nodes else []))
    assert reason == "nodes"
