"""The second runner: chunks of tasks by ``srun --multi-prog``, one after the other, with the first one's results file and marks.

For sites where no worker of ours may stay on a node. A chunk is as wide as the job and ends with its longest task.
"""

import os
import signal
import sys
import time
from typing import Any, Dict, List

from .chunk import Chunk
from .fence import Fence
from .leadership import Leadership
from .nodes import cores_here, cpus_of, slots_for
from .plan import Plan
from .results_file import ResultsFile
from .task_book import TaskBook
from .task_list import TaskList
from .verdict import settle

_KILL_AFTER_S = 8.0
#: chunks in a row of which no rank began
_FRUITLESS = 3
_PAUSE_S = 2.0


class ChunkLeader(Leadership):
    def __init__(self, plan: Plan, tasks: TaskList, book: TaskBook, results: ResultsFile, fence: Fence) -> None:
        Leadership.__init__(self, plan, tasks, book, results, fence)
        self._chunks = 0
        self._fruitless = 0
        self._kill_at = 0.0

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
            orders.append(self._order_for(task))
        return orders

    def _width(self) -> int:
        """Tasks at once, on all nodes that are left."""
        cores, plan = cpus_of(self._nodes, dict(os.environ)), self._plan
        each = [slots_for(cores.get(node, cores_here()), plan.cores_per_task, plan.slots) for node in self._nodes]
        # ranks go to the nodes in turn
        return min(each) * len(each)

    def _run(self, orders: List[Dict[str, Any]]) -> None:
        self._chunks += 1
        self._kill_at = 0.0
        stem = "{}.chunks/{}.{}".format(self._plan.results, self._fence.generation, self._chunks)
        chunk = Chunk(stem, self._nodes, orders, self._wakeup, self._plan.silence_s)
        try:
            while chunk.is_open and self._closing.reason != "fence":
                for message in chunk.listen(
                    0.5 if self._closing.reason or self._kill_at else min(2.0, self._plan.beat_s)
                ):
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
        if self._is_overruled(now):
            self._closing.begin("fence", now)
            return
        self._beat(now)
        self._closing.look(now, self._signalled)
        is_late = bool(self._closing.reason) and now > self._closing.stop_by
        if is_late or self._kill_at or chunk.waits_for_the_silent(now):
            self._end(chunk, now)

    def _end(self, chunk: Chunk, now: float) -> None:
        """SIGTERM, and SIGKILL where that does not help in time."""
        if not self._kill_at:
            self._kill_at = now + _KILL_AFTER_S
            chunk.signal(signal.SIGTERM)
        elif now > self._kill_at:
            chunk.signal(signal.SIGKILL)

    def _account_for(self, chunk: Chunk, code: int) -> None:
        """Tasks without an end have spent no attempt; a node that hangs, or of which no rank came to its end, is passed over."""
        self._fruitless = 0 if chunk.began else self._fruitless + 1
        if chunk.left:
            self._left.came_back(sorted(chunk.left))
        if not chunk.left or self._closing.reason:
            return
        ended_on = {node for task, node in chunk.began.items() if task not in chunk.left}
        for node, tasks in chunk.lost().items():
            is_silent = node in chunk.silent
            why = "it was silent" if is_silent else "srun ended with {} before its tasks did".format(code)
            record = {"mark": "lost", "node": node, "why": why, "tasks": tasks, "epoch": round(time.time(), 3)}
            self._results.append(record)
            if is_silent or node not in ended_on:
                self._nodes = [each for each in self._nodes if each != node]
        if not chunk.began:
            sys.stderr.write("stask: srun ended with {} and began no task\n".format(code))
            time.sleep(_PAUSE_S)
