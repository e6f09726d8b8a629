"""The last two rows, on every screen: where we are and how old the view is; the keys of this place. Pure but for the widget."""

from __future__ import annotations

from collections.abc import Sequence

from rpconsole.console.actions import BY_ID, Action, Kind, by_anybody
from rpconsole.console.format import span
from rpconsole.console.model import Link, Model
from rpconsole.console.text import Line, foreign, spread, width_of
from rpconsole.console.widgets.lines import LinesView
from rpconsole.console.widgets.painting import Look


def status_line(model: Model, crumbs: Sequence[str], look: Look, width: int) -> Line:
    """``main › run 4711``, and at the right the age of what is shown."""
    trail = f" {look.palette.glyphs['crumb']} ".join(crumbs)
    dropped = [(f"dropped {model.dropped:,} alerts · ", "dim")] if model.dropped else []
    return spread([(f" {trail}", "dim")], [*dropped, *age(model), (" ", "text")], width)


#: from here on the age of the view is told
BEHIND_S = 3.0
#: from here on it is told that the terminal itself is
SLOW_S = 1.0


def age(model: Model) -> Line:
    """How true the screen is."""
    if model.snapshot is None:
        return [(f"{model.link} {span(model.link_age_s())}", "dim")]
    if model.stale:
        return [(f" STALE {span(model.silent_s())} ", "stale")]
    if model.link is not Link.LIVE:
        return [("", "dim")]
    # an engine with nothing to tell is asked every few seconds: a younger view is no news, and a counter would only fidget
    behind = f" · {model.silent_s():.0f} s behind" if model.silent_s() >= BEHIND_S else ""
    slow = f" · slow line, {model.terminal_behind_s:.0f} s" if model.terminal_behind_s >= SLOW_S else ""
    return [(f"{_standing(model)}live{behind}{slow}", "dim")]


def _standing(model: Model) -> str:
    """Who acts, where it is not this console."""
    if model.has_baton:
        return ""
    holder = model.baton.holder
    acts = f"baton: {foreign(holder)}" if holder is not None else "nobody has the baton"
    return f"{acts} · read-only · " if model.read_only else f"{acts} · T {'asks' if holder else 'takes it'} · "


def keys_line(actions: Sequence[Action], look: Look, width: int, model: Model) -> Line:
    """The keys that fit, the most useful first, and always the way to all of them."""
    end: Line = [(look.keymap.keys_of(BY_ID["help"])[0], "key"), (" help ", "dim")]
    line: Line = [(" ", "text")]
    ranked = [action for action in actions if action.rank is not None]
    for action in sorted(ranked, key=lambda one: one.rank or 0):
        key = look.keymap.keys_of(action)[0]
        shown = look.palette.glyphs["enter"] if key == "enter" else key
        off = bool(action.kind is not Kind.VIEW and model.refusal(by_anybody=by_anybody(action.kind)))
        piece: Line = [(shown, "dim" if off else "key"), (f" {action.short}  ", "dim")]
        if width_of(line) + width_of(piece) + width_of(end) <= width:
            line += piece
    return [*line, *end]


class FootBar(LinesView):
    """The two rows at the bottom of every screen."""

    DEFAULT_CSS = "FootBar { dock: bottom; height: 2; }"

    def __init__(self, look: Look, model: Model) -> None:
        super().__init__(look)
        self._model = model
        self.crumbs: Sequence[str] = ()
        self.actions: Sequence[Action] = ()

    def paint(self, width: int, height: int) -> list[Line]:
        return [
            status_line(self._model, self.crumbs, self.look, width),
            keys_line(self.actions, self.look, width, self._model),
        ]
