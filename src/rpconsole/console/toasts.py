"""Toasts: what a person's own act came to; the last three, equal ones counted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from rpconsole.console.text import foreign

if TYPE_CHECKING:
    from textual.app import App

    _Base = App[str]
else:
    _Base = object

#: how long a toast stays, and how many
TOAST_S, TOASTS = 6.0, 3
#: what follows so closely is shown together
BURST_S = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Toast:
    """What one's own act came to."""

    sentence: str
    severity: str
    #: monotonic seconds
    at: float
    count: int


class Toasts(_Base):
    """An application that answers its person."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._toasts: list[Toast] = []
        self._toasts_shown: list[Toast] = []
        self._burst: Timer | None = None

    def say(self, sentence: str, *, severity: str = "information") -> None:
        """A toast: the answer to a person's own act, plain text only; the last three, equal ones counted."""
        now = time.monotonic()
        self._toasts = [one for one in self._toasts if now - one.at < TOAST_S]
        same = next((one for one in self._toasts if one.sentence == sentence), None)
        if same is not None:
            self._toasts.remove(same)
        toast = Toast(sentence=sentence, severity=severity, at=now, count=same.count + 1 if same is not None else 1)
        self._toasts = [*self._toasts, toast][-TOASTS:]
        if self._burst is None:
            # what comes at once is shown at once; what follows on its heels is shown together
            self._show_toasts()
            self._burst = self.set_timer(BURST_S, self._end_burst)

    def _end_burst(self) -> None:
        self._burst = None
        self._show_toasts()

    def _show_toasts(self) -> None:
        if self._toasts == self._toasts_shown:
            return
        self._toasts_shown = list(self._toasts)
        self.clear_notifications()
        for one in self._toasts:
            times = f" ×{one.count}" if one.count > 1 else ""
            left_s = max(0.5, TOAST_S - (time.monotonic() - one.at))
            self.notify(foreign(one.sentence) + times, severity=one.severity, timeout=left_s, markup=False)  # type: ignore[arg-type]
