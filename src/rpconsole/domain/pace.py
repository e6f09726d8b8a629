"""How fast something goes and how long it will still take: from what was seen, not from what was hoped."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import itemgetter

#: seconds that a rate looks back at least: others use the line too, and come and go within a minute
LEAST_SPAN_S = 60.0
#: part of the time so far that it looks back at most: a long transfer is judged by more than its last seconds
SPAN_PART = 0.5
#: seconds that the present looks back
RECENT_S = 20.0
#: the rate has changed where two stretches of time differ by more than this part
CHANGED_PART = 0.12
#: seconds in which a line that was idle gets going; they say nothing of how it goes
BEGINNING_S = 1.0
MOST_SAMPLES = 240
#: samples that lie nearer are one
CLOSE_S = 0.25


@dataclass(frozen=True, slots=True)
class Pace:
    """Samples of (seconds, bytes moved since the beginning), oldest first."""

    samples: tuple[tuple[float, float], ...] = field(default=())

    def seen(self, at: float, moved: float) -> Pace:
        """With one more sample; a clock or a count that ran backwards begins anew."""
        kept = self.samples
        if kept and (at < kept[-1][0] or moved < kept[-1][1]):
            kept = ()
        if len(kept) > 1 and at - kept[-2][0] < CLOSE_S:
            kept = kept[:-1]
        if len(kept) >= MOST_SAMPLES:
            half = MOST_SAMPLES // 2
            kept = kept[:half:2] + kept[half:]
        return Pace((*kept, (at, moved)))

    def rate(self) -> float:
        """Bytes per second over the last while, as far back as it was the same, from when it had got going; 0 before two samples."""
        if not self.samples:
            return 0.0
        (began, _), (now, _) = self.samples[0], self.samples[-1]
        since = began + BEGINNING_S if now - began > 2 * BEGINNING_S else began
        return self._over(min(self._span_s(), now - since))

    def _span_s(self) -> float:
        """A minute, and longer as long as what was before it was as fast: a line that halves its rate is believed at once."""
        now = self.samples[-1][0]
        most = max(LEAST_SPAN_S, SPAN_PART * (now - self.samples[0][0]))
        span = LEAST_SPAN_S
        newer = self._moving(now - span, now)
        while span < most:
            before = min(2 * span, most)
            older = self._moving(now - before, now - span)
            if abs(older - newer) > CHANGED_PART * max(older, newer):
                break
            span = before
        return span

    def _moving(self, since: float, until: float) -> float:
        """Bytes per second between two moments without the longest pause: files are looked at between two slices."""
        first, last = (bisect_left(self.samples, at, key=itemgetter(0)) for at in (since, until))
        some = self.samples[first : last + 1]
        steps = [(after[0] - one[0], after[1] - one[1]) for one, after in pairwise(some)]
        whole, longest = _rate_of(steps), max(steps, default=(0.0, 0.0), key=itemgetter(0))
        if _rate_of([longest]) < whole / 2:
            steps.remove(longest)
        return _rate_of(steps)

    def recent_rate(self) -> float:
        """Bytes per second over the last ``RECENT_S``, whatever was before."""
        return self._over(RECENT_S)

    def left_s(self, left: float) -> float | None:
        """Seconds until so many bytes more have moved; None while nothing moves."""
        rate = self.rate()
        return left / rate if rate > 0 and self.recent_rate() > 0 else None

    def _over(self, span_s: float) -> float:
        if len(self.samples) < 2:
            return 0.0
        now, moved = self.samples[-1]
        then, before = next(sample for sample in self.samples if sample[0] >= now - span_s)
        if then == now:
            then, before = self.samples[-2]
        return (moved - before) / (now - then) if now > then else 0.0


def _rate_of(steps: Sequence[tuple[float, float]]) -> float:
    """Of (seconds, bytes); 0 where there is no time in them."""
    seconds = sum(step for step, _ in steps)
    return sum(moved for _, moved in steps) / seconds if seconds > 0 else 0.0
