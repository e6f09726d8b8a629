"""What an operator does with keys, and what the engine is ordered by it."""

from __future__ import annotations

import pytest
from tests.console.support import NOON, a_run, busy, grid, live, settled
from tests.console.test_login import until
from textual import events
from textual.geometry import Size

from rpconsole.console.model import Model
from rpconsole.console.panes.run_facts import RunFacts
from rpconsole.console.screens import main
from rpconsole.console.screens.commands import CommandsScreen
from rpconsole.console.screens.components import ComponentsScreen
from rpconsole.console.screens.dialog import Dialog
from rpconsole.console.screens.main import MainScreen
from rpconsole.console.screens.run import RunScreen
from rpconsole.console.screens.tail import TailScreen
from rpconsole.domain.action import Level
from rpconsole.domain.fault import ExitCode, FaultKind
from rpconsole.domain.run import Step
from rpconsole.domain.snapshot import Alert
from rpconsole.protocol.errors import EngineSaid
from rpconsole.protocol.messages import WholeSnapshot


async def confirm(pilot, app):
    """Say yes, after the moment in which a key that was meant for the table cannot."""
    app.screen._patience_s = 0.0
    await pilot.press("y")
    await pilot.pause()


async def test_a_gate_is_closed_by_one_key(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p")
        await until(pilot, lambda: orders.acts())
        assert orders.acts() == [("gates", {"names": ["poll"], "open": False})]


async def test_a_read_only_console_orders_nothing_and_says_so(make_app, hand, orders):
    app = make_app(live(Model(monotonic=hand, read_only=True), busy()))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("p", "L", "X", "R")
        await pilot.pause()
        assert orders.acts() == []
        assert isinstance(app.screen, MainScreen)
        assert "only looks" in grid(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize(
    ("pane", "said"),
    [
        ("1", ("Why sessions are not open", "cut by the site at 13:20", "'rpconsole login' (L) opens it")),
        ("2", ("Why queues do not move", "run 4714: no session to the site is open", "no run of this stage is under")),
    ],
)
async def test_panes_of_sessions_and_queues_say_why_and_lead_back(app, orders, size, pane, said):
    async with app.run_test(size=size) as pilot:
        await pilot.press(pane, "W")
        await until(pilot, lambda: said[0] in grid(app))
        assert all(words in grid(app) for words in said)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert orders.acts() == []


async def test_a_lost_engine_gets_no_orders(app, model, orders):
    model.lost("it is gone")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p")
        await pilot.pause()
        assert orders.acts() == []


async def test_the_line_understands_the_words_of_pantasks(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("colon", *"remote.exec.off", "enter")
        await until(pilot, lambda: orders.acts())
        assert orders.acts() == [("gates", {"names": ["exec"], "open": False})]


async def test_a_wrong_word_on_the_line_names_the_nearest(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("colon", *"pasue", "enter")
        await pilot.pause()
        assert "did you mean 'pause'?" in next(one.message for one in app._notifications)


async def opened(pilot, app, kind, *keys):
    """Press keys; wait for a screen of this kind with something in it."""
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(app.screen, kind))
    await until(pilot, lambda: app.screen.table.order if hasattr(app.screen, "table") else True)
    await settled(app, pilot)


async def test_drill_down_from_a_run_to_the_log_of_a_command_and_back(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app, RunScreen, "enter")
        assert "Run 4711 chip" in grid(app)
        await opened(pilot, app, ComponentsScreen, "c")
        await opened(pilot, app, CommandsScreen, "enter")
        assert "Commands of component 31" in grid(app)
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, TailScreen) and "line 2" in grid(app))
        assert orders.ordered[-1][1]["path"] == "/scratch/stask_logs/000/11.1.log"
        assert "main › run 4711 › components › comp 31 › log" in grid(app)
        for kind in (CommandsScreen, ComponentsScreen, RunScreen, MainScreen):
            await pilot.press("escape")
            await pilot.pause()
            assert isinstance(app.screen, kind)


async def test_coming_back_the_cursor_is_where_it_was(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j")
        await opened(pilot, app, RunScreen, "enter")
        await opened(pilot, app, ComponentsScreen, "c")
        await opened(pilot, app, CommandsScreen, "j", "enter")
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.rows.row(app.screen.table.cursor)["stage_id"] == 32
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert app.screen.runs.cursor == 4712


async def test_the_neighbours_of_a_run_and_of_a_component_are_one_key_away(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app, RunScreen, "enter")
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert "Run 4712 chip" in grid(app)
        await opened(pilot, app, ComponentsScreen, "c")
        await opened(pilot, app, CommandsScreen, "enter")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "Commands of component 32" in grid(app))
        assert ("commands", {"remote_id": 4712, "stage_id": 32, "failed": False, "limit": 2000}) in orders.ordered
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert "Commands of component 32" in grid(app)
        await pilot.press("escape", "escape", "escape")
        await pilot.pause()
        assert app.screen.runs.cursor == 4712


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (("enter", "t"), "job accepted"),
        (("enter", "x"), "no product x.fits"),
        (("enter", "x", "enter"), "Commands of component"),
        (("enter", "f"), "manifest.jsonl"),
        (("enter", "m"), "Commands of run 4711"),
        (("enter", "y"), "neb://any/remote/LAP.2014"),
        (("D", "enter"), "no job of this name is listed"),
    ],
)
async def test_what_a_run_is_made_of(app, keys, said):
    async with app.run_test(size=(120, 40)) as pilot:
        for key in keys:
            await pilot.press(key)
            await settled(app, pilot)
        await until(pilot, lambda: said in grid(app))


