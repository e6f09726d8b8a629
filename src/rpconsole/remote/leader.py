"""The leader: hands tasks to workers as slots fall free, keeps the results file, and ends in time."""

import signal
import time
from typing import Any, Dict, List

from .crew import Crew
from .fence import Fence
from .frames import Message
from .leadership import Leadership
from .link import Link
from .orphans import kill_orphans
from .plan import Plan
from .results_file import ResultsFile
from .task_book import TaskBook
from .task_list import TaskList
from .verdict import settle
from .wakeup import wakeup_pipe

_KILLED_WITHIN_S = 10.0


class Leader(Leadership):
    def __init__(self, plan: Plan, tasks: TaskList, book: TaskBook, results: ResultsFile, fence: Fence) -> None:
        Leadership.__init__(self, plan, tasks, book, results, fence)
        self._is_killing = False
        # those who may take more than before, in order
        self._hungry: Dict[Link, None] = {}

    def lead(self, nodes: List[str], wakeup: int) -> str:
        """Why it ended: finished, wall, term, nodes (none is left), fence (another leader took over)."""
        self._crew = Crew(self._plan, self._fence.generation, wakeup)
        try:
            self._crew.start(nodes)
            while not self._is_over():
                self._fill()
                for link, messages in self._crew.listen(0.5 if self._closing.reason else min(2.0, self._plan.beat_s)):
                    self._attend(link, messages)
                # one write for all that this turn has brought
                self._results.flush()
                self._watch()
        finally:
            if self._closing.reason != "fence":
                self._results.flush()
            self._crew.dismiss()
        return self._closing.reason

    def _is_over(self) -> bool:
        if self._closing.reason:
            return self._closing.reason == "fence" or not self._holds_any() or self._is_out_of_patience()
        if not self._left and not self._holds_any():
            self._closing.reason = "finished"
        elif not self._crew.links:
            self._closing.reason = "nodes"
        return bool(self._closing.reason)

    def _holds_any(self) -> bool:
        return any(link.held for link in self._crew.links)

    def _is_out_of_patience(self) -> bool:
        return self._is_killing and time.monotonic() > self._closing.stop_by + _KILLED_WITHIN_S

    def _fill(self) -> None:
        """One task a node in turn, so that a short list spreads; then some ahead, where tasks are short and many are left."""
        changed, self._hungry = self._hungry, {}
        if self._closing.reason:
            return
        hungry = [link for link in changed if link.room(0) > 0]
        while hungry and self._left:
            hungry = [link for link in hungry if self._hand_to(link) and link.room(0) > 0]
        if hungry and not self._left:
            self._ask_back()
        for link in changed:
            self._stock(link)

    def _stock(self, link: Link) -> None:
        """A slot that falls free takes its next task from the worker's own stock, which is filled up in one go."""
        ahead = min(link.stock, len(self._left) // (2 * len(self._crew.links) or 1))
        if link.room(ahead) > ahead // 2:
            while link.room(ahead) > 0 and self._hand_to(link):
                pass

    def _ask_back(self) -> None:
        """Nothing is left but what waits on busy nodes, and others have slots free."""
        for link in self._crew.links:
            if len(link.held) > link.slots and not link.is_asked_back:
                link.is_asked_back = True
                self._crew.send(link, {"do": "give back"})

    def _hand_to(self, link: Link) -> bool:
        task = self._left.next_for(link.node, self._has_others(link))
        if task is None:
            return False
        link.held.add(task)
        self._crew.send(link, dict(self._order_for(task), do="run"))
        return True

    def _has_others(self, link: Link) -> bool:
        return any(other is not link and other.is_ready and not other.is_leaving for other in self._crew.links)

    def _attend(self, link: Link, messages: Any) -> None:
        if messages is None:
            self._lose(link, "its worker ended")
            return
        self._hungry[link] = None
        for message in messages:
            self._hear(link, message)

    def _hear(self, link: Link, message: Message) -> None:
        if "ended" in message:
            self._ended(link, message)
        elif "slots" in message:
            link.slots, link.is_ready = message["slots"], True
        elif "returned" in message:
            link.is_asked_back = False
            self._take_back(link, message["returned"])
        elif "leaving" in message:
            link.is_leaving = True
            self._hungry.update(dict.fromkeys(self._crew.links))

    def _take_back(self, link: Link, tasks: List[int]) -> None:
        """They have spent no attempt, and any node may take them."""
        back = [task for task in tasks if task in link.held]
        link.held.difference_update(back)
        self._left.came_back(back)
        self._hungry.update(dict.fromkeys(self._crew.links))

    def _ended(self, link: Link, message: Message) -> None:
        task = message["ended"]
        if task not in link.held:
            return
        if message.pop("stopped", False):
            self._take_back(link, [task])
            return
        link.held.discard(task)
        link.count_ended(self._crew.listened_at)
        if not settle(self._book, self._results, self._left, link.node, message):
            self._hungry.update(dict.fromkeys(self._crew.links))

    def _lose(self, link: Link, why: str) -> None:
        """A node that is gone loses what it ran; the tasks go elsewhere and have spent no attempt."""
        self._crew.remove(link)
        if link.held:
            record = {"mark": "lost", "node": link.node, "why": why, "tasks": sorted(link.held), "epoch": _now()}
            self._results.append(record)
        if link.token:
            kill_orphans("RPR_WORKER", link.token)
        self._take_back(link, sorted(link.held))
        if link.is_leaving and not self._crew.links and not self._closing.reason:
            self._closing.reason = "term"

    def _watch(self) -> None:
        now = time.monotonic()
        for link in self._crew.silent():
            self._lose(link, "it was silent for {:.0f} s".format(now - link.heard_at))
        if self._is_overruled(now):
            self._closing.reason = "fence"
            return
        self._beat(now)
        if not self._closing.reason:
            self._stop_for(now)
        elif not self._is_killing and now > self._closing.stop_by:
            self._kill()

    def _stop_for(self, now: float) -> None:
        begins = self._closing.look(now, self._signalled)
        if not begins and self._crew.links and all(link.is_leaving for link in self._crew.links):
            self._closing.begin("term", now + self._plan.term_grace_s)
            begins = True
        if begins:
            self._crew.send_all({"do": "give back"})

    def _kill(self) -> None:
        self._is_killing = True
        self._closing.stop_by = time.monotonic()
        self._crew.send_all({"do": "kill"})


def _now() -> float:
    return round(time.time(), 3)


def wake_on(handler: Any, *signals: int) -> int:
    """A pipe that becomes readable with each of the signals; returns its reading end."""
    reader = wakeup_pipe()
    for number in signals:
        signal.signal(number, handler)
    return reader
