"""Pane 5: bytes per second over the link, and what has crossed it."""

from __future__ import annotations

from rpconsole.console.format import clock, span, sparkline, volume
from rpconsole.console.model import Model
from rpconsole.console.text import Line
from rpconsole.console.widgets.lines import LinesView, fenced, title_line
from rpconsole.console.widgets.painting import Look
from rpconsole.domain.run import Step

#: steps at which bytes flow
MOVING = (Step.SHIP, Step.RETRIEVE)


def transfer_rows(model: Model, look: Look, width: int) -> list[Line]:
    """Both directions with their history, then totals and the last poll."""
    snapshot = model.snapshot
    if snapshot is None:
        return []
    room = max(8, min(60, width - 34))
    sent = sum(run.bytes_sent for run in snapshot.runs)
    back = sum(run.bytes_returned for run in snapshot.runs)
    moving = [str(run.remote_id) for run in snapshot.runs if run.step in MOVING]
    polled = "never" if snapshot.polled_at is None else f"{span(model.now() - snapshot.polled_at)} ago"
    return [
        _direction("in ", snapshot.rate_in, [back for _, back in model.rates], back, room, look),
        _direction("out", snapshot.rate_out, [out for out, _ in model.rates], sent, room, look),
        [(f" moving: {', '.join(moving[:8]) or 'nothing'}", "dim")],
        [(f" last answer of the scheduler {polled}", "dim")],
        [(f" engine's clock {clock(model.now(), seconds=True)}", "dim")],
    ]


def _direction(name: str, rate: float, history: list[float], total: int, room: int, look: Look) -> Line:
    drawn = sparkline(history, room, look.palette.glyphs)
    return [
        (f" {name} {volume(rate):>9}/s ", "text"),
        (f"{drawn:<{room}}", "state-ship"),
        (f" {volume(total):>9} so far", "dim"),
    ]


class TransferPane(LinesView, can_focus=True):
    """Throughput."""

    fixed = 1

    def __init__(self, look: Look, model: Model) -> None:
        super().__init__(look, id="transfer")
        self._model = model
        self.fence = False

    def paint(self, width: int, height: int) -> list[Line]:
        title = title_line("Transfer", width, self.look, number=5, focused=self.has_focus, fence=self.fence)
        rows = transfer_rows(self._model, self.look, width - self.fence)
        return [title, *(fenced(rows, self.look) if self.fence else rows)]