async def test_every_row_says_why_it_does_not_move(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, app, RunScreen, "enter")
        await opened(pilot, app, ComponentsScreen, "c")
        await pilot.press("W")
        await until(pilot, lambda: "what moves it: mend the cause" in grid(app))
        await pilot.press("escape")
        await opened(pilot, app, CommandsScreen, "enter")
        await pilot.press("j", "W")
        await until(pilot, lambda: "attempt 3: exit code 3 on mu0162" in grid(app))
        assert "ppImage --threads 2 -recipe PPIMAGE CHIP" in grid(app)


async def test_why_asks_the_engine_about_the_row_under_the_cursor(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "W")
        await until(pilot, lambda: "why 4712" in grid(app))
        assert ("why", {"remote_id": 4712}) in orders.ordered
        assert "component 31 was abandoned" in grid(app)


async def test_a_cancel_shows_what_it_will_do_and_does_it_after_a_yes(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, Dialog))
        await pilot.pause()
        assert "run 4711, chip, LAP.2014, poll" in grid(app)
        assert "at the site: canceljob 904711" in grid(app)
        assert orders.acts() == []
        await confirm(pilot, app)
        await until(pilot, lambda: orders.acts())
        assert orders.acts() == [("cancel", {"remote_id": 4711})]


async def test_a_key_that_was_typed_for_the_table_does_not_confirm(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("X")
        app.screen._patience_s = 1e9
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(app.screen, Dialog)
        assert orders.acts() == []


@pytest.mark.parametrize("key", ["n", "escape"])
async def test_no_means_no(app, orders, key):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("R")
        app.screen._patience_s = 0.0
        await pilot.press(key)
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)
        assert orders.acts() == []


async def test_many_runs_need_their_number_typed(make_app, hand, orders):
    app = make_app(live(Model(monotonic=hand), busy(runs=tuple(a_run(number) for number in range(1, 13)))))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("asterisk", "A")
        await pilot.pause()
        await confirm(pilot, app)
        assert orders.acts() == []
        await pilot.press("1", "2")
        await pilot.press("y")
        await until(pilot, lambda: len(orders.acts()) == 12)


async def test_one_refusal_does_not_keep_the_other_runs_from_being_tried(app, orders):
    tried = []

    def revert(remote_id):
        tried.append(remote_id)
        if remote_id == 4711:
            raise EngineSaid("it has no failed component", kind=FaultKind.REFUSED, exit_code=ExitCode.DATA)
        return {"sentence": "done"}

    orders.answers["revert"] = revert
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space", "space", "R")
        await pilot.pause()
        await confirm(pilot, app)
        await until(pilot, lambda: tried == [4711, 4712])


async def test_a_pane_with_room_for_the_story_asks_for_it_though_its_layout_is_yet_to_come(app, orders, monkeypatch):
    monkeypatch.setattr(main, "REST_S", 0.0)
    monkeypatch.setattr(RunFacts, "size", Size(0, 0))
    async with app.run_test(size=(200, 60)) as pilot:
        await until(pilot, lambda: "story" in orders.verbs())


