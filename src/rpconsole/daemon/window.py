"""Which of the runs one client is sent; of the others it is told that they are there, and what they come to together."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from rpconsole.domain.filters import NOTHING, Filter, parse
from rpconsole.domain.overview import Overview, RunIndex, overview_of
from rpconsole.domain.ranges import ranges_of
from rpconsole.domain.run_facts import FILTER_KEYS, run_facts
from rpconsole.domain.snapshot import RunView, Snapshot
from rpconsole.patience import PatternTooLong, patience

log = logging.getLogger(__name__)

#: how long it is believed that an unchanged run passes a filter, in seconds of the engine's clock
SIFT_S = 2.0


class Overviews:
    """The overview of the latest snapshot, counted once for all clients."""

    def __init__(self) -> None:
        self._last: tuple[Snapshot, Overview] | None = None

    def of(self, snapshot: Snapshot) -> Overview:
        """What all its runs come to."""
        if self._last is None or self._last[0] is not snapshot:
            self._last = (snapshot, overview_of(snapshot.runs))
        return self._last[1]


class Window:
    """One client's view of the table of runs."""

    def __init__(self, overviews: Overviews, *, first: int, runs: Iterable[int] = ()) -> None:
        self._overviews = overviews
        self._first, self._runs = first, frozenset(runs)
        self._filter: Filter = NOTHING
        #: its pattern took too long: nobody is asked again
        self._is_given_up = False
        #: run -> as it was when the filter was asked, and whether it passed
        self._sifted: dict[int, tuple[RunView, bool]] = {}
        self._sifted_at = 0.0

    def show(self, runs: Iterable[int]) -> None:
        """Other runs from now on."""
        self._first, self._runs = 0, frozenset(runs)

    def sift(self, text: str) -> None:
        """Tell which runs pass this filter from now on."""
        self._filter = parse(text, FILTER_KEYS) if text else NOTHING
        self._is_given_up, self._sifted = False, {}

    def cut(self, snapshot: Snapshot) -> tuple[Snapshot, RunIndex]:
        """The snapshot with the runs of the window and those that move, and the index of all."""
        overview = self._overviews.of(snapshot)
        ids = tuple(run.remote_id for run in snapshot.runs)
        shown = self._runs.union(ids[: self._first], overview.moving)
        index = RunIndex(
            overview=overview,
            ids=ranges_of(ids),
            filter=self._filter.text,
            passing=ranges_of(self._sift(snapshot)) if self._filter.text else (),
        )
        return replace(snapshot, runs=tuple(run for run in snapshot.runs if run.remote_id in shown)), index

    def _sift(self, snapshot: Snapshot) -> list[int]:
        """The runs that pass; once a pattern took too long, those that passed until then."""
        before = self._sifted
        try:
            if not self._is_given_up:
                with patience(self._filter):
                    self._ask_again(snapshot)
        except PatternTooLong as error:
            log.warning("a console's filter is not followed any more: %s", error)
            self._is_given_up, self._sifted = True, before
        present = {run.remote_id for run in snapshot.runs}
        return [remote_id for remote_id, (_, passes) in self._sifted.items() if passes and remote_id in present]

    def _ask_again(self, snapshot: Snapshot) -> None:
        """A run is asked again when it changed; all of them now and then, because their ages change."""
        if not 0 <= snapshot.at - self._sifted_at < SIFT_S:
            self._sifted, self._sifted_at = {}, snapshot.at
        before, self._sifted = self._sifted, {}
        for run in snapshot.runs:
            known = before.get(run.remote_id)
            is_known = known is not None and known[0] == run
            passes = known[1] if is_known and known is not None else self._filter.passes(run_facts(run, snapshot.at))
            self._sifted[run.remote_id] = (run, passes)


def index_change(before: RunIndex | None, after: RunIndex) -> RunIndex:
    """The later index, without the numbers that are as before."""
    if before is None:
        return after
    same = before.filter == after.filter and before.passing == after.passing
    return replace(after, ids=None if before.ids == after.ids else after.ids, passing=None if same else after.passing)
