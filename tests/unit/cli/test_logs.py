"""logs: the last lines, those of one run, and a growing file."""

from __future__ import annotations

import pytest

LINES = "a run=7 one\nb run=71 two\nc run 7 three\nd four\n"


@pytest.fixture
def log(shell, tmp_path):
    path = tmp_path / "engine.log"
    path.write_text(LINES)
    shell.change(log_file=path)
    return path


def test_the_last_lines_are_shown(shell, log):
    assert shell("logs", "-n", "2").out == "c run 7 three\nd four\n"


def test_lines_of_one_run_are_told_from_those_of_a_longer_number(shell, log):
    assert shell("logs", "--run", "7").out == "a run=7 one\nc run 7 three\n"


def test_json_holds_the_lines(shell, log):
    assert shell("logs", "--json").json["lines"] == LINES.splitlines()


def test_following_goes_on_over_a_rotation_and_shows_only_whole_lines(shell, log, monkeypatch):
    def rotate():
        log.rename(log.with_suffix(".1"))
        log.write_text("g new\n")

    steps = iter([lambda: append(log, "e five\nhal"), lambda: append(log, "f\n"), rotate])

    def sleep(seconds):
        step = next(steps, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    monkeypatch.setattr("rpconsole.cli.logs.time.sleep", sleep)
    said = shell("logs", "-f", "-n", "1")
    assert said.code == 130
    assert said.out == "d four\ne five\nhalf\ng new\n"


def append(path, text):
    with path.open("a") as file:
        file.write(text)
