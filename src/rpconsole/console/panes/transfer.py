"""Pane 5: bytes per second over the link, and what has crossed it."""

from __future__ import annotations

from rpconsole.console.format import flow, span, sparkline, state_piece, volume
from rpconsole.console.model import Model
from rpconsole.console.panes.plot import PLOT_MARGIN, plot_lines
from rpconsole.console.text import Line, foreign
from rpconsole.console.widgets.lines import LinesView, fenced, title_line
from rpconsole.console.widgets.painting import Look
from rpconsole.domain.haul import HaulView, Way
from rpconsole.domain.session import StreamView
from rpconsole.domain.snapshot import RunView, Snapshot

#: cells that a stream takes beside others
_CELL = 24


def transfer_rows(model: Model, look: Look, width: int, height: int = 5) -> list[Line]:
    """Both directions with their history, what moves, who carries it; where there is room each direction as a plot."""
    snapshot = model.snapshot
    if snapshot is None:
        return []
    room = max(8, min(60, width - 34))
    sent, back = model.overview.bytes_sent, model.overview.bytes_returned
    polled = "never" if snapshot.polled_at is None else f"{span(model.now() - snapshot.polled_at)} ago"
    history_in, history_out = [rate for _, rate in model.rates], [rate for rate, _ in model.rates]
    lines = [
        _direction(
            "in ", snapshot.rate_in, history_in, _reach(back, model.overview.left_in, snapshot.rate_in), room, look
        ),
        _direction(
            "out", snapshot.rate_out, history_out, _reach(sent, model.overview.left_out, snapshot.rate_out), room, look
        ),
        *_moving(model, look, height),
        *_hauls(snapshot, height),
        _sessions(snapshot),
        *_streams(snapshot, look, width, height),
        [(f" last answer of the scheduler {polled}", "dim")],
    ]
    shown = max(1, width - PLOT_MARGIN)
    plots = [("in", history_in[-shown:]), ("out", history_out[-shown:])]
    if height - len(lines) < 9:
        plots = [max(plots, key=lambda one: max(one[1], default=0.0))]
    each = min(8, (height - len(lines)) // len(plots) - 1)
    return [*lines, *(line for name, history in plots for line in _plot(name, history, width, each, look))]


def _hauls(snapshot: Snapshot, height: int) -> list[Line]:
    """What people send and fetch by hand, a line each: how far it is, how long it takes, or why it waits."""
    return [_haul(view) for view in snapshot.hauls[-max(1, height - 5) :]]


def _haul(view: HaulView) -> Line:
    haul = view.haul
    part = f"{100 * haul.bytes_done // haul.bytes:>3} %" if haul.bytes else "     "
    pace = f"{volume(view.rate)}/s, {span(view.left_s)} left  " if view.left_s is not None else ""
    told = f"{haul.files_done}/{haul.files} files, {volume(haul.bytes_done)} of {volume(haul.bytes)}  {pace}"
    what = f"{haul.sources[0]} {'→' if haul.way is Way.SEND else '←'} {haul.target}  {haul.sentence}"
    return [(f" haul {haul.number} {haul.state} {part}  {told}", "text"), (foreign(what), "dim")]


def _moved(run: RunView) -> str:
    """How far a run's files are, and how long they still take."""
    move = run.moving
    if move is None:
        return ""
    left = f", {span(move.left_s)} left" if move.left_s is not None else ""
    return f"{move.files_done}/{move.files} files, {volume(move.bytes_done)} of {volume(move.bytes)}{left}  "


def _plot(name: str, history: list[float], width: int, height: int, look: Look) -> list[Line]:
    """A direction over time; nothing where there is no room for it."""
    if height < 3:
        return []
    told = f" {name}, bytes a second over the last minutes, peak {volume(max(history, default=0.0))}/s"
    return [[(told, "dim")], *plot_lines(history, width, height, look.palette.glyphs, token="state-ship")]


def _moving(model: Model, look: Look, height: int) -> list[Line]:
    """The runs whose bytes flow: numbers in one line, one line each where there is room."""
    named = model.overview.moving
    moving = [model.runs[number] for number in named if number in model.runs]
    if height < 14 or not moving:
        return [[(f" moving: {', '.join(str(number) for number in named) or 'nothing'}", "dim")]]
    return [
        [
            (f" {run.remote_id:>6} ", "text"),
            state_piece(run, look.palette.glyphs),
            (f"  {_moved(run)}sent {volume(run.bytes_sent)}, returned {volume(run.bytes_returned)}  ", "text"),
            (foreign(run.label), "dim"),
        ]
        for run in moving[:6]
    ]


def _sessions(snapshot: Snapshot) -> Line:
    """Channels in use of each session, and the bytes a second that go over it."""
    used = [
        f"{foreign(one.host)} {one.channels}/{one.max_channels} {_pace(one.rate_in + one.rate_out)}".rstrip()
        for one in snapshot.sessions
        if one.max_channels and one.opened_at is not None
    ]
    return [(f" sessions: {', '.join(used) or 'none'}", "dim")]


def _pace(rate: float) -> str:
    return f"{flow(rate)}B/s" if rate >= 0.5 else ""


def _streams(snapshot: Snapshot, look: Look, width: int, height: int) -> list[Line]:
    """The streams that carry: one a line where there is room, else side by side, as many as find a place."""
    carrying = [stream for view in snapshot.sessions for stream in view.carrying]
    if height >= 14 + len(carrying):
        return [_stream(one, look) for one in carrying]
    each = max([_CELL, *(len(one.name) + 18 for one in carrying)])
    in_line, rows = max(1, (width - 1) // each), max(0, height - 5 - len(snapshot.hauls))
    cells = [_short(one, look, each) for one in carrying[: in_line * rows]]
    return [[(" " + "".join(cells[start : start + in_line]), "text")] for start in range(0, len(cells), in_line)]


def _arrow(stream: StreamView, look: Look) -> str:
    return str(look.palette.glyphs["ship" if stream.way is Way.SEND else "ret"])


def _short(stream: StreamView, look: Look, width: int) -> str:
    left = "" if stream.left_s is None else span(stream.left_s)
    return f"{foreign(stream.name)} {_arrow(stream, look)} {_pace(stream.rate):>8} {left:<5}".ljust(width)


def _stream(stream: StreamView, look: Look) -> Line:
    """One stream: how fast, in which bundle it is, and when what it has taken will be through."""
    left = "" if stream.left_s is None else f", {span(stream.left_s)}"
    told = f"{_pace(stream.rate):>9}  bundle {stream.bundle}, {volume(stream.bytes_left)} left{left}"
    return [(f" stream {foreign(stream.name):<12} {_arrow(stream, look)} {told}", "text")]


def _reach(total: int, left: int, rate: float) -> str:
    """What has crossed; while something is on its way, what is left of it and how long that takes at this rate."""
    if not left:
        return f"{volume(total):>9} so far"
    return f"{volume(left):>9} left" + (f", {span(left / rate)}" if rate > 0 else "")


def _direction(name: str, rate: float, history: list[float], told: str, room: int, look: Look) -> Line:
    drawn = sparkline(history, room, look.palette.glyphs)
    return [
        (f" {name} {volume(rate):>9}/s ", "text"),
        (f"{drawn:<{room}}", "state-ship"),
        (f" {told}", "dim"),
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
        rows = transfer_rows(self._model, self.look, width - self.fence, height - 1)
        return [title, *(fenced(rows, self.look) if self.fence else rows)]
