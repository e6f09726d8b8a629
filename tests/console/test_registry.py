"""The one list of actions: every key of it does something, everywhere that it is valid, and none hides another."""

from __future__ import annotations

import pytest
from textual.binding import Binding

from rpconsole.console.actions import ACTIONS, BY_ID, Kind, Place, keys_of
from rpconsole.console.app import ConsoleApp
from rpconsole.console.commands import Command, every, parse, proposals
from rpconsole.console.keymap import TOGETHER, Keymap
from rpconsole.console.panes.queues import QueuesPane
from rpconsole.console.panes.run_pane import RunPane
from rpconsole.console.panes.runs import RunsTable
from rpconsole.console.panes.sessions import SessionsPane
from rpconsole.console.screens.commands import CommandsScreen
from rpconsole.console.screens.components import ComponentsScreen
from rpconsole.console.screens.doubts import DoubtsScreen
from rpconsole.console.screens.main import MainScreen
from rpconsole.console.screens.run import RunScreen
from rpconsole.console.screens.run_sheets import RunSheetScreen
from rpconsole.console.screens.tail import TailScreen
from rpconsole.console.screens.themes import ThemesScreen
from rpconsole.console.widgets.log_view import LogView
from rpconsole.console.widgets.virtual_table import VirtualTable

SCREENS = (
    MainScreen,
    RunScreen,
    ComponentsScreen,
    CommandsScreen,
    DoubtsScreen,
    RunSheetScreen,
    TailScreen,
    ThemesScreen,
)
OWNERS = {
    Place.ALL: ConsoleApp,
    Place.MAIN: MainScreen,
    Place.TABLE: VirtualTable,
    Place.SESSIONS: SessionsPane,
    Place.QUEUES: QueuesPane,
    Place.RUN_PANE: RunPane,
    Place.RUNS: RunsTable,
    Place.RUN: RunScreen,
    Place.COMPONENTS: ComponentsScreen,
    Place.COMMANDS: CommandsScreen,
    Place.LOG: LogView,
}
#: the same bytes as tab, enter, backspace, newline and escape, or taken by screen, tmux and flow control
TAKEN = {f"ctrl+{letter}" for letter in "imhjabsq"} | {"ctrl+left_square_bracket", "ctrl+space"}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_has_its_deed(action):
    name = f"do_{action.id.replace('.', '_')}"
    assert hasattr(OWNERS[action.place], name) or hasattr(ConsoleApp, name)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_is_bound_where_it_is_valid(action):
    declared = getattr(OWNERS[action.place], "BINDINGS")  # noqa: B009
    assert action.id in {binding.id for binding in declared if isinstance(binding, Binding)}


def test_no_shipped_key_hides_another():
    assert [(key, one.id, other.id) for key, one, other in Keymap().clashes()] == []


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_stands_among_the_places_that_are_checked_together(screen):
    """A screen that is new cannot slip past the check of keys that hide others."""
    places = {*getattr(screen, "PLACES", ()), Place.ALL}
    assert any(places <= set(together) for together in TOGETHER)


def test_no_key_is_one_that_a_terminal_takes():
    assert TAKEN.isdisjoint(key for action in ACTIONS for key in action.keys.split(","))


def test_what_acts_on_far_machines_is_a_capital():
    keys = [key for action in ACTIONS if action.kind in (Kind.ACT, Kind.SESSION) for key in keys_of(action)]
    assert all(key.isupper() for key in keys)


def test_every_action_can_be_named_on_the_line():
    for action in ACTIONS:
        assert parse(action.name) == Command(action=action.id)


def test_ids_are_unique():
    assert len(BY_ID) == len(ACTIONS)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("pause poll", Command(word="pause", args=("poll",))),
        ("remote.poll.off", Command(word="pause", args=("poll",))),
        ("remote.prepare.warp.off", Command(word="pause", args=("prepare.warp",))),
        (":remote.exec.on", Command(word="resume", args=("exec",))),
        ("run 4711", Command(word="run", args=("4711",))),
        ("filter state:run age", Command(word="filter", args=("state:run", "age"))),
    ],
)
def test_words_with_arguments_are_understood(text, command):
    assert parse(text) == command


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pasue poll", "did you mean 'pause'"),
        ("remote.pol.off", "did you mean 'remote.poll.off'"),
        ("pause", "takes one argument"),
        ("gate-pol", "did you mean 'gate-poll'"),
    ],
)
def test_a_wrong_word_gets_a_sentence(text, sentence):
    assert sentence in parse(text)


def test_proposals_begin_with_what_was_typed():
    assert proposals("pau")[0][0] == "pause GATE"
    assert len(proposals("")) == len(every())
