from __future__ import annotations

import json
import random

from rpconsole.commands.results import TaskResults, read_results
from rpconsole.remote.task_book import TaskBook


def lines(*records: dict) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def ended(task: int, attempt: int, **how) -> dict:
    return {
        "task": task,
        "node": "mu001",
        "attempt": attempt,
        "start": 5.0,
        "wall_s": 1.5,
        "log": f"/t/{task}.log",
        **how,
    }


START = {"mark": "start", "job": "7", "name": "rp1.1.aaaa", "tasks": 3, "epoch": 1.0, "nodes": ["mu001"], "fence": 1}
END = {"mark": "end", "name": "rp1.1.aaaa", "reason": "finished", "passed": 2, "failed": 1, "left": 0, "epoch": 9.0}


def test_each_task_has_its_last_outcome():
    results = read_results(
        lines(START, ended(1, 1, code=0), ended(2, 1, signal=9), ended(2, 2, code=0), ended(3, 1, code=3), END)
    )
    assert results.passed == {1, 2}
    assert results.tasks[2].attempts == 2
    assert results.tasks[3].code == 3
    assert results.tasks[3].log == "/t/3.log"
    assert results.garbage_lines == 0


def test_marks_belong_to_the_job_that_wrote_them():
    results = read_results(lines(START, END, {**START, "name": "rp1.2.bbbb"}))
    assert results.has_started("rp1.2.bbbb")
    assert results.end_of("rp1.2.bbbb") is None
    end = results.end_of("rp1.1.aaaa")
    assert end is not None
    assert end.reason == "finished"


def test_an_abandoned_task_that_is_tried_again_is_not_abandoned_any_more():
    abandoned = {"task": 1, "abandoned": True, "attempts": 1}
    assert read_results(lines(ended(1, 1, code=1), abandoned)).abandoned == {1}
    again = read_results(lines(ended(1, 1, code=1), abandoned, ended(1, 2, code=0)))
    assert not again.abandoned
    assert again.passed == {1}


def test_a_task_that_passed_stays_passed():
    results = read_results(
        lines(ended(1, 1, code=0), ended(1, 2, code=1), {"task": 1, "abandoned": True, "attempts": 2})
    )
    assert results.passed == {1}
    assert results.abandoned == frozenset()


def test_reading_piece_by_piece_is_reading_at_once():
    text = lines(START, ended(1, 1, code=1), ended(2, 1, code=0), ended(1, 2, code=0), END)
    pieces = text.splitlines(keepends=True)
    step: TaskResults | None = None
    for piece in pieces:
        step = read_results(piece, before=step)
    assert step == read_results(text)


def test_a_piece_read_twice_changes_nothing():
    text = lines(ended(1, 1, code=1))
    assert read_results(text, before=read_results(text)).tasks == read_results(text).tasks


def test_garbage_is_counted_and_never_raises():
    dice = random.Random(3)
    text = lines(START, ended(1, 1, code=0), END)
    for _ in range(500):
        place = dice.randrange(len(text))
        broken = text[:place] + chr(dice.choice([0, 34, 92, 123, 0xD800, 0x10FFFF])) + text[place + 1 :]
        assert read_results(broken).garbage_lines <= 2


def test_foreign_records_are_garbage():
    for record in (
        '{"task": true, "attempt": 1, "code": 0}',
        '{"task": 0, "attempt": 1, "code": 0}',
        '{"task": 1, "attempt": 1}',
        '{"task": 1, "attempt": 1, "code": "0"}',
        '{"mark": "start", "name": "x"}',
        '{"mark": "end", "reason": "finished", "passed": 1e999, "failed": 0, "left": 0, "epoch": 0}',
        "[]",
        "NaN",
        "[" * 100000,
    ):
        results = read_results(record)
        assert (results.garbage_lines, dict(results.tasks), results.ends) == (1, {}, ())


def test_a_mark_of_a_newer_runner_is_no_garbage():
    assert read_results('{"mark":"lost","node":"mu002","tasks":[4]}\n') == TaskResults()


def test_home_and_site_read_the_same_file_alike():
    dice = random.Random(11)
    records, attempts = [], dict.fromkeys(range(1, 30), 0)
    for _ in range(200):
        task = dice.randrange(1, 30)
        attempts[task] += 1
        records.append(ended(task, attempts[task], code=dice.choice([0, 1, 1])))
        if attempts[task] % 3 == 0:
            records.append({"task": task, "abandoned": True, "attempts": attempts[task]})
    text = lines(*records) + '{"task":1,"atte'
    home = read_results(text)
    site = TaskBook(list(attempts), 3)
    site.read(line.encode() for line in text.splitlines(keepends=True))
    assert home.passed == site.passed
    assert {task for task in home.tasks if home.tasks[task].attempts == site.attempts(task)} == set(home.tasks)


def test_results_of_another_list_say_nothing_of_this_one():
    one, other = ({**START, "list_sha256": name} for name in "ab")
    first = read_results(lines(one, ended(1, 1, code=0)))
    assert read_results(lines(one), before=first).passed == {1}
    anew = read_results(lines(other), before=first)
    assert not anew.passed
    assert len(anew.starts) == 2
    assert read_results(lines(ended(2, 1, code=0)), before=anew).passed == {2}
