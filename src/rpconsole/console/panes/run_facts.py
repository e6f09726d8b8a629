"""One run's facts: pane 4 and the head of the run's own screen are this same widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rpconsole.console.desk import Desk
from rpconsole.console.format import Glyphs, clock, progress, span, state_piece, volume
from rpconsole.console.text import Line, foreign, wrapped
from rpconsole.console.widgets.lines import LinesView, fenced, title_line
from rpconsole.domain.snapshot import RunView

Facts = Mapping[str, Any]


def run_title(run: RunView) -> str:
    """``Run 4711 chip · label``."""
    return f"Run {run.remote_id} {run.stage} · {foreign(run.label)}"


def run_lines(run: RunView, facts: Facts | None, glyphs: Glyphs, width: int, now: float) -> list[Line]:
    """Where the run stands and why it waits first, what came of it after that."""
    lines: list[Line] = [_standing(run, glyphs), _moved(run, now)]
    why = list(run.why) or ["nothing holds it"]
    lines += _sentences("why waiting: ", why, width)
    if facts is not None:
        lines += _known(facts, glyphs, width)
    return lines


def _standing(run: RunView, glyphs: Glyphs) -> Line:
    job = f"job {foreign(run.job)}" if run.job else "no job"
    tries = f" · try {run.tries}" if run.tries else ""
    return [
        (" ", "text"),
        state_piece(run, glyphs),
        (f" · step {run.step} · {job} · attempt {run.attempts}{tries} · ", "text"),
        *progress(run, glyphs),
    ]


def _moved(run: RunView, now: float) -> Line:
    fault = f" · fault {run.fault}" if run.fault else ""
    again = f" · tried again in {span(run.next_try_at - now)}" if run.next_try_at and run.next_try_at > now else ""
    counts = ", ".join(f"{state} {count:,}" for state, count in run.components.items()) or "none yet"
    moved = f" sent {volume(run.bytes_sent)} · returned {volume(run.bytes_returned)}"
    return [(f"{moved} · components: {counts}{fault}{again}", "text")]


def _known(facts: Facts, glyphs: Glyphs, width: int) -> list[Line]:
    lines: list[Line] = []
    jobs = facts.get("jobs", [])
    if jobs:
        last = jobs[-1]
        told = f"{last['state']} {clock(last['intended_at'])}, {foreign(last['job'] or 'no job')}"
        lines.append([(f" attempt {last['number']} of {len(jobs)}: {told}", "text")])
    failures = facts.get("failures", [])
    for one in failures[:3]:
        sentence = f"{glyphs['fault']} component {one['stage_id']} {foreign(one['item'])}: {foreign(one['sentence'])}"
        lines += [[(f" {piece}", "state-fault")] for piece in wrapped(sentence, width - 2)]
    if len(failures) > 3:
        lines.append([(f" and {len(failures) - 3} more failures", "state-fault")])
    return lines


def _sentences(head: str, sentences: Sequence[str], width: int) -> list[Line]:
    lines: list[Line] = []
    for number, sentence in enumerate(sentences):
        start = head if number == 0 else " " * len(head)
        pieces = wrapped(foreign(sentence), max(10, width - len(head) - 2))
        lines += [
            [(f" {start if place == 0 else ' ' * len(head)}", "dim"), (piece, "text")]
            for place, piece in enumerate(pieces)
        ]
    return lines


class RunFacts(LinesView, can_focus=True):
    """Facts of one run, kept current by whoever owns it."""

    fixed = 1

    def __init__(self, desk: Desk, *, number: int | None = None, id: str | None = None) -> None:
        super().__init__(desk.look, id=id)
        self._desk, self._number = desk, number
        self.remote_id: int | None = None
        self.facts: Facts | None = None
        self.fence = False

    def show(self, remote_id: int | None) -> None:
        """Another run."""
        if remote_id != self.remote_id:
            self.remote_id, self.facts, self.top = remote_id, None, 0
            self.touch()

    def paint(self, width: int, height: int) -> list[Line]:
        run = self._desk.model.runs.get(self.remote_id) if self.remote_id is not None else None
        name = "Run" if run is None else run_title(run)
        title = title_line(name, width, self.look, number=self._number, focused=self.has_focus, fence=self.fence)
        if run is None:
            lines: list[Line] = [[(" no run under the cursor", "dim")]]
        else:
            room = width - self.fence
            lines = run_lines(run, self.facts, self.look.palette.glyphs, room, self._desk.model.now())
        return [title, *(fenced(lines, self.look) if self.fence else lines)]
