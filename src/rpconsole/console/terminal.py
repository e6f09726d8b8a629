"""The terminal around the console: its title, its bell, and a notice where nobody looks at it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from typing import Any, Literal

from rpconsole.console.alerts import Notice, forget_gone, notices
from rpconsole.console.model import Model
from rpconsole.domain.foreign import visible

Way = Literal["osc9", "osc777", "off"]
#: terminals that show a desktop notice for one of the two sequences, as they name themselves
OSC9 = ("iTerm.app", "WezTerm", "ghostty", "xterm-kitty", "xterm-ghostty")
OSC777 = ("rxvt", "foot", "contour")
LONGEST = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Ringing:
    """How a person is called, as he wants it."""

    bell: bool = True
    way: Way = "off"
    #: hand the notice through tmux, which must allow it (allow-passthrough)
    through_tmux: bool = False
    #: from and to, local time of the day; nothing rings between them
    quiet: tuple[time, time] | None = None

    def is_quiet(self, at: float, zone: tzinfo | None = None) -> bool:
        """Whether a person wants to be left alone at this moment (epoch seconds)."""
        if self.quiet is None:
            return False
        begin, end = self.quiet
        clock = datetime.fromtimestamp(at, zone).astimezone(zone).time()
        return begin <= clock < end if begin <= end else clock >= begin or clock < end


def is_there() -> bool:
    """Whether standard input is a terminal that answers."""
    try:
        return sys.__stdin__ is not None and os.isatty(sys.__stdin__.fileno())
    except (OSError, ValueError):
        return False


def way_of(environ: Mapping[str, str]) -> Way:
    """The notice that this terminal understands, by what it says of itself."""
    names = (environ.get("TERM_PROGRAM", ""), environ.get("LC_TERMINAL", "").replace("iTerm2", "iTerm.app"))
    term = environ.get("TERM", "")
    if any(name in OSC9 for name in (*names, term)):
        return "osc9"
    if term.startswith(OSC777) or "VTE_VERSION" in environ:
        return "osc777"
    return "off"


def follow_size(environ: MutableMapping[str, str]) -> None:
    """Ask the terminal itself for its size: what a shell exported once is believed before it, and no resize would be seen."""
    for name in ("COLUMNS", "LINES"):
        environ.pop(name, None)


class Terminal:
    """Rings once for each thing that a person must act on, and says it in the title until he has seen it."""

    def __init__(self, app: Any, ringing: Ringing = Ringing()) -> None:
        self._app: Any = app
        self.ringing = ringing
        #: what rang already; None before the first view, which a person looks at anyway
        self._heard: set[tuple[float, str]] | None = None
        self.title = ""

    def follow(self, model: Model) -> None:
        """Look at the model: ring for what is new and loud, name closed gates and alarms in the title."""
        forget_gone(model)
        alarms = [notice for notice in notices(model) if notice.is_alarm]
        if model.snapshot is not None:
            heard, self._heard = self._heard, {notice.key for notice in alarms}
            new = [] if heard is None else [notice for notice in alarms if notice.key not in heard]
            if new and not self.ringing.is_quiet(model.now()):
                self._ring(new[0], model)
        title = title_of(model, is_alarming=bool(alarms))
        if title != self.title:
            self.title = title
            self._write(f"\x1b]0;{title}\x07")

    def ask(self) -> None:
        """Ask where the cursor is: the answer (a ``CursorPosition``) comes once everything written before was shown."""
        self._write("\x1b[6n")

    def _ring(self, notice: Notice, model: Model) -> None:
        if self.ringing.bell:
            self._app.bell()
        if not self._app.app_focus:
            site = model.snapshot.site if model.snapshot is not None else ""
            self._write(notice_sequence(f"rpconsole {site}", notice.sentence, self.ringing))

    def _write(self, text: str) -> None:
        driver = getattr(self._app, "_driver", None)
        if driver is not None and text:
            driver.write(text)


def notice_sequence(title: str, body: str, ringing: Ringing) -> str:
    """The escape sequence of a desktop notice; what is said can neither end it nor begin another."""
    title, body = (_plain(words)[:LONGEST] for words in (title, body))
    if ringing.way == "off":
        return ""
    # OSC 9 reads a leading number as another order of its own
    sequence = f"\x1b]9;{title}: {body}\x07" if ringing.way == "osc9" else f"\x1b]777;notify;{title};{body}\x07"
    if ringing.through_tmux:
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence


def _plain(words: str) -> str:
    return visible(words).replace(";", ",")


def title_of(model: Model, *, is_alarming: bool = False) -> str:
    """``▲ [POLL off] rpconsole practice``."""
    if model.snapshot is None:
        return "rpconsole"
    closed = " ".join(gate.name.upper() for gate in model.snapshot.gates if not gate.open)
    alarm = "▲ " if is_alarming else ""
    return visible(f"{alarm}{f'[{closed} off] ' if closed else ''}rpconsole {model.snapshot.site}")
