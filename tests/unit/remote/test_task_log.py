from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rpconsole.remote.task_log import TaskLogs

NOBODY = 999_999_999


@pytest.fixture
def logs():
    found = TaskLogs()
    yield found
    found.close()


def write(log, text: str) -> None:
    os.write(log.handle, text.encode())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_was_printed_is_kept_under_the_attempts_own_name(logs, tmp_path):
    wanted = str(tmp_path / "000" / "1.1.log")
    log = logs.open(wanted)
    write(log, "said\n")
    assert logs.settle(log, NOBODY) == wanted
    assert Path(wanted).read_text() == "said\n"


def test_a_thousand_silent_attempts_make_one_file_and_leave_none(logs, tmp_path):
    for number in range(1000):
        assert logs.settle(logs.open(str(tmp_path / f"{number}.1.log")), NOBODY) is None
    assert len(names(tmp_path)) == 1
    logs.close()
    assert names(tmp_path) == []


def test_a_file_that_served_a_silent_attempt_takes_the_name_of_the_one_that_prints(logs, tmp_path):
    logs.settle(logs.open(str(tmp_path / "1.1.log")), NOBODY)
    log = logs.open(str(tmp_path / "other" / "2.1.log"))
    write(log, "second\n")
    assert logs.settle(log, NOBODY) == str(tmp_path / "other" / "2.1.log")
    assert names(tmp_path) == ["2.1.log"]
    assert (tmp_path / "other" / "2.1.log").read_text() == "second\n"


def test_an_attempt_may_take_its_name_while_it_runs(logs, tmp_path):
    logs.settle(logs.open(str(tmp_path / "1.1.log")), NOBODY)
    log = logs.open(str(tmp_path / "2.1.log"))
    assert log.is_borrowed
    assert log.take_name()
    assert names(tmp_path) == ["2.1.log"]
    write(log, "late\n")
    assert logs.settle(log, NOBODY) == str(tmp_path / "2.1.log")


def test_attempts_at_the_same_time_never_share_a_file(logs, tmp_path):
    logs.settle(logs.open(str(tmp_path / "1.1.log")), NOBODY)
    both = [logs.open(str(tmp_path / f"{number}.1.log")) for number in (2, 3)]
    for log, text in zip(both, ("two", "three"), strict=True):
        write(log, text)
    assert [Path(logs.settle(log, NOBODY) or "").read_text() for log in both] == ["two", "three"]


def test_a_process_left_behind_keeps_its_file_from_the_next_attempt(logs, tmp_path):
    """What it prints later must not stand in the log of a task that it has nothing to do with."""
    left = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        assert logs.settle(logs.open(str(tmp_path / "1.1.log")), left.pid) is None
        assert not logs.open(str(tmp_path / "2.1.log")).is_borrowed
    finally:
        left.kill()
        left.wait()


def test_a_file_that_was_purged_serves_nobody(logs, tmp_path):
    log = logs.open(str(tmp_path / "1.1.log"))
    os.unlink(tmp_path / "1.1.log")
    assert logs.settle(log, NOBODY) is None
    assert not logs.open(str(tmp_path / "2.1.log")).is_borrowed


def test_what_another_node_has_put_in_its_place_is_neither_taken_nor_removed(logs, tmp_path):
    logs.settle(logs.open(str(tmp_path / "1.1.log")), NOBODY)
    os.rename(tmp_path / "1.1.log", tmp_path / "moved")
    (tmp_path / "1.1.log").write_text("of another node")
    log = logs.open(str(tmp_path / "2.1.log"))
    write(log, "x")
    assert logs.settle(log, NOBODY) is None
    logs.close()
    assert (tmp_path / "1.1.log").read_text() == "of another node"
    assert not (tmp_path / "2.1.log").exists()
