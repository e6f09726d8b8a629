"""A console over a model that the test fills: no engine, no socket, no clock that moves by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.console.support import FakeOrders, Hand, busy, live

from rpconsole.console.app import ConsoleApp
from rpconsole.console.model import Model
from rpconsole.console.starting import Arrived, Options
from rpconsole.console.theme import load, shipped


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def model(hand) -> Model:
    """A model with a live link and a busy snapshot."""
    made = live(Model(monotonic=hand), busy())
    made.rates.extendleft((2e5 * (number % 30), 1e6 * (number % 40)) for number in range(100))
    return made


@pytest.fixture
def orders() -> FakeOrders:
    return FakeOrders()


@pytest.fixture
def make_app(tmp_path, orders) -> Callable[..., ConsoleApp]:
    palettes, complaints = load(shipped())
    assert complaints == []

    def make(model: Model, *, theme: str = "rp-dark", **changes: Any) -> ConsoleApp:
        known = {name: changes.pop(name) for name in ("owns_engine", "configuration") if name in changes}
        options = Options(
            who="ipp",
            palette=palettes[theme],
            palettes=palettes,
            crash_file=tmp_path / "crash.txt",
            read_only=model.read_only,
            **changes,
        )
        made: ConsoleApp = ConsoleApp(options, model=model, link=orders)
        made.take_way(Arrived(socket_path=tmp_path / "nobody.sock", **known))
        return made

    return make


@pytest.fixture
def app(make_app, model):
    return make_app(model)
