"""Measuring: time, lag of the event loop, the most memory, statements; and printing what came out."""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from _table import print_found
from sqlalchemy import Engine, event

LOOK_S = 0.005


@dataclass(kw_only=True, slots=True)
class Found:
    """What a benchmark has to say."""

    ratios: dict[str, float] = field(default_factory=dict)
    goals: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, value: float, goal: str, note: str = "") -> None:
        """One ratio."""
        self.ratios[name] = round(value, 3)
        self.goals[name] = goal
        if note:
            self.notes.append(f"{name}: {note}")


def run(measure: Callable[[Found, argparse.Namespace], None], description: str, *options: tuple[str, Any]) -> None:
    """The command line of a benchmark: measure, and print a table or one JSON object."""
    words = argparse.ArgumentParser(description=description)
    words.add_argument("--json", action="store_true", help="print one object")
    words.add_argument("--only", default="", choices=["", "sqlite", "mariadb"], help="one database alone")
    for name, default in options:
        words.add_argument(name, type=type(default), default=default)
    asked = words.parse_args()
    found = Found()
    measure(found, asked)
    print_found({"ratios": found.ratios, "goals": found.goals, "notes": found.notes}, as_json=asked.json)


@contextmanager
def timed() -> Iterator[list[float]]:
    """A list that holds the seconds that passed, when they have."""
    spent: list[float] = []
    began = time.perf_counter()
    try:
        yield spent
    finally:
        spent.append(time.perf_counter() - began)


@contextmanager
def most_memory() -> Iterator[list[float]]:
    """A list that holds the most resident MB meanwhile, this process and its children's worst together."""
    most = [0.0]
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            most[0] = max(most[0], resident_mb())

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield most
    finally:
        done.set()
        looking.join()


def resident_mb() -> float:
    """Resident memory of this process and of those it started, in MB."""
    import os

    pids, total = [os.getpid()], 0.0
    while pids:
        pid = pids.pop()
        try:
            with open(f"/proc/{pid}/comm") as file:
                if not file.read().startswith("python"):
                    continue
            with open(f"/proc/{pid}/statm") as file:
                total += int(file.read().split()[1]) * resource.getpagesize() / 1e6
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as file:
                    pids += [int(child) for child in file.read().split()]
        except (OSError, ValueError):
            continue
    return total


class Lag:
    """How late the event loop comes, looked at all the time."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            due = time.perf_counter() + LOOK_S
            await asyncio.sleep(LOOK_S)
            self.late_ms.append((time.perf_counter() - due) * 1000)

    def p99_ms(self) -> float:
        """The lag that one look of a hundred exceeds."""
        return statistics.quantiles(self.late_ms, n=100)[-1]


@contextmanager
def counted(*engines: Engine) -> Iterator[list[str]]:
    """Every statement that is sent."""
    sent: list[str] = []

    def keep(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", keep)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", keep)
