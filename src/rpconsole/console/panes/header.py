"""The first two rows, on every screen: who we are, the gates, the sessions, the clock; and the worst alert. Pure."""

from __future__ import annotations

from rpconsole.console.alerts import Notice, notices
from rpconsole.console.format import clock, countdown, session_word, span
from rpconsole.console.model import Link, Model
from rpconsole.console.text import Line, cropped, foreign, joined, spread, width_of
from rpconsole.console.widgets.lines import LinesView
from rpconsole.console.widgets.painting import Look
from rpconsole.domain.action import Level
from rpconsole.domain.session import SessionView
from rpconsole.domain.snapshot import GateView, Snapshot

#: the gates that are always shown; the others when they are closed
ALWAYS = ("poll", "exec")


def header_line(model: Model, look: Look, width: int) -> Line:
    """Gates and sessions are never cut; the names before them give way."""
    snapshot = model.snapshot
    if snapshot is None:
        waits = "reading the first view" if model.link is Link.LIVE else "looking for the engine"
        return [("rpconsole ", "title"), (f"{waits} {span(model.link_age_s())}", "dim")]
    facts = _facts(snapshot, model, look, width)
    who = f" {foreign(model.hello.who)}" if model.hello is not None and width >= 100 else ""
    who += " (has the baton)" if who and model.has_baton and not model.read_only else ""
    looks = "read-only" if model.read_only else "" if model.has_baton else "no baton"
    mode = [(f" {looks} ", "gate-off"), (" ", "text")] if looks else []
    names: Line = [
        ("rpconsole ", "title"),
        (f"{foreign(snapshot.database)}@{foreign(snapshot.site)}{who}  ", "text"),
    ]
    return spread([*mode, *cropped(names, max(0, width - width_of(facts) - width_of(mode) - 1))], facts, width)


def _facts(snapshot: Snapshot, model: Model, look: Look, width: int) -> Line:
    """Gates, sessions and clock; where there is no room the clock goes first, then words, never a closed gate or a countdown."""
    now, separator = model.now(), (f" {look.palette.glyphs['fence']} ", "rule")
    gates, brief_gates = gates_line(snapshot, now), brief_gates_line(snapshot, now)
    sessions, brief_sessions = sessions_line(snapshot, model, look), sessions_line(snapshot, model, look, brief=True)
    time: Line = [(clock(now), "text")]
    ways = ([gates, sessions, time], [gates, sessions], [gates, brief_sessions], [brief_gates, brief_sessions])
    lines = [joined(way, separator) for way in ways]
    return next((line for line in lines if width_of(line) < width), lines[-1])


def brief_gates_line(snapshot: Snapshot, now: float) -> Line:
    """Only what is closed, in one reversed word with the age of the oldest."""
    closed = [gate for gate in reversed(snapshot.gates) if not gate.open]
    if not closed:
        return gates_line(snapshot, now)
    since = min((gate.at for gate in closed if gate.at is not None), default=now)
    # a stage's own gate tells nothing where the gate of all stages is closed
    all_closed = {gate.name for gate in closed}
    told = [gate.name.upper() for gate in closed if gate.name.partition(".")[0] not in all_closed - {gate.name}]
    return [(f" {' '.join(told)} off {span(now - since)} ", "gate-off")]


def gates_line(snapshot: Snapshot, now: float) -> Line:
    """``POLL on  EXEC on``; a closed gate is a reversed word with its age."""
    return joined(
        [_gate(gate, now) for gate in reversed(snapshot.gates) if gate.name in ALWAYS or not gate.open], ("  ", "text")
    )


def _gate(gate: GateView, now: float) -> Line:
    if gate.open:
        return [(f"{gate.name.upper()} on", "text")]
    age = f" {span(now - gate.at)}" if gate.at is not None else ""
    return [(f" {gate.name.upper()} off{age} ", "gate-off")]


def sessions_line(snapshot: Snapshot, model: Model, look: Look, *, brief: bool = False) -> Line:
    """How many sessions are open, and when the first of them ends: the worst one speaks for all."""
    now = model.now()
    live = [view for view in snapshot.sessions if session_word(view, now) != "cut"]
    count = f"net {len(live)}/{len(snapshot.sessions)}"
    if not live:
        return [(f"{count} {look.palette.glyphs['cut']} none", "session-cut")]
    next_cut = min(
        (view for view in live if view.left_s(now) is not None), key=lambda one: one.left_s(now) or 0.0, default=None
    )
    if next_cut is None:
        return [(f"{count} {look.palette.glyphs['open']}", "session-open")]
    return [_worst(count, next_cut, now, look, brief=brief)]


def _worst(count: str, view: SessionView, now: float, look: Look, *, brief: bool) -> tuple[str, str]:
    word = session_word(view, now)
    whose = "" if brief else f"{foreign(view.host)} ends in "
    return f"{count} {look.palette.glyphs[word]} {whose}{countdown(view.left_s(now))}", f"session-{word}"


def alert_line(model: Model, look: Look, width: int) -> Line:
    """The worst thing that a person should know, and how many there are."""
    found = notices(model)
    if not found:
        quiet = "" if model.snapshot is None else "nothing needs a person"
        return [(f"{look.palette.glyphs['full']} {quiet}" if quiet else "", "dim")]
    fresh = sum(not notice.seen for notice in found)
    count = f" (1 of {fresh}) !" if fresh > 1 else f" ({len(found)} seen) !" if not fresh and len(found) > 1 else ""
    return spread(notice_line(found[0], look), [(count, "dim")] if count else [], width)


def notice_line(notice: Notice, look: Look) -> Line:
    """A notice on one line."""
    token = "dim" if notice.seen else {Level.ALERT: "alarm", Level.WARN: "alert", Level.NOTE: "dim"}[notice.level]
    run = f"run {notice.remote_id}: " if notice.remote_id and f"run {notice.remote_id}" not in notice.sentence else ""
    return [(f"{look.palette.glyphs['alert']} {run}{foreign(notice.sentence)}", token)]


class HeadBar(LinesView):
    """The two rows at the top of every screen."""

    DEFAULT_CSS = "HeadBar { dock: top; height: 2; }"

    def __init__(self, look: Look, model: Model) -> None:
        super().__init__(look)
        self._model = model

    def paint(self, width: int, height: int) -> list[Line]:
        return [header_line(self._model, self.look, width), alert_line(self._model, self.look, width)]