async def test_a_resize_keeps_cursor_marks_and_filter(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("slash", *"label:LAP", "enter")
        await pilot.press("j", "space", "j")
        main = app.screen
        before = (main.runs.cursor, set(main.runs.marks), main.runs.filter.text)
        for size in ((80, 24), (52, 12), (200, 60), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert (main.runs.cursor, main.runs.marks, main.runs.filter.text) == before
        assert main.runs.cursor == 4714


async def test_rows_hold_still_while_their_content_changes(app, model):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("s", "s", "j", "j")
        runs, order, cursor = app.screen.runs, list(app.screen.runs.order), app.screen.runs.cursor
        changed = tuple(a_run(number, Step.SHIP) for number in (4710, *range(4711, 4717)))
        model.take(WholeSnapshot(snapshot=busy(runs=changed, sequence=2)))
        app._mark_changed()
        app.flush()
        await pilot.pause()
        assert list(runs.order) == [*order, 4710]
        assert runs.cursor == cursor


async def test_a_run_that_goes_leaves_the_cursor_at_its_place(app, model):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j")
        kept = tuple(run for run in model.snapshot.runs if run.remote_id != 4712)
        model.take(WholeSnapshot(snapshot=busy(runs=kept, sequence=2)))
        app._mark_changed()
        app.flush()
        await pilot.pause()
        assert app.screen.runs.cursor == 4713


async def test_a_filter_that_nothing_passes_says_so_and_escape_clears_it(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("slash", *"state:nonsense", "enter")
        await pilot.pause()
        assert "No run matches" in grid(app)
        assert "0 of 6" in grid(app)
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen.runs.order) == 6


async def test_an_alert_is_shown_until_it_is_acknowledged(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        assert "the session to mu-fe3 ended" in grid(app).splitlines()[1]
        await pilot.press("a", "a")
        await settled(app, pilot)
        assert "nothing needs a person" in grid(app).splitlines()[1]


async def test_a_new_alert_rings_once(app, model, monkeypatch):
    rung = []
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        monkeypatch.setattr(app, "bell", lambda: rung.append(1))
        alert = Alert(at=NOON, level=Level.ALERT, sentence="the quota is used up")
        for sequence in (2, 3):
            model.take(WholeSnapshot(snapshot=busy(alerts=(alert,), sequence=sequence)))
            app._mark_changed()
            app.flush()
        assert rung == [1]


async def test_header_and_alert_row_stay_in_sight_everywhere(app):
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ("enter", "W", "question_mark", "J", "exclamation_mark", "L"):
            await pilot.press(key)
            await pilot.pause(0.05)
            first, second, *_ = grid(app).splitlines()
            assert "POLL on" in first, key
            assert "mu-fe3 ended" in second, key


async def test_help_lists_every_key_and_the_words_of_the_line(app):
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        text = "\n".join(line.text for line in app.screen.view.lines)
        from rpconsole.console.actions import ACTIONS

        assert all(action.says in text for action in ACTIONS)
        assert "remote.poll.off" in text


async def test_the_engine_of_our_own_is_asked_for_before_leaving(make_app, model):
    app = make_app(model, owns_engine=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        await pilot.pause()
        assert "Leave the engine running?" in grid(app)
        app.screen._patience_s = 0.0
        await pilot.press("s")
        await pilot.pause()
    assert app.return_value == "stop"


async def test_a_console_of_a_foreign_engine_leaves_at_once(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        await pilot.pause()
    assert app.return_value == "leave"


async def test_another_theme_is_painted_at_once(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("colon", *"theme rp-light", "enter")
        await pilot.pause()
        assert app.desk.look.palette.name == "rp-light"
        assert app.theme == "rp-light"


@pytest.mark.parametrize("theme", ["rp-16", "rp-mono", "rp-light", "rp-contrast"])
async def test_the_console_starts_in_every_theme(make_app, model, theme):
    app = make_app(model, theme=theme)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("L")
        await pilot.pause()
        assert "POLL on" in grid(app)


async def test_an_answer_that_nobody_foresaw_is_said_and_the_console_stays(app, orders, tmp_path):
    orders.answers["why"] = lambda remote_id: {"nonsense": 1}
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("W")
        await until(pilot, lambda: any("the console failed (KeyError)" in one.message for one in app._notifications))
        assert app.is_running
    assert "KeyError" in (tmp_path / "crash.txt").read_text()


async def test_the_line_leads_back_to_the_main_screen_from_anywhere(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app, RunScreen, "enter")
        await opened(pilot, app, ComponentsScreen, "c")
        await pilot.press("colon", *"main", "enter")
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)


async def test_behind_another_window_the_screen_is_painted_once_a_second_and_at_once_when_it_comes_back(app, model):
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        painted = []
        app.screen.touch = lambda dirty: painted.append(dirty)
        app.app_focus = False
        app._ticks = 0
        for _ in range(8):
            app._mark_changed()
            app.flush()
        assert 2 <= len(painted) <= 3
        app.app_focus = True
        app._mark_changed()
        app.on_app_focus()
        assert len(painted) >= 3


async def test_brackets_turn_the_sheets_of_pane_4(app):
    async with app.run_test(size=(200, 60)) as pilot:
        await settled(app, pilot)
        await pilot.press("4", "right_square_bracket")
        assert "/scratch/stask_logs/chip.4711.out" in grid(app)
        await pilot.press("right_square_bracket")
        assert "remoteRun" in grid(app)
        assert "neb://any/remote/LAP.2014" in grid(app)
        await pilot.press("right_square_bracket", "left_square_bracket", "left_square_bracket")
        assert "facts  [files]  raw" in grid(app)


@pytest.mark.parametrize(("typed", "filter"), [("/pe", "pe"), ("/e warp", "e warp"), ("//", "/")])
async def test_what_was_typed_before_a_line_has_opened_goes_into_it_and_orders_nothing(app, orders, typed, filter):
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        names = {"/": "slash", " ": "space"}
        # all of it is there before the first key has been looked at, as over a far line
        for character in typed:
            app.post_message(events.Key(names.get(character, character), character))
        app.post_message(events.Key("enter", "\r"))
        await until(pilot, lambda: app.screen.runs.filter.text == filter if hasattr(app.screen, "runs") else False)
    assert orders.acts() == []


async def test_a_key_that_opens_no_line_holds_nothing_back(app, orders):
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(app, pilot)
        await pilot.press("2")
        for character in ("slash", "p"):
            app.post_message(events.Key(character, "/" if character == "slash" else character))
        await until(pilot, lambda: "gates" in orders.verbs())
