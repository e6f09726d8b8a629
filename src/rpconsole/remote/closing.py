"""When a job must come to its end: at SIGTERM, or near its wall time; no clock of its own."""

from .plan import Plan


class Closing:
    """Why it ends, and until when what runs may go on. Times are of one monotonic clock, in seconds."""

    def __init__(self, plan: Plan, began: float) -> None:
        self._plan = plan
        self._wall_at = began + plan.wall_s - plan.margin_s
        #: empty while it goes on
        self.reason = ""
        self.stop_by = 0.0

    def look(self, now: float, is_signalled: bool) -> bool:
        """Whether it is to end from now on; False when that was so before."""
        if self.reason:
            return False
        if is_signalled:
            self.begin("term", now + self._plan.term_grace_s)
        elif self._plan.wall_s and now >= self._wall_at:
            # the last fifth of the margin is for the killing and the end mark
            self.begin("wall", self._wall_at + 0.8 * self._plan.margin_s)
        return bool(self.reason)

    def begin(self, reason: str, stop_by: float) -> None:
        self.reason, self.stop_by = reason, stop_by
