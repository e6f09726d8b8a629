"""The site circuit: while the helper at the site does not start nothing is begun that needs it, but one look after ever longer times.

There is no budget. Who had to wait has lost nothing, and goes on as soon as the helper serves again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from rpconsole.domain.action import Level
from rpconsole.domain.event import (
    Event,
    HelperAway,
    HelperDied,
    InputsVerified,
    JobAccepted,
    NothingSubmitted,
    ProductsVerified,
    QueueFull,
    SchedulerAway,
    SubmitDoubtful,
    SubmitRefused,
)
from rpconsole.domain.retry import RetryPolicy, site_delay_s
from rpconsole.domain.run import Run
from rpconsole.domain.schedule import SiteAway
from rpconsole.engine.notices import NoticeBoard
from rpconsole.ports.clock import Clock

#: what the notices call it
SUBJECT = "the helper at the site"
#: events that nobody could tell without it
_ANSWERED = (
    InputsVerified, JobAccepted, SubmitRefused, QueueFull, SchedulerAway, NothingSubmitted, SubmitDoubtful, ProductsVerified,
)  # fmt: skip


class SiteCircuit:
    """What is known of the helper, in memory: an engine that begins has not been disappointed yet."""

    def __init__(self, clock: Clock, policy: RetryPolicy, notices: NoticeBoard) -> None:
        self._clock = clock
        self._policy = policy
        self._notices = notices
        self._sentence = ""
        self._again_at = 0.0
        self._in_a_row = 0
        #: run -> how often the helper has died over it since it last did something for it
        self._deaths: Counter[int] = Counter()

    def away(self) -> SiteAway | None:
        """Why nothing may be begun now, and until when."""
        if not self._sentence or self._clock.now() >= self._again_at:
            return None
        return SiteAway(sentence=self._sentence, again_at=self._again_at)

    def failed(self, sentence: str) -> None:
        """It did not start."""
        now = self._clock.now()
        if now < self._again_at:
            return  # one of several that had begun before it was known
        self._in_a_row += 1
        self._sentence = sentence
        self._again_at = now + site_delay_s(self._policy, self._in_a_row)
        self._notices.once(SUBJECT, Level.ALERT, f"{SUBJECT} does not serve, and what needs it waits: {sentence}")

    def serves(self) -> None:
        """It has answered."""
        self._sentence, self._again_at, self._in_a_row = "", 0.0, 0
        self._notices.over(SUBJECT)

    def look_now(self) -> None:
        """A person has logged in, or wants something tried at once."""
        self._again_at = 0.0

    def heard(self, run: Run, event: Event) -> Event:
        """Learn from what came of an action; the event as the run shall hear it."""
        if isinstance(event, HelperAway):
            self.failed(event.sentence)
        elif isinstance(event, HelperDied):
            self._deaths[run.remote_id] += 1
            return replace(event, times=self._deaths[run.remote_id])
        elif isinstance(event, _ANSWERED):
            self._deaths.pop(run.remote_id, None)
            self.serves()
        return event
