"""The table of benchmarks: goals are kept or not, and nothing that fails is passed over."""

from __future__ import annotations

import json

import benchmarks.__main__ as bench
import pytest


@pytest.mark.parametrize(
    ("value", "goal", "met"),
    [(3.0, "<=3", True), (3.1, "<=3", False),
     (0.9, ">=0.9", True), (0.89, ">= 0.9", False), (1.0, "<1", False), (float("nan"), "<=3", False)],
)  # fmt: skip
def test_a_goal_is_kept_or_not(value, goal, met):
    assert bench.is_met(value, goal) is met


def test_the_rows_of_a_result_carry_its_notes_once():
    printed = json.dumps({"ratios": {"a": 1, "b": 5.5}, "goals": {"a": "<=3", "b": "<=3"}, "notes": ["x", "y"]})
    first, second = bench.read_result("topic", printed)
    assert (first.name, first.met, first.note) == ("a", True, "")
    assert (second.name, second.met, second.note) == ("b", False, "x; y")


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"ratios": {}, "goals": {}}',
        '{"ratios": {"a": 1}, "goals": {}}',
        '{"ratios": {"a": 1}, "goals": {"a": "about 3"}}',
        '{"ratios": {"a": "fast"}, "goals": {"a": "<=3"}}',
    ],
)
def test_an_answer_that_cannot_be_read_is_a_failure(printed):
    (row,) = bench.read_result("topic", printed)
    assert (row.met, row.value) == (False, None)
    assert "FAILED" in bench.table([row])
    assert row.note


@pytest.mark.parametrize(
    ("program", "note"),
    [
        ("raise SystemExit(3)", "exit code 3"),
        ('print(\'{"ratios": {"a": 9}, "goals": {"a": "<=3"}}\')', ""),
        ("import sys; assert sys.argv[1:] == ['--json']", "its answer cannot be read"),
    ],
)
def test_one_bad_benchmark_is_a_row_and_an_exit_code(tmp_path, monkeypatch, capsys, program, note):
    (tmp_path / "_shared.py").write_text("")
    (tmp_path / "slow.py").write_text(program)
    monkeypatch.setattr(bench, "FOLDER", tmp_path)
    monkeypatch.setattr("sys.argv", ["benchmarks", "--json"])
    assert bench.topics() == ["slow"]
    assert bench.main() == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["topic"], row["met"]) == ("slow", False)
    assert row["note"].startswith(note)


def test_a_topic_that_there_is_not_is_refused_with_those_there_are(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "startup", "nope"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "there is no benchmark 'nope'; there are " in capsys.readouterr().err
