"""One attempt of a task on its node: a child of its own session, its output in its own log, its cost at the end."""

import os
import signal
import time
from typing import Any, NamedTuple, Optional

from .frames import Message
from .launch import Command, Launcher
from .processes import kill_group
from .task_log import TaskLog, TaskLogs

_NOT_STARTED = 126
_A_MOMENT_S = 2.0


class Order(NamedTuple):
    """What the leader asked for, read ahead."""

    task: int
    attempt: int
    command: Command
    log: Optional[str]


def order_of(message: Message, launcher: Launcher) -> Order:
    return Order(message["task"], message["attempt"], launcher.read(message["line"]), message.get("log"))


class RunningTask:
    """Started by the constructor; raises OSError when no shell or no log can be had."""

    def __init__(self, order: Order, launcher: Launcher, logs: TaskLogs, null: int) -> None:
        self._order = order
        self._logs = logs
        self._log: Optional[TaskLog] = None if order.log is None else logs.open(order.log)
        extra = {b"RPR_TASK": b"%d" % order.task, b"RPR_ATTEMPT": b"%d" % order.attempt}
        self._start = time.time()
        self._began = time.monotonic()
        try:
            self.pid = launcher.start(order.command, extra, null if self._log is None else self._log.handle)
        except BaseException:
            if self._log is not None:
                logs.drop(self._log)
            raise

    def kill(self, number: int = signal.SIGTERM) -> None:
        kill_group(self.pid, number)

    @property
    def wants_name(self) -> bool:
        return self._log is not None and self._log.is_borrowed

    def take_name(self, now: float) -> None:
        """Who looks into a task that runs for long finds its log under the task's name."""
        if self._log is not None and now - self._began >= _A_MOMENT_S:
            self._log.take_name()

    def ended(self, status: int, usage: Any) -> Message:
        """The record of this attempt; called once, with what wait4 said."""
        wall_s = round(time.monotonic() - self._began, 3)
        record: Message = {"ended": self._order.task, "attempt": self._order.attempt}
        record.update(start=round(self._start, 3), wall_s=wall_s)
        if os.WIFSIGNALED(status):
            record["signal"] = os.WTERMSIG(status)
        else:
            record["code"] = os.WEXITSTATUS(status)
        record["user_s"] = round(usage.ru_utime, 3)
        record["sys_s"] = round(usage.ru_stime, 3)
        record["max_rss_kb"] = usage.ru_maxrss
        record["log"] = None if self._log is None else self._logs.settle(self._log, self.pid)
        return record


def not_started(order: Order, sentence: str) -> Message:
    """An attempt whose shell could not be started: as a shell would say it, with the reason."""
    return {
        "ended": order.task,
        "attempt": order.attempt,
        "code": _NOT_STARTED,
        "error": sentence,
        "start": round(time.time(), 3),
        "wall_s": 0.0,
        "user_s": 0.0,
        "sys_s": 0.0,
        "max_rss_kb": 0,
        "log": None,
    }


def looks_terminated(record: Message) -> bool:
    """Killed by SIGTERM, or a shell that reports it of its child: perhaps the job is being ended, not the task at fault."""
    return record.get("signal") == signal.SIGTERM or record.get("code") == 128 + signal.SIGTERM
