"""All workers of a job: started, heard, written to without ever waiting for one, and dismissed."""

import os
import selectors
import sys
import time
from typing import Iterator, List, Optional, Set, Tuple

from .frames import Message
from .hearing import beat_s
from .link import Link
from .nodes import cpus_of, way_to, worker_command
from .plan import Plan
from .program import program_argv

_LATE_S = 1.0
_PARTS_WITHIN_S = 8.0


class Crew:
    def __init__(self, plan: Plan, generation: int, wakeup: int) -> None:
        self._plan = plan
        self._generation = generation
        self._wakeup = wakeup
        self._selector = selectors.DefaultSelector()
        self._selector.register(wakeup, selectors.EVENT_READ, None)
        self._unsent: Set[Link] = set()
        self.listened_at = time.monotonic()
        self.links: List[Link] = []
        #: removed, and not ended yet
        self._parting: List[Link] = []

    def start(self, nodes: List[str]) -> None:
        """One worker a node; a node that takes none is told of and passed over."""
        widths = cpus_of(nodes, dict(os.environ))
        words = ["--slots", str(self._plan.slots), "--cores-per-task", str(self._plan.cores_per_task)]
        words += ["--cwd", os.getcwd(), "--beat-s", "{:g}".format(beat_s(self._plan.silence_s))]
        for place, node in enumerate(nodes):
            way = way_to(node, len(nodes), self._plan.way, dict(os.environ))
            argv = worker_command(node, program_argv("worker", *words), way, widths.get(node))
            token = "{}.{}.{}".format(self._generation, os.getpid(), place)
            environ = dict(os.environ, SLURM_CPU_BIND="none", RPR_WORKER=token, RPR_NODE=node)
            try:
                link = Link(node, argv, environ, token if way == "local" else "")
            except OSError as error:
                sys.stderr.write("stask: no worker on {}: {}\n".format(node, error))
                continue
            link.heard_at = time.monotonic()
            self.links.append(link)
            self._selector.register(link.from_worker, selectors.EVENT_READ, link)
            if way == "ssh":
                self.send(link, {"do": "setup", "environ": environ})

    def send(self, link: Link, message: Message) -> None:
        """Goes out with the next listening."""
        link.put(message)
        self._unsent.add(link)

    def send_all(self, message: Message) -> None:
        for link in self.links:
            self.send(link, message)

    def listen(self, patience_s: float) -> Iterator[Tuple[Link, Optional[List[Message]]]]:
        """What has come since; None is the end of a worker."""
        self._flush()
        self._parting = [link for link in self._parting if not link.has_parted(self.listened_at)]
        ready = self._selector.select(patience_s)
        self._forgive_own_absence(patience_s)
        for key, events in ready:
            link = key.data
            if link is None:
                os.read(self._wakeup, 4096)
            elif events & selectors.EVENT_WRITE:
                self._unsent.add(link)
            elif link in self.links:
                link.heard_at = self.listened_at
                yield link, link.receive()

    def _forgive_own_absence(self, patience_s: float) -> None:
        """While we ourselves were stopped or waited for a disk, nobody was heard: that is not their silence."""
        now = time.monotonic()
        absent_s = now - self.listened_at - patience_s
        if absent_s > _LATE_S:
            for link in self.links:
                link.heard_at += absent_s
        self.listened_at = now

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, set()
        for link in unsent:
            if link in self.links:
                link.flush()
                self._watch_writing(link)

    def _watch_writing(self, link: Link) -> None:
        watched = link.to_worker in self._selector.get_map()
        if link.has_due and not watched:
            self._selector.register(link.to_worker, selectors.EVENT_WRITE, link)
        elif watched and not link.has_due:
            self._selector.unregister(link.to_worker)

    def silent(self) -> List[Link]:
        """Not heard for so long that the node counts as dead."""
        now = time.monotonic()
        return [link for link in self.links if now - link.heard_at > self._plan.silence_s]

    def remove(self, link: Link) -> None:
        self.links.remove(link)
        for handle in (link.from_worker, link.to_worker):
            if handle in self._selector.get_map():
                self._selector.unregister(handle)
        link.part(_PARTS_WITHIN_S)
        self._parting.append(link)

    def dismiss(self) -> None:
        """The end of its input tells each worker to end what it runs and go."""
        self._flush()
        for link in self.links:
            link.dismiss()
        for link in self.links + self._parting:
            link.close(5.0)
        self._selector.close()
