"""The leader: hands tasks to workers as slots fall free, keeps the results file, and ends in time."""

import os
import selectors
import signal
import sys
import time
from typing import Any, Dict, List

from .fence import Fence
from .frames import Message
from .hand_out import HandOut
from .link import Link
from .nodes import cpus_of, way_to, worker_command
from .orphans import kill_orphans
from .plan import Plan
from .program import program_argv
from .results_file import ResultsFile
from .task_book import TaskBook
from .task_list import TaskList

_FENCE_EVERY_S = 5.0
_KILLED_WITHIN_S = 10.0


class Leader:
    def __init__(self, plan: Plan, tasks: TaskList, book: TaskBook, results: ResultsFile, fence: Fence) -> None:
        self._plan = plan
        self._tasks = tasks
        self._book = book
        self._results = results
        self._fence = fence
        self._left = HandOut(book.left())
        self._links: List[Link] = []
        self._selector = selectors.DefaultSelector()
        self._began = time.monotonic()
        self._reason = ""
        self._stop_by = 0.0
        self._is_killing = False
        self._fence_at = 0.0
        self._signalled = False

    def stop(self, *_: Any) -> None:
        """Handler of SIGTERM: a flag only."""
        self._signalled = True

    def lead(self, nodes: List[str], wakeup: int) -> str:
        """Why it ended: finished, wall, term, nodes (none is left), fence (another leader took over)."""
        self._selector.register(wakeup, selectors.EVENT_READ, None)
        try:
            self._start_workers(nodes)
            while not self._is_over():
                self._fill()
                for key, events in self._selector.select(self._patience_s()):
                    self._attend(key, events, wakeup)
                self._watch()
        finally:
            for link in self._links:
                link.dismiss()
            for link in self._links:
                link.close(5.0)
        return self._reason

    def _start_workers(self, nodes: List[str]) -> None:
        widths = cpus_of(nodes, dict(os.environ))
        for place, node in enumerate(nodes):
            way = way_to(node, len(nodes), self._plan.way, dict(os.environ))
            words = [
                "--slots",
                str(self._plan.slots),
                "--cores-per-task",
                str(self._plan.cores_per_task),
                "--cwd",
                os.getcwd(),
            ]
            argv = worker_command(node, program_argv("worker", *words), way, widths.get(node))
            token = "{}.{}.{}".format(self._fence.generation, os.getpid(), place)
            environ = dict(os.environ, SLURM_CPU_BIND="none", RPR_WORKER=token, RPR_NODE=node)
            try:
                link = Link(node, argv, environ, token if way == "local" else "")
            except OSError as error:
                sys.stderr.write("stask: no worker on {}: {}\n".format(node, error))
                continue
            link.heard_at = time.monotonic()
            if way == "ssh":
                link.send({"do": "setup", "environ": environ})
            self._links.append(link)
            self._selector.register(link.from_worker, selectors.EVENT_READ, link)

    def _is_over(self) -> bool:
        if self._reason:
            return self._reason == "fence" or not any(link.held for link in self._links) or self._is_out_of_patience()
        if not self._left and not any(link.held for link in self._links):
            self._reason = "finished"
        elif not self._links:
            self._reason = "nodes"
        return bool(self._reason)

    def _is_out_of_patience(self) -> bool:
        return self._is_killing and time.monotonic() > self._stop_by + _KILLED_WITHIN_S

    def _patience_s(self) -> float:
        return 0.5 if self._reason else 2.0

    def _fill(self) -> None:
        """One task a node in turn, so that a short list spreads; a little ahead of the slots only while many are left."""
        hungry = [] if self._reason else [link for link in self._links if link.room(0) > 0]
        while hungry and self._left:
            hungry = [link for link in hungry if self._hand_to(link) and link.room(0) > 0]
        plenty = len(self._left) > 4 * sum(link.slots for link in self._links)
        for link in self._links if plenty and not self._reason else ():
            while link.room(1 + link.slots // 2) > 0 and self._hand_to(link):
                pass

    def _hand_to(self, link: Link) -> bool:
        has_others = any(other is not link and other.is_ready and not other.is_leaving for other in self._links)
        task = self._left.next_for(link.node, has_others)
        if task is None:
            return False
        attempt = self._book.attempts(task) + 1
        order = {"do": "run", "task": task, "attempt": attempt, "line": self._tasks.line(task)}
        link.held.add(task)
        link.send(dict(order, log=self._plan.log_of(task, attempt)))
        self._watch_writing(link)
        return True

    def _attend(self, key: selectors.SelectorKey, events: int, wakeup: int) -> None:
        if key.data is None:
            os.read(wakeup, 4096)
            return
        link: Link = key.data
        if link not in self._links:
            return
        if events & selectors.EVENT_WRITE:
            link.flush()
            self._watch_writing(link)
            return
        messages = link.receive()
        if messages is None:
            self._lose(link, "its worker ended")
            return
        for message in messages:
            link.heard_at = time.monotonic()
            self._hear(link, message)

    def _watch_writing(self, link: Link) -> None:
        watched = link.to_worker in self._selector.get_map()
        if link.has_due and not watched:
            self._selector.register(link.to_worker, selectors.EVENT_WRITE, link)
        elif watched and not link.has_due:
            self._selector.unregister(link.to_worker)

    def _hear(self, link: Link, message: Message) -> None:
        if "ended" in message:
            self._ended(link, message)
        elif "slots" in message:
            link.slots, link.is_ready = message["slots"], True
        elif "returned" in message:
            back = [task for task in message["returned"] if task in link.held]
            link.held.difference_update(back)
            self._left.came_back(back)
        elif "leaving" in message:
            link.is_leaving = True

    def _ended(self, link: Link, message: Message) -> None:
        task = message["ended"]
        if task not in link.held:
            return
        link.held.discard(task)
        if message.pop("stopped", False):
            self._left.came_back([task])
            return
        passed = message.get("code") == 0
        self._book.note_attempt(task, message["attempt"], passed)
        record = {"task": task, "node": link.node}
        record.update((name, value) for name, value in message.items() if name != "ended")
        self._results.append(record)
        if passed:
            return
        if self._book.is_used_up(task):
            self._book.abandoned.add(task)
            self._results.append({"task": task, "abandoned": True, "attempts": self._book.attempts(task)})
        else:
            self._left.failed(task, link.node)

    def _lose(self, link: Link, why: str) -> None:
        """A node that is gone loses what it ran; the tasks go elsewhere and have spent no attempt."""
        self._links.remove(link)
        for handle in (link.from_worker, link.to_worker):
            if handle in self._selector.get_map():
                self._selector.unregister(handle)
        if link.held:
            record = {"mark": "lost", "node": link.node, "why": why, "tasks": sorted(link.held), "epoch": _now()}
            self._results.append(record)
            self._left.came_back(list(link.held))
            link.held.clear()
        link.close(0.5)
        if link.token:
            kill_orphans("RPR_WORKER", link.token)
        if link.is_leaving and not self._links and not self._reason:
            self._reason = "term"

    def _watch(self) -> None:
        now = time.monotonic()
        self._results.flush()
        for link in list(self._links):
            if now - link.heard_at > self._plan.silence_s:
                self._lose(link, "it was silent for {:.0f} s".format(now - link.heard_at))
        if now - self._fence_at > _FENCE_EVERY_S:
            self._fence_at = now
            if not self._fence.is_mine():
                self._reason = "fence"
        if not self._reason:
            self._stop_for(now)
        elif not self._is_killing and now > self._stop_by:
            self._kill()

    def _stop_for(self, now: float) -> None:
        wall_at = self._began + self._plan.wall_s - self._plan.margin_s
        if self._signalled:
            self._drain("term", now + self._plan.term_grace_s)
        elif self._plan.wall_s and now >= wall_at:
            # the last fifth of the margin is for the killing and the end mark
            self._drain("wall", wall_at + 0.8 * self._plan.margin_s)
        elif self._links and all(link.is_leaving for link in self._links):
            self._drain("term", now + self._plan.term_grace_s)

    def _drain(self, reason: str, stop_by: float) -> None:
        self._reason, self._stop_by = reason, stop_by
        self._tell_all("drain")

    def _kill(self) -> None:
        self._is_killing = True
        self._stop_by = time.monotonic()
        self._tell_all("kill")

    def _tell_all(self, what: str) -> None:
        for link in self._links:
            link.send({"do": what})
            self._watch_writing(link)

    def counts(self) -> Dict[str, int]:
        return self._book.counts()


def _now() -> float:
    return round(time.time(), 3)


def wake_on(handler: Any, *signals: int) -> int:
    """A pipe that becomes readable with each of the signals; returns its reading end."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in signals:
        signal.signal(number, handler)
    return reader
