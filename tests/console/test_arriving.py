"""The first frame stands before the configuration is read and the engine is found."""

from __future__ import annotations

import asyncio

import pytest
from tests.console.support import empty, grid, live
from tests.console.test_login import until

from rpconsole.console import later
from rpconsole.console.app import ConsoleApp
from rpconsole.console.model import Model
from rpconsole.console.starting import Arrived
from rpconsole.domain.fault import BadConfiguration


def on_the_way(app: ConsoleApp, arrive) -> ConsoleApp:
    """The same console, of which it is not known yet where its engine is."""
    return ConsoleApp(app._options, arrive=arrive)


async def test_the_screen_stands_and_keys_are_answered_while_the_engine_is_looked_for(app):
    async def never(say):
        say("no engine ran; started one as process 4711")
        await asyncio.Event().wait()

    console = on_the_way(app, never)
    async with console.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: console.desk.model.log)
        assert "Looking for the engine" in grid(console)
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Help" in grid(console)
        assert [line.sentence for line in console.desk.model.log] == ["no engine ran; started one as process 4711"]
        await pilot.press("escape", "q")
        await pilot.pause()
    assert console.return_value == "leave"
    assert console.failure is None


async def test_what_keeps_the_console_from_its_engine_ends_it_and_is_told(app):
    async def refuse(say):
        raise BadConfiguration("line 3: there is no key 'sight'")

    console = on_the_way(app, refuse)
    async with console.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: console.failure is not None)
    assert isinstance(console.failure, BadConfiguration)


async def test_what_the_configuration_says_holds_once_it_is_read(app, tmp_path):
    found = Arrived(socket_path=tmp_path / "nobody.sock", configuration=lambda: "site\n", owns_engine=True)

    async def arrive(say):
        return found

    console = on_the_way(app, arrive)
    async with console.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: console.desk.configuration() == "site\n")
        assert console.terminal.ringing is found.ringing
        await pilot.press("q")
        await pilot.pause()
        assert "Leave the engine running?" in grid(console)


@pytest.mark.parametrize("module", sorted(later.PARTS))
def test_what_is_loaded_later_is_there_when_a_key_needs_it(module):
    for name in later.PARTS[module]:
        assert name in later.__all__
        assert getattr(later, name).__module__ == f"rpconsole.console.{module}" if callable(getattr(later, name)) else 1


def test_nothing_is_promised_that_is_not_there():
    assert sorted(name for names in later.PARTS.values() for name in names) == sorted(later.__all__)
    with pytest.raises(AttributeError):
        later.NoSuchScreen  # noqa: B018


async def test_what_is_said_in_place_of_rows_follows_the_link(make_app, hand):
    model = Model(monotonic=hand)
    console = make_app(model)
    async with console.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "Looking for the engine" in grid(console)
        live(model, empty())
        console._mark_changed()
        console.flush()
        await pilot.pause()
        assert "No remote runs yet" in grid(console)
