"""Reading the results file that the runner writes at the site, piece by piece as polls bring it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskOutcome:
    """The last that is known of one task; the cost is that of its last ended attempt."""

    task: int
    attempts: int = 0
    passed: bool = False
    abandoned: bool = False
    code: int | None = None
    signal: int | None = None
    node: str | None = None
    start: float | None = None
    wall_s: float | None = None
    user_s: float | None = None
    sys_s: float | None = None
    max_rss_kb: int | None = None
    #: the attempt's own output at the site; None when it printed nothing
    log: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StartMark:
    """A runner took the results file up: the job it ran in, and what it had before it."""

    job: str
    name: str
    tasks: int
    epoch: float
    nodes: tuple[str, ...]
    #: of the task list that the numbers mean; empty where the mark does not say
    list_sha256: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndMark:
    """A runner ended in order: finished, wall, term or nodes (none was left)."""

    name: str
    reason: str
    passed: int
    failed: int
    left: int
    epoch: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskResults:
    """All that a results file has said so far."""

    tasks: Mapping[int, TaskOutcome] = field(default_factory=lambda: MappingProxyType({}))
    starts: tuple[StartMark, ...] = ()
    ends: tuple[EndMark, ...] = ()
    #: lines that are no record: a kill in mid-write leaves one
    garbage_lines: int = 0
    #: epoch seconds of the runner's latest sign of life; None before the first
    alive_at: float | None = None

    @property
    def passed(self) -> frozenset[int]:
        return frozenset(task for task, outcome in self.tasks.items() if outcome.passed)

    @property
    def abandoned(self) -> frozenset[int]:
        return frozenset(task for task, outcome in self.tasks.items() if outcome.abandoned)

    def has_started(self, name: str) -> bool:
        """True when a job of this name has left its start mark: it is known to have run."""
        return any(mark.name == name for mark in self.starts)

    def end_of(self, name: str) -> EndMark | None:
        """The end mark of a job; None says nothing, for a killed runner writes none."""
        return next((mark for mark in reversed(self.ends) if mark.name == name), None)


def read_results(text: str, *, before: TaskResults | None = None) -> TaskResults:
    """What the lines add to what was known ``before``.

    Never raises: a line that is no record is counted. A task that has passed stays passed, whatever follows of the same list.
    """
    reading = _Reading(before or TaskResults())
    for line in text.split("\n"):
        if line.strip():
            reading.take(line)
    return reading.results()


class _Reading:
    def __init__(self, before: TaskResults) -> None:
        self._tasks = dict(before.tasks)
        self._starts = list(before.starts)
        self._ends = list(before.ends)
        self._garbage_lines = before.garbage_lines
        self._alive_at = before.alive_at

    def results(self) -> TaskResults:
        return TaskResults(
            tasks=MappingProxyType(self._tasks),
            starts=tuple(self._starts),
            ends=tuple(self._ends),
            garbage_lines=self._garbage_lines,
            alive_at=self._alive_at,
        )

    def take(self, line: str) -> None:
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise TypeError(record)
            self._note(record)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            self._garbage_lines += 1

    def _note(self, record: dict[str, Any]) -> None:
        match record:
            case {"mark": "start"}:
                self._begin(_start_mark(record))
            case {"mark": "end"}:
                self._ends.append(_end_mark(record))
            case {"mark": "alive"}:
                self._alive_at = float(record["epoch"])
            case {"mark": str()}:
                pass  # a newer runner may say more than we know
            case {"task": int(task), "abandoned": True, "attempts": int(attempts)}:
                known = self._known(task)
                self._tasks[task] = replace(known, abandoned=not known.passed, attempts=max(known.attempts, attempts))
            case {"task": int(task), "attempt": int()}:
                self._tasks[task] = _after_attempt(self._known(task), record)
            case _:
                raise KeyError("no record")

    def _begin(self, start: StartMark) -> None:
        """A run that was prepared anew has another list, against which the numbers of tasks before mean nothing."""
        before = self._starts[-1].list_sha256 if self._starts else ""
        if before and before != start.list_sha256:
            self._tasks.clear()
        self._starts.append(start)

    def _known(self, task: int) -> TaskOutcome:
        if isinstance(task, bool) or task < 1:
            raise ValueError(task)
        return self._tasks.get(task) or TaskOutcome(task=task)


def _after_attempt(known: TaskOutcome, record: dict[str, Any]) -> TaskOutcome:
    code, signal = _number(record, "code"), _number(record, "signal")
    if code is None and signal is None:
        raise KeyError("an ended attempt has a code or a signal")
    attempts = max(known.attempts, record["attempt"])
    if known.passed:
        return replace(known, attempts=attempts)
    return TaskOutcome(
        task=known.task,
        attempts=attempts,
        passed=code == 0,
        # tried again after all: the runner abandons it anew if need be
        abandoned=False,
        code=code,
        signal=signal,
        node=_text(record, "node"),
        start=_real(record, "start"),
        wall_s=_real(record, "wall_s"),
        user_s=_real(record, "user_s"),
        sys_s=_real(record, "sys_s"),
        max_rss_kb=_number(record, "max_rss_kb"),
        log=_text(record, "log"),
    )


def _start_mark(record: dict[str, Any]) -> StartMark:
    nodes = record.get("nodes") or ()
    return StartMark(
        job=str(record.get("job") or ""),
        name=str(record["name"]),
        tasks=int(record["tasks"]),
        epoch=float(record["epoch"]),
        nodes=tuple(str(node) for node in nodes),
        list_sha256=str(record.get("list_sha256") or ""),
    )


def _end_mark(record: dict[str, Any]) -> EndMark:
    return EndMark(
        name=str(record.get("name") or ""),
        reason=str(record["reason"]),
        passed=int(record["passed"]),
        failed=int(record["failed"]),
        left=int(record["left"]),
        epoch=float(record["epoch"]),
    )


def _number(record: dict[str, Any], name: str) -> int | None:
    value = record.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _real(record: dict[str, Any], name: str) -> float | None:
    value = record.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(record: dict[str, Any], name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) else None
