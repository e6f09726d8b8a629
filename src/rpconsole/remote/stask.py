"""stask, the runner inside the job: a list of commands, run on all its nodes, known task by task.

Order: fence, results so far, start mark, tasks, end mark, fence released. A second leader of the same results file ends at
once and writes its duplicate mark to its own output.
"""

import json
import os
import signal
import sys
import time
from typing import Any, Dict, List, Set, Tuple

from . import fence as fences
from .chunk_leader import ChunkLeader
from .faults import fault_of
from .leader import Leader, wake_on
from .nodes import node_names
from .plan import Plan, plan_of
from .results_file import ResultsFile
from .task_book import TaskBook
from .task_list import TaskList

EXIT_CODES = {"finished": 0, "fence": 0, "wall": 6, "term": 6, "nodes": 2}
EXIT_ABANDONED = 5
_SAVE_FOR_S = 60.0


def main(words: List[str]) -> int:
    try:
        plan = plan_of(words, dict(os.environ))
    except SystemExit as end:  # argparse has said why
        return 3 if end.code else 0
    try:
        return _fenced(plan)
    except OSError as error:
        raise fault_of(error) from None


def _fenced(plan: Plan) -> int:
    try:
        fence = fences.take(plan.fence, plan.me, _ended_fences(plan.results), plan.takeover)
    except fences.Duplicate as duplicate:
        _say(dict(plan.me, mark="duplicate", of=duplicate.holder, fence=duplicate.generation))
        return 0
    try:
        reason, code = _run(plan, fence)
    except BaseException:
        fence.release()
        raise
    if reason == "fence":
        _say(dict(plan.me, mark="duplicate", of=None, fence=fences.highest(plan.fence)))
    else:
        fence.release()
    return code


def _say(record: Dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(dict(record, epoch=_now())) + "\n")
    sys.stdout.flush()


def _ended_fences(path: str) -> Set[int]:
    book = TaskBook([], 1)
    try:
        with open(path, "rb") as stream:
            book.read(stream)
    except OSError:
        pass
    return book.ended_fences


def _run(plan: Plan, fence: fences.Fence) -> Tuple[str, int]:
    tasks = TaskList(plan.config)
    book = TaskBook(tasks.numbers, plan.attempts)
    results = ResultsFile(plan.results)
    with open(plan.results, "rb") as stream:
        book.read(stream)
    book.begin(tasks.sha256)
    _settle_used_up(plan, book, results)
    nodes = node_names(plan.hosts, dict(os.environ))
    start = dict(plan.me, mark="start", fence=fence.generation, tasks=len(tasks), list_sha256=tasks.sha256)
    results.append(dict(start, nodes=nodes, epoch=_now(), host=fence.holder["host"], pid=os.getpid()))
    results.flush()
    leader = (ChunkLeader if plan.runner == "multi-prog" else Leader)(plan, tasks, book, results, fence)
    reason = leader.lead(nodes, wake_on(leader.stop, signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
    counts = leader.counts()
    if reason != "fence":
        results.append(dict(plan.me, mark="end", reason=reason, fence=fence.generation, epoch=_now(), **counts))
        if not results.finish(_SAVE_FOR_S):
            sys.stderr.write("stask: the end mark could not be written to {}\n".format(plan.results))
    code = EXIT_CODES[reason]
    return reason, EXIT_ABANDONED if reason == "finished" and counts["failed"] else code


def _settle_used_up(plan: Plan, book: TaskBook, results: ResultsFile) -> None:
    """--again forgives; a task whose last attempt was recorded but not its abandonment is abandoned now."""
    if plan.again:
        book.forgive()
    for task in book.left():
        if book.is_used_up(task):
            book.abandoned.add(task)
            results.append({"task": task, "abandoned": True, "attempts": book.attempts(task)})


def _now() -> float:
    return round(time.time(), 3)
