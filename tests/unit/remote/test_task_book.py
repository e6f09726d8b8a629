from __future__ import annotations

from rpconsole.remote.hand_out import HandOut
from rpconsole.remote.task_book import TaskBook


def book_of(*lines: bytes, numbers=(1, 2, 3), limit=3) -> TaskBook:
    book = TaskBook(list(numbers), limit)
    book.read(lines)
    return book


def ended(task, attempt, code):
    return b'{"task":%d,"node":"a","attempt":%d,"code":%d}\n' % (task, attempt, code)


def test_what_passed_or_was_abandoned_is_not_left():
    book = book_of(ended(1, 1, 0), ended(2, 1, 1), b'{"task":2,"abandoned":true,"attempts":1}\n')
    assert book.left() == [3]
    assert book.counts() == {"passed": 1, "failed": 1, "left": 1}


def test_attempts_of_an_earlier_job_count_on():
    book = book_of(ended(1, 1, 1), ended(1, 2, 1))
    assert book.attempts(1) == 2
    assert not book.is_used_up(1)
    book.note_attempt(1, 3, False)
    assert book.is_used_up(1)


def test_a_record_read_twice_counts_once():
    assert book_of(ended(1, 1, 1), ended(1, 1, 1)).attempts(1) == 1


def test_half_lines_and_foreign_lines_say_nothing():
    book = book_of(b'{"task":1,"code":0,"att', b"\xff\xfe\n", b"[1]\n", b"7\n", b'{"task":"1","attempt":1,"code":0}\n')
    assert book.left() == [1, 2, 3]


def test_forgiven_tasks_have_a_full_set_of_attempts_and_go_on_counting():
    book = book_of(ended(1, 1, 1), ended(1, 2, 1), b'{"task":1,"abandoned":true,"attempts":2}\n', limit=2)
    book.forgive()
    assert book.left() == [1, 2, 3]
    assert not book.is_used_up(1)
    book.note_attempt(1, 3, False)
    book.note_attempt(1, 4, False)
    assert book.is_used_up(1)


def test_a_failed_task_comes_last_and_not_to_the_node_where_it_failed():
    hand_out = HandOut([1, 2])
    assert hand_out.next_for("a", True) == 1
    hand_out.failed(1, "a")
    assert hand_out.next_for("a", True) == 2
    assert hand_out.next_for("a", True) is None
    assert hand_out.next_for("b", True) == 1


def test_a_failed_task_goes_back_to_the_only_node():
    hand_out = HandOut([])
    hand_out.failed(1, "a")
    assert hand_out.next_for("a", False) == 1


def test_tasks_of_a_lost_node_go_first():
    hand_out = HandOut([3, 4])
    hand_out.came_back([2, 1])
    assert [hand_out.next_for("b", True) for _ in range(4)] == [1, 2, 3, 4]
