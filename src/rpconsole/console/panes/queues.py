"""Pane 2: per stage, how many runs stand where, and how their components fare."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from rpconsole.console.actions import Place, bindings
from rpconsole.console.format import counted
from rpconsole.console.model import Model
from rpconsole.console.panes.asking import WhyAsked
from rpconsole.console.text import Line
from rpconsole.console.widgets.acting import Acting
from rpconsole.console.widgets.lines import LinesView, fenced, title_line
from rpconsole.console.widgets.painting import Look
from rpconsole.domain.overview import Overview, QueueView
from rpconsole.domain.run_facts import STATE_WORDS
from rpconsole.domain.stage import Stage


def queue_rows(overview: Overview, look: Look) -> list[Line]:
    """A head and one line a stage."""
    queues = {queue.stage: queue for queue in overview.queues}
    fence = look.palette.glyphs["fence"]
    head = f" {'stage':<7}" + "".join(f"{word:>6}" for word in STATE_WORDS)
    lines: list[Line] = [[(head, "dim"), (f" {fence} ", "rule"), ("comp pass / fail", "dim")]]
    for stage in Stage:
        queue = queues.get(stage, QueueView(stage=stage, runs={}, passed=0, failed=0))
        line: Line = [(f" {stage:<7}", "text")]
        for word in STATE_WORDS:
            count = queue.runs.get(word, 0)
            line.append((f"{count:>6,}", f"state-{word}" if count else "dim"))
        lines.append([*line, (f" {fence} ", "rule"), *_outcomes(queue)])
    return lines


def _outcomes(queue: QueueView) -> Line:
    if queue.uncounted:
        return [("   counting", "dim")]
    return [(f"{queue.passed:>9,} /", "text"), (f"{queue.failed:>5,}", "state-fault" if queue.failed else "dim")]


class QueuesPane(Acting, LinesView, can_focus=True):
    """The queues."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.QUEUES)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.QUEUES,)
    fixed = 2

    def __init__(self, look: Look, model: Model) -> None:
        super().__init__(look, id="queues")
        self._model = model
        self.fence = False

    def do_queue_why(self) -> None:
        self.post_message(WhyAsked("queues"))

    def paint(self, width: int, height: int) -> list[Line]:
        note = counted(len(self._model.ids), "run")
        title = title_line("Queues", width, self.look, number=2, note=note, focused=self.has_focus, fence=self.fence)
        rows = queue_rows(self._model.overview, self.look)
        return [title, *(fenced(rows, self.look) if self.fence else rows)]
