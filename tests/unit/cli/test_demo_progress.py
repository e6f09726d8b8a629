"""What ``rpconsole demo`` shows while it works."""

from __future__ import annotations

import io
import sys

import pytest

from rpconsole.cli.demo import Progress


def run(step: str, done: int = 0, *, of: int = 0, remote_id: int = 1, failed: int = 0) -> dict[str, object]:
    state = "full" if step == "done" else "run"
    return {
        "remote_id": remote_id,
        "stage": "chip",
        "state": state,
        "step": step,
        "tasks": of,
        "tasks_done": done,
        "tasks_failed": failed,
    }


def played(*looks: dict[str, object]) -> None:
    progress = Progress()
    for look in looks:
        progress.runs([look])


def test_a_run_is_told_when_it_moves_and_not_each_time_it_is_looked_at(capsys):
    played(run("ship"), run("ship"), run("poll"), run("done"))
    assert capsys.readouterr().err.splitlines() == [
        "chip    run 1: run (ship)",
        "chip    run 1: run (poll)",
        "chip    run 1: full (done)",
    ]


def test_in_a_file_hundreds_of_tasks_are_about_ten_lines(capsys):
    played(*(run("poll", done, of=362) for done in range(363)))
    assert len(capsys.readouterr().err.splitlines()) == 11


def test_an_abandoned_task_is_told_at_once(capsys):
    played(run("poll", 1, of=100), run("poll", 1, of=100, failed=1))
    assert capsys.readouterr().err.splitlines()[-1] == "chip    run 1: run (poll, 1 of 100 tasks, 1 abandoned)"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, *looks: dict[str, object]) -> str:
    screen = Terminal()
    # not in a fixture: pytest gives each phase of a test its own stderr
    monkeypatch.setattr(sys, "stderr", screen)
    played(*looks)
    return screen.getvalue()


def test_on_a_terminal_the_count_of_tasks_stays_on_one_line(monkeypatch):
    shown = on_a_terminal(monkeypatch, run("poll"), run("poll", 1, of=9), run("poll", 2, of=9), run("retrieve"))
    assert shown.split("\n") == [
        "chip    run 1: run (poll)",
        "chip    run 1: run (poll, 1 of 9 tasks)",
        "\x1b[F\x1b[2Kchip    run 1: run (poll, 2 of 9 tasks)",
        "chip    run 1: run (retrieve)",
        "",
    ]


def test_on_a_terminal_no_other_runs_line_is_drawn_over(monkeypatch):
    looks = [run("poll", 1, of=9), run("poll", 1, of=9, remote_id=2), run("poll", 2, of=9)]
    shown = on_a_terminal(monkeypatch, *looks)
    assert len(shown.splitlines()) == 3
    assert "\x1b" not in shown
