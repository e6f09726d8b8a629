"""Pane 1: the front ends and their sessions."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from rpconsole.console.actions import Place, bindings
from rpconsole.console.format import countdown, session_word
from rpconsole.console.model import Model
from rpconsole.console.panes.asking import WhyAsked
from rpconsole.console.text import Line, fitted, foreign
from rpconsole.console.widgets.acting import Acting
from rpconsole.console.widgets.lines import LinesView, title_line
from rpconsole.console.widgets.painting import Look
from rpconsole.domain.session import SessionState, SessionView


def session_rows(model: Model, look: Look, width: int) -> list[Line]:
    """One line a front end: state, time left, channels, who opened it; a closed one says why."""
    snapshot = model.snapshot
    if snapshot is None:
        return []
    host = max([9, *(min(20, len(view.host)) for view in snapshot.sessions)])
    head = f" {fitted('front end', host)} {'state':<10} {'left':>6} {'ch':>5}  who"
    lines: list[Line] = [[(head, "dim")]]
    lines += [_row(view, model.now(), look, host) for view in snapshot.sessions]
    if not snapshot.sessions:
        lines.append([(" no front end is configured", "dim")])
    return lines


def _row(view: SessionView, now: float, look: Look, host: int) -> Line:
    word = session_word(view, now)
    shown = {"cut": str(view.state), "soon": "soon", "open": str(view.state)}[word]
    channels = f"{view.channels}/{view.max_channels}" if view.max_channels else "—"
    who = foreign(view.opened_by or "") if word != "cut" else foreign(view.sentence)
    token = "session-soon" if view.state is SessionState.OPENING else f"session-{word}"
    return [
        (f" {fitted(foreign(view.host), host)} ", "text"),
        (f"{look.palette.glyphs[word]} {shown:<8} ", token),
        (f"{countdown(view.left_s(now)):>6} ", token),
        (f"{channels:>5}  ", "dim"),
        (who, "dim"),
    ]


class SessionsPane(Acting, LinesView, can_focus=True):
    """The sessions."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.SESSIONS)]
    PLACES: ClassVar[tuple[Place, ...]] = (Place.SESSIONS,)
    fixed = 2

    def __init__(self, look: Look, model: Model) -> None:
        super().__init__(look, id="sessions")
        self._model = model

    def do_session_why(self) -> None:
        self.post_message(WhyAsked("sessions"))

    def paint(self, width: int, height: int) -> list[Line]:
        title = title_line("Sessions", width, self.look, number=1, focused=self.has_focus)
        return [title, *session_rows(self._model, self.look, width)]
