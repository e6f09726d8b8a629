"""One run's facts: pane 4 and the head of the run's own screen are this same widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rpconsole.console.desk import Desk
from rpconsole.console.format import Glyphs, clock, event_words, progress, span, state_piece, volume
from rpconsole.console.panes.component_map import component_map, map_note
from rpconsole.console.text import Line, fitted, foreign, wrapped
from rpconsole.console.widgets.lines import LinesView, fenced, title_line
from rpconsole.domain.run import Step
from rpconsole.domain.snapshot import RunView

Facts = Mapping[str, Any]


def run_title(run: RunView) -> str:
    """``Run 4711 chip · label``."""
    return f"Run {run.remote_id} {run.stage} · {foreign(run.label)}"


def run_lines(run: RunView, facts: Facts | None, glyphs: Glyphs, width: int, now: float) -> list[Line]:
    """Where the run stands and why it waits first, what came of it after that."""
    lines: list[Line] = [_standing(run, glyphs), _moved(run, now)]
    if run.submitted_at is not None:
        lines.append(_timed(run, run.submitted_at, now))
    why = list(run.why) or ["nothing holds it"]
    lines += _sentences("why: ", why, width)
    if facts is not None:
        lines += _known(facts, glyphs, width)
    return lines


def _timed(run: RunView, submitted_at: float, now: float) -> Line:
    """When its job was submitted and began, what it asked for, what is left of it."""
    parts = [f"submitted {clock(submitted_at)} ({span(now - submitted_at)} ago)"]
    if run.started_at is not None and run.step is Step.POLL:
        parts.append(f"began {clock(run.started_at)}, used {span(now - run.started_at)}")
    if run.wall_s:
        parts.append(f"asked {run.nodes:,} node{'' if run.nodes == 1 else 's'} for {span(run.wall_s)}")
    return [(f" {' · '.join(parts)}", "text")]


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
    moved = f" sent {volume(run.bytes_sent)} · returned {volume(run.bytes_returned)}"
    return [(f"{moved} · components: {_counts(run)}{fault}{again}", "text")]


def _counts(run: RunView) -> str:
    if run.components is None:
        return "being counted"
    return ", ".join(f"{state} {count:,}" for state, count in run.components.items()) or "none yet"


def _known(facts: Facts, glyphs: Glyphs, width: int) -> list[Line]:
    lines: list[Line] = []
    jobs = facts.get("jobs", [])
    if jobs:
        last = jobs[-1]
        told = f"{last['state']} {clock(last['intended_at'])}, {foreign(last['job'] or 'no job')}"
        lines.append([(f" attempt {last['number']} of {len(jobs)}: {told}", "text")])
    clusters = facts.get("failure_kinds", [])
    for said, count, where in clusters[:3]:
        sentence, first = foreign(said), foreign(where)
        told = (
            f"{glyphs['fault']} {sentence} ×{count:,} (first: {first})"
            if count > 1
            else f"{glyphs['fault']} {first}: {sentence}"
        )
        lines += [[(f" {piece}", "state-fault")] for piece in wrapped(told, width - 2)]
    if len(clusters) > 3:
        lines.append([(f" and {len(clusters) - 3} more kinds of failures; x lists them all", "state-fault")])
    return lines


def story_line(line: Facts) -> Line:
    """When, what, from where to where, and its detail."""
    move = foreign(line["after"]) if line["before"] != line["after"] else ""
    return [
        (f" {clock(float(line['at']), seconds=True)} ", "dim"),
        (fitted(event_words(foreign(line["event"])), 17) + " ", "key"),
        (fitted(move, 9) + " ", "text"),
        (foreign(line["detail"]), "text"),
    ]


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
    """Facts of one run, kept current by whoever owns it; where there is room its components and its story below them."""

    fixed = 1

    def __init__(self, desk: Desk, *, number: int | None = None, id: str | None = None) -> None:
        super().__init__(desk.look, id=id)
        self._desk, self._number = desk, number
        self.remote_id: int | None = None
        self.facts: Facts | None = None
        self.story: Sequence[Facts] = ()
        self.fence = False

    def show(self, remote_id: int | None) -> None:
        """Another run."""
        if remote_id != self.remote_id:
            self.remote_id, self.facts, self.story, self.top = remote_id, None, (), 0
            self.touch()

    def paint(self, width: int, height: int) -> list[Line]:
        run = self._desk.model.runs.get(self.remote_id) if self.remote_id is not None else None
        name = "Run" if run is None else run_title(run)
        title = title_line(name, width, self.look, number=self._number, focused=self.has_focus, fence=self.fence)
        if run is None:
            away = self.remote_id in self._desk.model.ids
            lines: list[Line] = [[(" reading …" if away else " no run under the cursor", "dim")]]
        else:
            room = width - self.fence
            lines = run_lines(run, self.facts, self.look.palette.glyphs, room, self._desk.model.now())
            if self.facts is not None:
                lines += self._below(room, height - 1 - len(lines))
        return [title, *(fenced(lines, self.look) if self.fence else lines)]

    def _below(self, width: int, room: int) -> list[Line]:
        """The map of components, then the story, the latest first."""
        runs = self.facts.get("component_states", []) if self.facts is not None else []
        states = [str(state) for state, count in runs for _ in range(count)]
        lines: list[Line] = []
        if states and room >= 3:
            rows = component_map(states, self.look.palette.glyphs, width, max(1, min(6, room - 6)))
            lines += [title_line(f"Components {len(states):,}", width, self.look, note=map_note(states)), *rows]
        left = room - len(lines)
        if self.story and left >= 2:
            note = f"{len(self.story)} lines, the latest first" if len(self.story) > 1 else ""
            lines.append(title_line("Story", width, self.look, note=note))
            lines += [story_line(one) for one in list(self.story)[::-1][: left - 1]]
        return lines
