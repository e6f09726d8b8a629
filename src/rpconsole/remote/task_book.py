"""What is known of each task from the results file: passed, abandoned or left, and the attempts so far."""

import json
from typing import Any, Dict, Iterable, List, Optional, Set


class TaskBook:
    def __init__(self, numbers: List[int], attempts_limit: int) -> None:
        self.numbers = numbers
        self.passed: Set[int] = set()
        self.abandoned: Set[int] = set()
        self.last_start: Optional[Dict[str, Any]] = None
        self.ended_fences: Set[int] = set()
        self._attempts: Dict[int, int] = {}
        self._forgiven: Dict[int, int] = {}
        self._limit = attempts_limit

    def read(self, lines: Iterable[bytes]) -> None:
        """Lines that are no record (a kill in mid-write) say nothing."""
        for line in lines:
            try:
                record = json.loads(line.decode("utf-8"))
            except ValueError:
                continue
            if isinstance(record, dict):
                self._note(record)

    def _note(self, record: Dict[str, Any]) -> None:
        mark, task = record.get("mark"), record.get("task")
        if mark == "start":
            self.begin(record.get("list_sha256"))
            self.last_start = record
        elif mark == "end" and isinstance(record.get("fence"), int):
            self.ended_fences.add(record["fence"])
        elif isinstance(task, int) and record.get("abandoned") is True:
            self.abandoned.add(task)
        elif isinstance(task, int) and isinstance(record.get("attempt"), int):
            self.note_attempt(task, record["attempt"], record.get("code") == 0)

    def begin(self, list_sha256: Any) -> None:
        """From here on of this list: a task's number means nothing against another one, so what was known of it is not."""
        before = (self.last_start or {}).get("list_sha256")
        if before is not None and before != list_sha256:
            self.passed, self.abandoned = set(), set()
            self._attempts, self._forgiven = {}, {}

    def note_attempt(self, task: int, attempt: int, passed: bool) -> None:
        self._attempts[task] = max(self.attempts(task), attempt)
        if passed:
            self.passed.add(task)
            self.abandoned.discard(task)

    def forgive(self) -> None:
        """Abandoned tasks get a full set of attempts again; their numbering goes on."""
        for task in self.abandoned:
            self._forgiven[task] = self.attempts(task)
        self.abandoned = set()

    def attempts(self, task: int) -> int:
        return self._attempts.get(task, 0)

    def is_used_up(self, task: int) -> bool:
        return self.attempts(task) - self._forgiven.get(task, 0) >= self._limit

    def left(self) -> List[int]:
        """In the order of the list."""
        return [number for number in self.numbers if number not in self.passed and number not in self.abandoned]

    def counts(self) -> Dict[str, int]:
        mine = set(self.numbers)
        passed, failed = len(mine & self.passed), len(mine & self.abandoned)
        return {"passed": passed, "failed": failed, "left": len(mine) - passed - failed}
