"""Pane 1: the front ends and their sessions."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from rpconsole.console.actions import Place, bindings
from rpconsole.console.format import countdown, flow, session_word, span
from rpconsole.console.model import Model
from rpconsole.console.panes.asking import WhyAsked
from rpconsole.console.text import Line, fitted, foreign
from rpconsole.console.widgets.acting import Acting
from rpconsole.console.widgets.lines import LinesView, title_line
from rpconsole.console.widgets.painting import Look
from rpconsole.domain.session import SessionState, SessionView

#: from here on both ways have a column of their own
WIDE = 64


def session_rows(model: Model, look: Look, width: int) -> list[Line]:
    """One line a front end: state, time left, channels, bytes a second, who opened it; a closed one says why."""
    snapshot = model.snapshot
    if snapshot is None:
        return []
    host = max([9, *(min(20, len(view.host)) for view in snapshot.sessions)])
    is_wide = width >= WIDE
    head = f" {fitted('front end', host)} {'state':<10} {'left':>5} {'ch':>5} "
    head += f"{'in/s':>5} {'out/s':>5}  {'open':>5}  who" if is_wide else f"{'B/s':>5} who"
    lines: list[Line] = [[(head, "dim")]]
    lines += [_row(view, model.now(), look, host, is_wide=is_wide) for view in snapshot.sessions]
    if not snapshot.sessions:
        lines.append([(" no front end is configured", "dim")])
    return lines


def _row(view: SessionView, now: float, look: Look, host: int, *, is_wide: bool) -> Line:
    word = session_word(view, now)
    shown = {"cut": str(view.state), "soon": "soon", "open": str(view.state)}[word]
    token = "session-soon" if view.state is SessionState.OPENING else f"session-{word}"
    return [
        (f" {fitted(foreign(view.host), host)} ", "text"),
        (f"{look.palette.glyphs[word]} {shown:<8} ", token),
        (f"{countdown(view.left_s(now)):>5} ", token),
        *([(foreign(view.sentence), "dim")] if word == "cut" else _use(view, now, is_wide=is_wide)),
    ]


def _use(view: SessionView, now: float, *, is_wide: bool) -> Line:
    """Channels, bytes a second (both ways apart where there is room, since when it is open too), who opened it and as whom."""
    channels = f"{view.channels}/{view.max_channels}" if view.max_channels else "—"
    who = foreign(view.opened_by or "")
    if not is_wide:
        return [(f"{channels:>5} ", "dim"), (f"{flow(view.rate_in + view.rate_out):>5} ", "state-ship"), (who, "dim")]
    age = span(now - view.opened_at) if view.opened_at is not None else "—"
    account = f" as {foreign(view.user)}" if view.user else ""
    return [
        (f"{channels:>5} ", "dim"),
        (f"{flow(view.rate_in):>5} {flow(view.rate_out):>5}  ", "state-ship"),
        (f"{age:>5}  {who}{account}", "dim"),
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
