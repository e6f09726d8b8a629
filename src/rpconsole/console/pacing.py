"""How often a terminal is painted, by how far behind it is: a slow line is never sent more than it has shown. Pure."""

from __future__ import annotations

from collections.abc import Callable

#: a terminal that has not answered its first question for so long is taken to answer none
MUTE_S = 3.0
#: so long an answer is waited for; then the terminal is painted as if it answered none
PATIENCE_S = 10.0
#: what an answer may take longer than the quickest before what keys change waits too
LATE_S = 0.2


class Pacing:
    """Has the terminal asked behind what was painted, and painted anew once it has answered: then it has shown all of that.

    What is written to a far terminal waits in buffers of ssh that hold megabytes, so writing never tells: a line of 20 KiB/s that is sent
    25 falls a second further behind every four. An answer travels behind everything that was written before the question.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._asked_at: float | None = None
        self._best_s: float | None = None
        self._last_s = 0.0

    @property
    def is_waiting(self) -> bool:
        """The terminal has not shown yet what it was sent; one that has never answered is painted as over a quick line."""
        return self._asked_at is not None and self._best_s is not None and self._waited_s() <= PATIENCE_S

    @property
    def is_answer_due(self) -> bool:
        """It may still say something."""
        return self.is_waiting or (self._asked_at is not None and self._best_s is None and self._waited_s() <= MUTE_S)

    @property
    def is_late(self) -> bool:
        """It is further behind than the line is long."""
        return self.is_waiting and self._waited_s() > (self._best_s or 0.0) + LATE_S

    @property
    def behind_s(self) -> float:
        """Seconds that the terminal was behind when it answered last, or is by now; 0 where nothing is known."""
        return self._last_s if self._best_s is None else max(self._last_s, self._waited_s())

    def asks(self) -> bool:
        """Whether to ask now; counts as asked. One that answers no more is not asked again before it does."""
        if self._asked_at is not None:
            if not self.is_waiting:
                self._best_s, self._last_s = None, 0.0
            return False
        self._asked_at = self._monotonic()
        return True

    def answered(self) -> None:
        """The terminal has shown everything that was written before it was asked."""
        if self._asked_at is not None:
            self._last_s = self._waited_s()
            self._best_s = self._last_s if self._best_s is None else min(self._best_s, self._last_s)
            self._asked_at = None

    def _waited_s(self) -> float:
        return 0.0 if self._asked_at is None else self._monotonic() - self._asked_at
