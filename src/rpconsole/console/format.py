"""Numbers, times and states as people read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from rpconsole.console.text import Line, Piece
from rpconsole.domain.renewal import RenewalStep
from rpconsole.domain.run import Step
from rpconsole.domain.run_facts import component_counts, state_word, wall_left_s
from rpconsole.domain.session import SessionState, SessionView
from rpconsole.domain.snapshot import RunView

Glyphs = Mapping[str, str]

#: from here on a session's end is near
SOON_S = 2 * 3600.0

#: the renewal's steps, in their order
RENEWAL_WORDS = {
    RenewalStep.ENGINE: "who runs the engine",
    RenewalStep.LINK: "link check",
    RenewalStep.DRAIN: "close gates and drain",
    RenewalStep.DOWN: "end the old sessions",
    RenewalStep.ACCOUNT: "account at the site",
    RenewalStep.UP: "open new sessions",
    RenewalStep.GATES: "gates as they were",
    RenewalStep.REVERT: "runs in auth go on",
}


def state_piece(run: RunView, glyphs: Glyphs) -> Piece:
    """Glyph and word, coloured: never the colour alone."""
    word = state_word(run)
    shown = str(run.state) if word == "fault" else str(run.step) if run.step is Step.RECONCILE else word
    return f"{glyphs[word]} {shown}", f"state-{word}"


def session_word(view: SessionView, now: float) -> str:
    """How near a session is to its end: open, soon or cut."""
    if view.state not in (SessionState.OPEN, SessionState.DRAINING):
        return "cut"
    left = view.left_s(now)
    return "soon" if left is not None and left <= SOON_S else "open"


def countdown(left_s: float | None) -> str:
    """``0:41`` in hours and minutes; in the last ten minutes ``9:59`` with an ``m`` and seconds."""
    if left_s is None:
        return "—"
    whole = max(0, int(left_s))
    if whole < 600:
        return f"{whole // 60}m{whole % 60:02}"
    return f"{whole // 3600}:{whole % 3600 // 60:02}"


def span(seconds: float) -> str:
    """A length of time in at most five characters: 42s, 12m, 3h12, 4d03."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}"
    return f"{whole // 86400}d{whole % 86400 // 3600:02}"


def volume(count: float) -> str:
    """Bytes: 940 B, 31.4 MB."""
    for limit, unit, scale in ((1e3, "B", 1.0), (1e6, "kB", 1e3), (1e9, "MB", 1e6), (1e12, "GB", 1e9)):
        if count < limit:
            return f"{count / scale:.0f} {unit}" if scale == 1.0 else f"{count / scale:.1f} {unit}"
    return f"{count / 1e12:.1f} TB"


def flow(rate: float) -> str:
    """Bytes per second in at most five characters: 940, 9.4k, 31.4M, 110M; a dash while nothing flows."""
    if rate < 0.5:
        return "—"
    for unit in ("", "k", "M", "G"):
        if rate < 999.5 or unit == "G":
            break
        rate /= 1e3
    return f"{rate:.0f}{unit}" if unit == "" or rate >= 99.95 else f"{rate:.1f}{unit}"


def clock(at: float, zone: tzinfo | None = None, *, seconds: bool = False) -> str:
    """The time of day, in the operator's own zone."""
    return datetime.fromtimestamp(at, zone).astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def event_words(event: str) -> str:
    """``JobAccepted`` as a person says it: job accepted."""
    if not (event.isascii() and event.isalpha()):
        return event
    return "".join(f" {ch.lower()}" if ch.isupper() else ch for ch in event).strip()


def bar(done: float, width: int, glyphs: Glyphs) -> str:
    """A bar that is full only when everything is done."""
    filled = min(width, int(max(0.0, done) * width))
    return glyphs["done"] * filled + glyphs["todo"] * (width - filled)


def sparkline(values: Sequence[float], width: int, glyphs: Glyphs) -> str:
    """The last values as heights; the tallest is the highest of those shown."""
    sparks = glyphs["sparks"]
    shown = list(values)[-width:]
    peak = max(shown, default=0.0)
    heights = [0 if peak <= 0 else min(len(sparks) - 1, int(value / peak * (len(sparks) - 1) + 0.5)) for value in shown]
    return "".join(sparks[height] for height in heights)


def progress(run: RunView, glyphs: Glyphs, width: int = 14) -> Line:
    """How far a run is, in what counts at its step: tasks while its job runs, components afterwards."""
    if run.tasks and run.step is Step.POLL:
        text = f"{run.tasks_done:,}/{run.tasks:,}"
        drawn = bar(run.tasks_done / run.tasks, max(0, min(6, width - len(text) - 1)), glyphs)
        return [(f"{drawn} {text}".strip(), "comp-part" if run.tasks_failed else "state-run")]
    if run.components is None:
        return [("counting", "dim")]
    passed, failed, count = component_counts(run)
    if not count:
        return [(glyphs["dash"], "dim")]
    token = "state-fault" if failed else "state-full" if passed == count else "text"
    return [(f"{passed:,}/{count:,}" + (f" {glyphs['fault']}{failed:,}" if failed else ""), token)]


def wall_left(run: RunView, glyphs: Glyphs, now: float) -> Line:
    """A bar of what is used of the wall time, and what is left of it."""
    left = wall_left_s(run, now)
    if left is None:
        return []
    used = 1.0 - left / run.wall_s
    return [(f"{bar(used, 3, glyphs)} {span(left):>5}", "session-soon" if used > 0.8 else "text")]


def counted(count: int, noun: str) -> str:
    """``1 run``, ``412 runs``."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
