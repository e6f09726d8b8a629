"""The worker on one node: runs what the leader hands it, as many at once as it has slots.

Its leader's death (the end of its input) is the end of its tasks, so that nothing goes on behind the back of the next
leader. A SIGTERM to the worker means that the node is being taken away: what dies of that is reported as stopped, not failed.
"""

import argparse
import os
import select
import signal
import sys
import time
from collections import deque
from typing import Any, Deque, Dict, List, Tuple

from .faults import fault_of
from .frames import FrameBuffer, Garbage, Message, frame_of
from .hearing import BEAT_S
from .launch import Launcher
from .nodes import cores_here, slots_for
from .task import Order, RunningTask, looks_terminated, not_started, order_of
from .task_log import TaskLogs
from .wakeup import wakeup_pipe
from .wire import Wire

#: results of very short tasks travel together: to wake the leader costs both sides more than the task itself
_GATHER_S = 0.02
_DOUBT_S = 1.0
_KILL_AFTER_S = 3.0


class Worker:
    def __init__(self, wire: Wire, slots: int, beat_s: float = BEAT_S) -> None:
        self._wire = wire
        self._slots = slots
        self._beat_s = beat_s
        self._frames = FrameBuffer()
        self._waiting: Deque[Order] = deque()
        self._running: Dict[int, RunningTask] = {}
        self._doubtful: List[Tuple[float, Message]] = []
        self._due: List[Message] = []
        self._null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        self._launcher = Launcher(dict(os.environ), self._null)
        self._logs = TaskLogs()
        self._is_told_to_leave = False
        self._is_stopping = False
        self._kill_at = 0.0
        self._beat_at = 0.0
        self._speak_at = 0.0

    def terminate(self, *_: Any) -> None:
        """Handler of SIGTERM: a flag only, for a frame may be half written."""
        self._is_told_to_leave = True

    def work(self, wakeup: int) -> None:
        self._say({"slots": self._slots, "pid": os.getpid()})
        poll = select.poll()
        for handle in (self._wire.fd_in, wakeup):
            poll.register(handle, select.POLLIN)
        while True:
            self._speak()
            ready = [handle for handle, _ in poll.poll(self._patience_s() * 1000)]
            if wakeup in ready:
                os.read(wakeup, 4096)
            if self._is_told_to_leave and not self._is_stopping:
                self._say({"leaving": True})
                self._stop()
            if self._wire.fd_in in ready and not self._take_orders():
                return
            self._reap()
            self._start_waiting()
            self._tick()

    def end(self) -> None:
        for task in self._running.values():
            task.kill(signal.SIGKILL)
        self._logs.close()

    def _say(self, message: Message) -> None:
        self._due.append(message)

    def _speak(self) -> None:
        """With one write; now, unless it has spoken just before and has work in stock."""
        now = time.monotonic()
        if self._due and (now >= self._speak_at or not self._waiting):
            self._wire.write(b"".join(map(frame_of, self._due)))
            self._due = []
            self._speak_at = now + _GATHER_S

    def _patience_s(self) -> float:
        if self._due:
            return _GATHER_S
        if self._doubtful or self._kill_at:
            return 0.2
        return min(1.0 if any(task.wants_name for task in self._running.values()) else BEAT_S, self._beat_s)

    def _take_orders(self) -> bool:
        data = os.read(self._wire.fd_in, 1 << 16)
        if not data:
            return False
        self._frames.feed(data)
        while True:
            try:
                order = self._frames.take()
            except Garbage:
                return False
            if order is None:
                return True
            self._obey(order)

    def _obey(self, order: Message) -> None:
        what = order.get("do")
        if what == "run":
            self._waiting.append(order_of(order, self._launcher))
        elif what == "setup":
            self._launcher.take_environ(dict(os.environ, **order["environ"]))
        elif what == "give back":
            self._give_back()
        elif what == "kill":
            self._stop()

    def _give_back(self) -> None:
        self._say({"returned": [order.task for order in self._waiting]})
        self._waiting.clear()

    def _stop(self) -> None:
        self._is_stopping = True
        self._give_back()
        for task in self._running.values():
            task.kill()
        self._kill_at = self._kill_at or time.monotonic() + _KILL_AFTER_S

    def _start_waiting(self) -> None:
        is_leaving = self._is_told_to_leave or self._is_stopping
        while self._waiting and len(self._running) < self._slots and not is_leaving:
            order = self._waiting.popleft()
            try:
                task = RunningTask(order, self._launcher, self._logs, self._null)
            except (OSError, ValueError) as error:
                self._say(not_started(order, str(fault_of(error, "the task could not be started"))))
                continue
            self._running[task.pid] = task

    def _reap(self) -> None:
        while self._running:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            task = self._running.pop(pid, None)
            if task is not None:
                record = task.ended(status, usage)
                self._start_waiting()
                self._report(record)

    def _report(self, record: Message) -> None:
        if self._is_stopping:
            self._say(dict(record, stopped=record.get("code") != 0))
        elif looks_terminated(record):
            # our own SIGTERM may be on its way
            self._doubtful.append((time.monotonic() + _DOUBT_S, record))
        else:
            self._say(record)

    def _tick(self) -> None:
        now = time.monotonic()
        if self._doubtful:
            self._settle_doubtful(now)
        for task in self._running.values():
            if task.wants_name:
                task.take_name(now)
        if self._kill_at and now >= self._kill_at:
            self._kill_at = 0.0
            for task in self._running.values():
                task.kill(signal.SIGKILL)
        if now - self._beat_at > self._beat_s / 2:
            self._beat_at = now
            self._say({"beat": round(time.time(), 3)})

    def _settle_doubtful(self, now: float) -> None:
        doubtful, self._doubtful = self._doubtful, []
        for due, record in doubtful:
            if self._is_stopping or now >= due:
                self._say(dict(record, stopped=self._is_stopping))
            else:
                self._doubtful.append((due, record))


def main(words: List[str]) -> int:
    parser = argparse.ArgumentParser(prog="rpr worker")
    parser.add_argument("--slots", type=int, default=0)
    parser.add_argument("--cores-per-task", type=int, default=1)
    parser.add_argument("--cwd", default=".")
    parser.add_argument("--beat-s", type=float, default=BEAT_S)
    asked = parser.parse_args(words)
    wire = Wire()
    try:
        os.chdir(asked.cwd)
    except OSError as error:
        sys.stderr.write("worker: {}\n".format(fault_of(error, "cannot work in {}".format(asked.cwd))))
        return 1
    worker = Worker(wire, slots_for(cores_here(), asked.cores_per_task, asked.slots), asked.beat_s)
    reader = wakeup_pipe()
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, worker.terminate)
    try:
        worker.work(reader)
    except BrokenPipeError:
        pass
    finally:
        worker.end()
    return 0
