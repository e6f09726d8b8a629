"""What the leaders of both runners share: the tasks and their results in one hand, a fence that may be lost, an end that comes."""

import time
from typing import Any, Dict

from .closing import Closing
from .fence import Fence
from .hand_out import HandOut
from .plan import Plan
from .results_file import ResultsFile
from .task_book import TaskBook
from .task_list import TaskList

_FENCE_EVERY_S = 5.0


class Leadership:
    def __init__(self, plan: Plan, tasks: TaskList, book: TaskBook, results: ResultsFile, fence: Fence) -> None:
        self._plan = plan
        self._tasks = tasks
        self._book = book
        self._results = results
        self._fence = fence
        self._left = HandOut(book.left())
        self._closing = Closing(plan, time.monotonic())
        self._signalled = False
        self._fence_at = 0.0
        self._beat_at = time.monotonic()

    def stop(self, *_: Any) -> None:
        """Handler of SIGTERM: a flag only."""
        self._signalled = True

    def counts(self) -> Dict[str, int]:
        return self._book.counts()

    def _order_for(self, task: int) -> Dict[str, Any]:
        """What whoever runs it must know."""
        attempt = self._book.attempts(task) + 1
        log = self._plan.log_of(task, attempt)
        return {"task": task, "attempt": attempt, "line": self._tasks.line(task), "log": log}

    def _beat(self, now: float) -> None:
        """A sign of life among the results: whoever is told that this job is over can see that it is not."""
        if now - self._beat_at >= self._plan.beat_s:
            self._beat_at = now
            self._results.append({"mark": "alive", "name": self._plan.me["name"], "epoch": round(time.time(), 3)})

    def _is_overruled(self, now: float) -> bool:
        """Whether another leader took over; looked at now and then."""
        if now - self._fence_at <= _FENCE_EVERY_S:
            return False
        self._fence_at = now
        return not self._fence.is_mine()
