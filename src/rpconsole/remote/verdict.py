"""What the end of an attempt means for its task: passed, to be tried again, or abandoned. The same for every runner."""

from typing import Any, Dict

from .hand_out import HandOut
from .results_file import ResultsFile
from .task_book import TaskBook


def settle(book: TaskBook, results: ResultsFile, left: HandOut, node: str, message: Dict[str, Any]) -> bool:
    """Written down and noted; False where the task goes back to those that are left."""
    task = message.pop("ended")
    passed = message.get("code") == 0
    book.note_attempt(task, message["attempt"], passed)
    results.append(dict({"task": task, "node": node}, **message))
    if passed:
        return True
    if book.is_used_up(task):
        book.abandoned.add(task)
        results.append({"task": task, "abandoned": True, "attempts": book.attempts(task)})
        return True
    left.failed(task, node)
    return False
