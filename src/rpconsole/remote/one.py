"""One rank of a chunk: runs the command that the chunk's list has for it, and tells how it ended, in one line.

The end of its input is the end of its leader, and so of its task.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, Dict, List, Optional

from .faults import Fault, fault_of
from .hearing import BEAT_S
from .launch import Launcher
from .task import RunningTask, looks_terminated, not_started, order_of
from .task_log import TaskLogs
from .wakeup import wakeup_pipe
from .wire import Wire

LINE = b"rpr-one "
_DOUBT_S = 1.0
_KILL_AFTER_S = 3.0


def order_for(chunk: str, rank: int) -> Dict[str, Any]:
    """Line ``rank`` of the chunk's list."""
    try:
        with open(chunk, "rb") as stream:
            for number, line in enumerate(stream):
                if number == rank:
                    return dict(json.loads(line.decode("utf-8")))
    except (OSError, ValueError) as error:
        raise Fault("cannot read {}: {}".format(chunk, error)) from None
    raise Fault("{} has no line for rank {}".format(chunk, rank))


class One:
    """Runs a task and watches for the signals and the input that end it."""

    def __init__(self, wire: Wire, node: str, beat_s: float) -> None:
        self._wire = wire
        self._node = node
        self._beat_s = beat_s
        self._beat_at = time.monotonic()
        self._is_told_to_leave = False
        self._is_stopping = False
        self._kill_at = 0.0
        self._task: Optional[RunningTask] = None

    def terminate(self, *_: Any) -> None:
        """Handler of SIGTERM: a flag only."""
        self._is_told_to_leave = True

    def say(self, message: Dict[str, Any]) -> None:
        text = json.dumps(dict(message, node=self._node), separators=(",", ":"))
        self._wire.write(LINE + text.encode("ascii") + b"\n")

    def run(self, message: Dict[str, Any], wakeup: int) -> None:
        null, logs = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC), TaskLogs()
        launcher = Launcher(dict(os.environ, RPR_NODE=self._node), null)
        order = order_of(message, launcher)
        self.say({"began": order.task})
        try:
            self._task = RunningTask(order, launcher, logs, null)
        except (OSError, ValueError) as error:
            self.say(not_started(order, str(fault_of(error, "the task could not be started"))))
            return
        record = self._ended(wakeup)
        logs.close()
        if record is not None:
            self.say(record)

    def _ended(self, wakeup: int) -> Optional[Dict[str, Any]]:
        """The record of the task; None when its leader has gone."""
        assert self._task is not None
        while True:
            pid, status, usage = os.wait4(self._task.pid, os.WNOHANG)
            if pid:
                record = self._task.ended(status, usage)
                if looks_terminated(record) and not self._is_stopping:
                    # our own SIGTERM may be on its way
                    self._listen(wakeup, _DOUBT_S)
                return dict(record, stopped=record.get("code") != 0) if self._is_stopping else record
            if not self._listen(wakeup, 0.2 if self._kill_at else min(2.0, self._beat_s)):
                self._task.kill(signal.SIGKILL)
                return None
            self._task.take_name(time.monotonic())
            self._beat()

    def _beat(self) -> None:
        """A node from which nothing comes counts as dead."""
        now = time.monotonic()
        if now - self._beat_at >= self._beat_s:
            self._beat_at = now
            self.say({"beat": round(time.time(), 3)})

    def _listen(self, wakeup: int, patience_s: float) -> bool:
        """False at the end of our input."""
        ready, _, _ = select.select([self._wire.fd_in, wakeup], [], [], patience_s)
        if wakeup in ready:
            os.read(wakeup, 4096)
        if self._wire.fd_in in ready and not os.read(self._wire.fd_in, 4096):
            return False
        now = time.monotonic()
        if self._is_told_to_leave and not self._is_stopping:
            self._is_stopping, self._kill_at = True, now + _KILL_AFTER_S
            if self._task is not None:
                self._task.kill()
        elif self._kill_at and now >= self._kill_at and self._task is not None:
            self._task.kill(signal.SIGKILL)
        return True


def main(words: List[str]) -> int:
    if len(words) != 2 or not words[1].isdigit():
        raise Fault("one wants the list of a chunk and a rank")
    wire = Wire()
    node = os.environ.get("SLURMD_NODENAME") or socket.gethostname()
    one = One(wire, node, float(os.environ.get("RPR_BEAT_S") or BEAT_S))
    wakeup = wakeup_pipe()
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, one.terminate)
    try:
        one.run(order_for(words[0], int(words[1])), wakeup)
    except Fault as fault:
        sys.stderr.write("one: {}\n".format(fault))
        return 3
    except BrokenPipeError:
        pass
    return 0
