"""The second runner: chunks of tasks by ``srun --multi-prog``, one after the other, with the first one's results file and marks.

For sites where no worker of ours may stay on a node. A chunk is as wide as the job and ends with its longest task.
"""

import os
import signal
import sys
import time
from typing import Any, Dict, List

from .chunk import Chunk
from .closing import Closing
from .fence import Fence
from .hand_out import HandOut
from .nodes import cores_here, cpus_of, slots_for
from .plan import Plan
from .results_file import ResultsFile
from .task_book import TaskBook
from .task_list import TaskList
from .verdict import settle

_FENCE_EVERY_S = 5.0
_KILL_AFTER_S = 8.0
#: chunks in a row of which no rank began
_FRUITLESS = 3
_PAUSE_S = 2.0


class ChunkLeader:
    def __init__(self, plan: Plan, tasks: TaskList, book: TaskBook, results: ResultsFile, fence: Fence) -> None:
        self._plan = plan
        self._tasks = tasks
        self._book = book
        self._results = results
        self._fence = fence
        self._left = HandOut(book.left())
        self._closing = Closing(plan, time.monotonic())
        self._signalled = False
        self._fence_at = time.monotonic()
        self._chunks = 0
        self._fruitless = 0
        self._killed_at = 0.0

    def stop(self, *_: Any) -> None:
        """Handler of SIGTERM: a flag only."""
        self._signalled = True

    def counts(self) -> Dict[str, int]:
        return self._book.counts()

    def lead(self, nodes: List[str], wakeup: int) -> str:
        """Why it ended: finished, wall, term, nodes (none is left, or srun starts nothing), fence (another leader took over)."""
        self._nodes = list(nodes)
        self._wakeup = wakeup
        self._closing.look(time.monotonic(), self._signalled)
        while not self._closing.reason:
            if not len(self._left):
                return "finished"
            self._run(self._next_orders())
            if not self._nodes or self._fruitless >= _FRUITLESS:
                self._closing.begin("nodes", 0.0)
        return self._closing.reason

    def _next_orders(self) -> List[Dict[str, Any]]:
        orders: List[Dict[str, Any]] = []
        while len(self._left) and len(orders) < self._width():
            task = self._left.next_for("", False)
            if task is None:
                break
            attempt = self._book.attempts(task) + 1
            order = {"task": task, "attempt": attempt, "line": self._tasks.line(task)}
            orders.append(dict(order, log=self._plan.log_of(task, attempt)))
        return orders

    def _width(self) -> int:
        """Tasks at once, on all nodes that are left."""
        cores, plan = cpus_of(self._nodes, dict(os.environ)), self._plan
        each = [slots_for(cores.get(node, cores_here()), plan.cores_per_task, plan.slots) for node in self._nodes]
        # ranks go to the nodes in turn
        return min(each) * len(each)

    def _run(self, orders: List[Dict[str, Any]]) -> None:
        self._chunks += 1
        stem = "{}.chunks/{}.{}".format(self._plan.results, self._fence.generation, self._chunks)
        chunk = Chunk(stem, self._nodes, orders, self._wakeup)
        try:
            while chunk.is_open and self._closing.reason != "fence":
                for message in chunk.listen(0.5 if self._closing.reason else 2.0):
                    self._hear(message)
                self._results.flush()
                self._watch(chunk)
        finally:
            code = chunk.close()
        if self._closing.reason != "fence":
            self._account_for(chunk, code)
            self._results.flush()

    def _hear(self, message: Dict[str, Any]) -> None:
        node = message.pop("node", "")
        if message.pop("stopped", False):
            self._left.came_back([message["ended"]])
        else:
            settle(self._book, self._results, self._left, node, message)

    def _watch(self, chunk: Chunk) -> None:
        now = time.monotonic()
        if now - self._fence_at > _FENCE_EVERY_S:
            self._fence_at = now
            if not self._fence.is_mine():
                self._closing.begin("fence", now)
        self._closing.look(now, self._signalled)
        if self._closing.reason and now > self._closing.stop_by:
            if not self._killed_at:
                self._killed_at = now
                chunk.signal(signal.SIGTERM)
            elif now > self._killed_at + _KILL_AFTER_S:
                chunk.signal(signal.SIGKILL)

    def _account_for(self, chunk: Chunk, code: int) -> None:
        """Tasks without an end have spent no attempt; a node of which no rank came to its end is passed over from now on."""
        self._fruitless = 0 if chunk.began else self._fruitless + 1
        if not chunk.left:
            return
        self._left.came_back(sorted(chunk.left))
        if self._closing.reason:
            return
        ended_on = {node for task, node in chunk.began.items() if task not in chunk.left}
        lost: Dict[str, List[int]] = {}
        for task in sorted(chunk.left & set(chunk.began)):
            lost.setdefault(chunk.began[task], []).append(task)
        for node, tasks in lost.items():
            why = "srun ended with {} before its tasks did".format(code)
            record = {"mark": "lost", "node": node, "why": why, "tasks": tasks, "epoch": round(time.time(), 3)}
            self._results.append(record)
            if node not in ended_on:
                self._nodes = [each for each in self._nodes if each != node]
        if not chunk.began:
            sys.stderr.write("stask: srun ended with {} and began no task\n".format(code))
            time.sleep(_PAUSE_S)
