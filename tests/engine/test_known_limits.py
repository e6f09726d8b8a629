"""What front ends allow is kept in the books of the site, for the next engine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from rpconsole.domain.session import SessionState, SessionView
from rpconsole.engine.known_limits import KnownLimits


class Books:
    def __init__(self):
        self.kept = {}
        self.written = 0

    async def recall(self, topic):
        return self.kept.get(topic)

    async def remember(self, topic, value):
        self.written += 1
        self.kept[topic] = value


def with_books(books) -> Any:
    return SimpleNamespace(books=books)


def views(**streams):
    return [
        SessionView(host=host.replace("_", "/"), state=SessionState.OPEN, streams=count)
        for host, count in streams.items()
    ]


async def test_a_limit_that_was_found_is_known_to_the_next_engine_and_written_once():
    books = Books()
    limits = KnownLimits(with_books(books))
    assert await limits.load(views(fe1=None, fe2=None)) == {"fe1": None, "fe2": None}
    for _ in range(3):
        await limits.keep(views(fe1=2, fe2=None))
    assert books.written == 1
    assert await KnownLimits(with_books(books)).load(views(fe1=None, fe2=None)) == {"fe1": 2, "fe2": None}


async def test_a_limit_that_was_lifted_is_forgotten():
    books = Books()
    limits = KnownLimits(with_books(books))
    await limits.load(views(fe1=None))
    await limits.keep(views(fe1=2))
    await limits.keep(views(fe1=None))
    assert await KnownLimits(with_books(books)).load(views(fe1=None)) == {"fe1": None}


async def test_the_smallest_of_a_front_ends_sessions_counts():
    books = Books()
    limits = KnownLimits(with_books(books))
    await limits.load(views(fe1_1=None, fe1_2=None))
    await limits.keep(views(fe1_1=3, fe1_2=2))
    assert books.kept["file streams to fe1"] == {"streams": 2}


async def test_odd_books_are_no_limit():
    books = Books()
    books.kept["file streams to fe1"] = {"streams": "many"}
    assert await KnownLimits(with_books(books)).load(views(fe1=None)) == {"fe1": None}
    assert await KnownLimits(None).load(views(fe1=None)) == {"fe1": None}
