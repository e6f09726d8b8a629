"""Which task goes to which node next; no clock, no pipes."""

from collections import deque
from typing import Deque, Dict, Iterable, List, Optional


class HandOut:
    """Fresh tasks first, in their order; a failed one last, and rather on another node than the one where it failed."""

    def __init__(self, tasks: Iterable[int]) -> None:
        self._fresh: Deque[int] = deque(tasks)
        self._again: Deque[int] = deque()
        self._failed_on: Dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._fresh) + len(self._again)

    def next_for(self, node: str, has_others: bool) -> Optional[int]:
        """None when nothing is left for this node now."""
        if self._fresh:
            return self._fresh.popleft()
        for place, task in enumerate(self._again):
            if not has_others or self._failed_on.get(task) != node:
                del self._again[place]
                return task
        return None

    def failed(self, task: int, node: str) -> None:
        self._failed_on[task] = node
        self._again.append(task)

    def came_back(self, tasks: List[int]) -> None:
        """Not the tasks' fault: they go first."""
        self._fresh.extendleft(sorted(tasks, reverse=True))
