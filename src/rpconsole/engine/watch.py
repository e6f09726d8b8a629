"""The recurring look at the jobs: when it is due, and what is said of a scheduler that is silent or forgets too soon."""

from __future__ import annotations

from collections.abc import Sequence

from rpconsole.domain.action import Level
from rpconsole.domain.event import Event
from rpconsole.domain.fault import NoAnswer, SiteFailed
from rpconsole.domain.run import Run
from rpconsole.engine.clockwork import Due
from rpconsole.engine.gone import JobMemory, look_at_history
from rpconsole.engine.notices import NoticeBoard
from rpconsole.engine.poll import Polled, poll_runs
from rpconsole.engine.results_book import ResultsBook
from rpconsole.engine.world import World


class JobWatch:
    """Every job's present, polled at a pace that follows what is expected."""

    def __init__(self, world: World, results: ResultsBook, notices: NoticeBoard) -> None:
        self._world = world
        self._results = results
        self._notices = notices
        self._memory = JobMemory()
        self._silent_polls = 0
        self.due = Due()
        #: when the scheduler last answered
        self.heard_at: float | None = None
        #: what it did instead of answering since then
        self.silence: str | None = None

    def begin(self) -> None:
        """A look is under way; whoever wakes the next one meanwhile is heard."""
        self.due.next_in(self._world.clock.now(), self._world.settings.pace.longest_s)

    def soon(self) -> None:
        """Something was submitted: look within the shortest interval, however many are submitted one after the other."""
        self.due.by(self._world.clock.now() + self._world.settings.pace.shortest_s)

    def forget(self, remote_id: int) -> None:
        """Drop a run that has ended."""
        self._results.forget(remote_id)
        self._memory.forget(remote_id)

    async def look(self, runs: Sequence[Run]) -> dict[int, Event]:
        """What happened to each run; the next look is set by what was found."""
        interval_s = self._world.settings.pace.shortest_s
        try:
            polled = await poll_runs(self._world, runs, self._results, self._memory)
            interval_s = self._next_s(polled)
            if polled.silence is None and not self._memory.is_history_asked:
                await look_at_history(self._world, self._memory)
            self._say_if_forgetful(interval_s)
            return polled.events
        except (NoAnswer, SiteFailed) as error:
            # the helper or the line fails: said where the scheduler's own silence is
            interval_s = self._silent_s(str(error))
            raise
        finally:
            self.due.by(self._world.clock.now() + interval_s)

    def _next_s(self, polled: Polled) -> float:
        if polled.silence is not None:
            self._notices.once("the scheduler", Level.WARN, f"the scheduler gives no queue: {polled.silence}")
            return self._silent_s(polled.silence)
        self.silence, self._silent_polls = None, 0
        self.heard_at = self._world.clock.now()
        self._notices.over("the scheduler")
        return self._world.settings.pace.interval_s(polled.expected)

    def _silent_s(self, silence: str) -> float:
        self.silence = silence
        self._silent_polls += 1
        return self._world.settings.pace.silent_s(self._silent_polls)

    def _say_if_forgetful(self, interval_s: float) -> None:
        purge_s = self._memory.purge_s
        if purge_s is not None and interval_s > purge_s / 2:
            sentence = (
                f"the scheduler forgets an ended job after {purge_s:.0f} s, and polls may lie further apart: how a killed job "
                f"ended may go unseen, and a person must then decide; set engine.poll_max_s to {purge_s / 2:.0f} or less"
            )
            self._notices.once("the scheduler's memory", Level.WARN, sentence)
