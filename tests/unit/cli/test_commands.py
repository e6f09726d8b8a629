"""Commands without an engine running: what they print, as lines and as JSON."""

from __future__ import annotations

import pytest
from tests.fakes.engine import FRONT_ENDS, NOON
from tests.unit.cli.json_fields import json_fields

from rpconsole.domain.stage import Stage
from rpconsole.ports.run_store import Definition

READING = {
    "status": (),
    "runs": (),
    "session": (),
    "run show": ("7",),
    "run story": ("7",),
    "run why": ("7",),
    "run commands": ("7",),
    "label list": (),
    "scratch": (),
    "reconcile": (),
    "baton": (),
    "transfer list": (),
    "plan": ("--stage", "chip", "--commands", "100"),
    "doctor": (),
    "config check": (),
    "db check": (),
}


@pytest.mark.parametrize("command", READING)
def test_every_reading_command_prints_one_versioned_object_with_json(shell, command):
    said = shell(*command.split(), *READING[command], "--json")
    assert said.json["version"] == 1
    named = json_fields()[command]
    if command == "run show":
        named |= json_fields()["runs"]
    assert set(said.json) - named <= {"version"}, "each field is in docs/commands.md"


@pytest.mark.parametrize("command", [name for name in READING if name != "doctor"])
def test_every_reading_command_prints_lines_without_colour_when_piped(shell, command):
    said = shell(*command.split(), *READING[command])
    assert said.code == 0
    assert said.out
    assert "\x1b" not in said.out


def test_runs_are_tab_separated_with_a_line_of_titles(shell):
    lines = [line.split("\t") for line in shell("runs").out.splitlines()]
    assert lines[0] == ["run", "state", "stage", "label", "job", "last change", "fault", "path_base"]
    assert [line[0] for line in lines[1:]] == ["7", "8"]
    assert {len(line) for line in lines} == {8}


def test_runs_can_be_chosen_by_label_stage_and_state(shell):
    assert [run["remote_id"] for run in shell("runs", "--label", "DEMO.B", "--json").json["runs"]] == [8]
    assert shell("runs", "--stage", "cam", "--json").json["runs"] == []
    assert len(shell("runs", "--state", "run", "--state", "auth", "--json").json["runs"]) == 2


def test_status_says_that_nothing_moves_while_no_engine_runs(shell):
    assert "no engine runs" in shell("status").out
    assert shell("status", "--json").json["engine"] == "none"


@pytest.mark.parametrize("command", ["status", "session"])
def test_the_present_is_read_from_the_databases_while_no_engine_runs(shell, command):
    shell(command)
    assert shell.engine.looked


def test_session_shows_who_opened_the_last_ones_from_when_to_when_and_how_they_ended(shell):
    out = shell("session").out
    assert "ann\tanna\t" in out
    assert "12 h 00 min\tcut by the site" in out or "12 h 0 min\tcut by the site" in out
    found = shell("session", "--past", "1", "--json").json
    assert [(past["opened_by"], past["user"], past["end"]) for past in found["past"]] == [
        ("robert", "bob", "closed by us")
    ]
    assert found["past"][0]["ended_at"] - found["past"][0]["opened_at"] == 42_400
    assert shell("session", "--past", "0", "--json").json["past"] == []
    assert shell("session", "--past", "-1").code == 3


def test_rpconsole_alone_shows_the_present_and_how_to_go_on(shell):
    said = shell()
    assert said.code == 0
    assert "rpconsole --daemon" in said.out


def test_run_why_names_what_holds_it_first(shell):
    assert shell("run", "why", "7").out.splitlines()[0] == "its job waits in the queue"


def test_reconcile_lays_the_evidence_out_and_recommends_one_act(shell):
    lines = shell("reconcile", "7").out.splitlines()
    assert any(line.startswith("claim") and "20 min" in line for line in lines)
    assert any(line.startswith("queue") and "no job of this name" in line for line in lines)
    assert any(line.startswith("do") and "rpconsole run resubmit 7" in line for line in lines)


def test_reconcile_of_a_run_that_there_is_not_is_a_data_error(shell):
    assert shell("reconcile", "99").code == 5


@pytest.mark.parametrize("verb", ["retry", "resubmit", "cancel", "revert"])
def test_orders_for_several_runs_are_all_tried_and_the_first_failure_is_the_exit_code(shell, verb):
    said = shell("run", verb, "7", "99", "8")
    assert said.code == 5
    assert said.out.splitlines() == [f"run {n}: {verb} of run {n} was recorded" for n in (7, 8)]
    assert said.err == "rpconsole: run 99: there is no run 99\n"
    assert [args for name, args, _ in shell.engine.asked] == [(7,), (8,)]


def test_orders_carry_the_name_of_the_person_behind_sudo(shell, monkeypatch):
    monkeypatch.setattr("rpconsole.cli.door.who_calls", lambda: "ann")
    shell("run", "cancel", "7")
    assert shell.engine.asked[0][2] == "ann"


def test_define_says_which_run_was_made(shell):
    assert shell("define", "--label", "L", "--stage", "cam").out == "run 12 holds 3 components\n"
    order = shell.engine.asked[0][1][0]
    assert (order.stage, order.label) == (Stage.CAMERA, "L")


def test_define_on_pretend_writes_nothing(shell):
    assert shell("define", "--label", "L", "--stage", "chip", "--pretend").out == "would bundle 3: 1 2 3\n"


def test_define_says_why_nothing_of_what_is_new_is_taken(shell, monkeypatch):
    async def none(order, who):
        assert order.explain
        return Definition(remote_id=None, stage_ids=(), why="1 new in chip, but label L is inactive or masked at chip")

    monkeypatch.setattr(shell.engine, "define", none)
    said = shell("define", "--label", "L", "--stage", "chip").out
    assert said == "nothing bundled: 1 new in chip, but label L is inactive or masked at chip\n"


@pytest.mark.parametrize(
    ("words", "names", "is_open"),
    [
        (("pause", "poll"), ("poll",), False),
        (("resume", "poll", "exec"), ("poll", "exec"), True),
        (("pause", "all"), ("define", "prepare", "exec", "poll", "advance"), False),
        (("remote.poll.off",), ("poll",), False),
        (("remote.exec.on",), ("exec",), True),
        (("remote.all.off",), ("define", "prepare", "exec", "poll", "advance"), False),
    ],
)
def test_gates_open_and_close_in_our_words_and_those_of_pantasks(shell, words, names, is_open):
    assert shell(*words).code == 0
    assert shell.engine.asked[0][1] == (names, is_open)


def test_labels_are_added_listed_and_removed(shell):
    shell("label", "add", "L")
    shell("label", "remove", "L", "--stage", "warp")
    pairs = shell("label", "list", "--json").json["labels"]
    assert [pair["stage"] for pair in pairs] == ["chip", "camera", "stack"]


def test_logout_shows_the_sessions_that_are_left(shell):
    assert shell("logout").out.count("closed") == len(FRONT_ENDS)


def test_a_login_without_an_engine_ends_with_code_7_and_says_what_is_needed(shell):
    said = shell("login", "--stdin")
    assert said.code == 7
    assert "rpconsole --daemon" in said.err


def test_plan_reckons_the_surveys_worked_example(shell):
    plan = shell("plan", "--stage", "chip", "--commands", "37200", "--json").json
    assert plan["nodes"] > 100
    assert plan["fits"]
    assert plan["reasons"]


def test_foreign_text_is_shown_and_never_obeyed(shell):
    shell.engine.say("\x1b[2J[red]\u202egone\r\nfake")
    out = shell("status").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b[2J[red]\\u202egone" in out


def test_times_are_utc(shell):
    assert "2014-05-13 16:53:20" in shell("runs").out
    assert NOON == 1_400_000_000.0


def test_a_table_on_a_terminal_takes_markup_in_foreign_text_as_text(shell, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    shell.engine.rows[7] = shell.engine.rows[7].__class__(
        **{name: getattr(shell.engine.rows[7], name) for name in shell.engine.rows[7].__slots__} | {"label": "[/b][x]"}
    )
    assert "[/b][x]" in shell("runs").out
