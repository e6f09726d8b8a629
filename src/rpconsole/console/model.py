"""What the console knows: the engine's last snapshot, how old it is, and what changed since it was painted. No Textual."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from rpconsole import __version__
from rpconsole.domain.action import Level
from rpconsole.domain.baton import NOBODY, Baton
from rpconsole.domain.overview import RunIndex, overview_of
from rpconsole.domain.ranges import numbers_of
from rpconsole.domain.snapshot import Alert, RunView, Snapshot
from rpconsole.protocol.delta import apply_delta

if TYPE_CHECKING:
    # who reads messages loads what checks them; the first frame does not wait for it
    from rpconsole.protocol.messages import AlertSaid, Change, EngineHello, WholeSnapshot

#: without a word from the engine for so long, what is shown is called stale
STALE_S = 5.0
LOG_LINES = 50_000
RATES = 240


class Link(StrEnum):
    """How the console stands to the engine."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"


class Model:
    """One engine as this console sees it; the last view is kept whatever happens to the link."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic, read_only: bool = False) -> None:
        self.monotonic = monotonic
        self.read_only = read_only
        self.snapshot: Snapshot | None = None
        #: the runs that this console was sent: all, or those in its window
        self.runs: dict[int, RunView] = {}
        #: every run there is, whether it is in the window or not
        self.ids: Mapping[int, None] = {}
        #: what all runs come to
        self.overview = overview_of(())
        #: for a console with a window: the filter that the engine was told, and the runs that pass it
        self.sifted: tuple[str, frozenset[int]] = ("", frozenset())
        self.has_window = False
        self.link = Link.CONNECTING
        #: why the link is not live, as a sentence
        self.sentence = ""
        self.hello: EngineHello | None = None
        self.version = __version__
        self.log: deque[Alert] = deque(maxlen=LOG_LINES)
        #: lines that ever entered the log, also those that fell out of it
        self.logged = 0
        self.dropped = 0
        #: seconds that this console's terminal is behind what it was sent
        self.terminal_behind_s = 0.0
        #: the prompt of the site that waits while no dialog for it is open, as a sentence
        self.asked = ""
        #: (bytes out, bytes in) per second, oldest first
        self.rates: deque[tuple[float, float]] = deque(maxlen=RATES)
        #: what a person has seen: (at, sentence) of what was said, (-1, subject) of what stands
        self.acknowledged: set[tuple[float, str]] = set()
        self._dirty: set[int] = set()
        self._sample_at = float("-inf")
        self._epoch_offset = time.time() - monotonic()
        self._since = self._heard_at = monotonic()

    # -- time --------------------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Epoch seconds by the engine's clock, which the countdowns rest on."""
        return self.monotonic() + self._epoch_offset

    def silent_s(self) -> float:
        """How long nothing was heard of the engine."""
        return max(0.0, self.monotonic() - self._heard_at)

    def link_age_s(self) -> float:
        """How long the link has been as it is."""
        return max(0.0, self.monotonic() - self._since)

    @property
    def stale(self) -> bool:
        """What is shown may no longer be true."""
        return self.snapshot is not None and (self.link is not Link.LIVE or self.silent_s() > STALE_S)

    @property
    def baton(self) -> Baton:
        """Which of the consoles acts."""
        return self.snapshot.baton if self.snapshot is not None else NOBODY

    @property
    def has_baton(self) -> bool:
        """Whether this console acts."""
        return self.hello is not None and self.baton.is_held_by(self.hello.client)

    @property
    def wants_baton(self) -> bool:
        """Whether to take a free baton when attaching: it was ours, or no view has come yet that would say whose it is."""
        return self.snapshot is None or self.has_baton

    @property
    def is_heard(self) -> bool:
        """Whether an engine hears this console, and it may say something."""
        return not self.read_only and self.link is Link.LIVE and not self.stale

    @property
    def is_foreign(self) -> bool:
        """Whether the engine is of another version, so that what is ordered might not be what is done."""
        return self.hello is not None and self.hello.version != self.version

    @property
    def may_act(self) -> bool:
        """Whether an order can be given now."""
        return not self.refusal()

    def refusal(self, *, by_anybody: bool = False) -> str:
        """Why nothing can be ordered now, as a sentence; empty when it can. ``by_anybody``: the order needs no baton."""
        if self.read_only:
            return "this console only looks (--read-only)"
        if not self.is_heard:
            return "no engine hears you now; nothing was ordered"
        if by_anybody:
            return ""
        if self.is_foreign and self.hello is not None:
            return f"the engine is version {self.hello.version}, this console {self.version}: restart the older one"
        if self.has_baton:
            return ""
        holder = self.baton.holder
        return f"{holder} has the baton: T asks for it" if holder else "nobody has the baton: T takes it"

    # -- what arrives ------------------------------------------------------------------------------------------------

    def greeted(self, hello: EngineHello) -> None:
        """An engine answered."""
        self.hello = hello
        self._stand(Link.LIVE, "")
        self.heard()

    def heard(self) -> None:
        """A sign of life."""
        self._heard_at = self.monotonic()

    def lost(self, sentence: str) -> None:
        """The engine went away, or never answered."""
        self._stand(Link.CONNECTING if self.hello is None else Link.LOST, sentence)

    def take(self, event: WholeSnapshot | Change | AlertSaid) -> None:
        """What the engine sent; ValueError when a change does not fit what we have, then a fresh snapshot is needed."""
        self.heard()
        if event.kind == "alert":
            return
        if event.kind == "snapshot":
            self.dropped += event.dropped
            self._replace(event.snapshot, event.index)
            return
        if self.snapshot is None:
            raise ValueError("a change came before any snapshot")
        after = apply_delta(self.snapshot, event.delta)
        changed = {run.remote_id for run in event.delta.snapshot.runs} | set(event.delta.runs_gone)
        self._accept(after, event.index, changed, event.delta.snapshot.alerts)

    def note(self, sentence: str) -> None:
        """A line of this console's own in the log: a toast is gone before everybody has read it."""
        self.log.append(Alert(at=self.now(), level=Level.WARN, sentence=sentence))
        self.logged += 1

    def sample(self) -> None:
        """One more point of the rates' history each second of this console's clock, also while the engine has nothing to tell."""
        if self.snapshot is None or self.stale or self.monotonic() < self._sample_at:
            return
        self._sample_at = self.monotonic() + 1.0
        self.rates.append((self.snapshot.rate_out, self.snapshot.rate_in))

    def clean(self) -> set[int]:
        """The runs that changed since the last call: what has to be painted anew."""
        dirty, self._dirty = self._dirty, set()
        return dirty

    def _replace(self, snapshot: Snapshot, index: RunIndex | None) -> None:
        known = set(self.log)
        fresh = tuple(alert for alert in snapshot.alerts if alert not in known)
        self._accept(snapshot, index, set(self.runs) | {run.remote_id for run in snapshot.runs}, fresh)

    def _accept(self, snapshot: Snapshot, index: RunIndex | None, changed: set[int], said: tuple[Alert, ...]) -> None:
        self.snapshot = snapshot
        self.runs = {run.remote_id: run for run in snapshot.runs}
        self._know(index)
        self._dirty |= changed
        self.log.extend(said)
        self.logged += len(said)
        self._epoch_offset = snapshot.at - self.monotonic()
        self.sample()

    def _know(self, index: RunIndex | None) -> None:
        """What there is beside the runs that were sent; without an index they are all there is."""
        self.has_window = index is not None
        if index is None:
            self.ids, self.overview = dict.fromkeys(self.runs), overview_of(tuple(self.runs.values()))
            return
        self.overview = index.overview
        if index.ids is not None:
            self.ids = dict.fromkeys(numbers_of(index.ids))
        if index.passing is not None:
            self.sifted = (index.filter, frozenset(numbers_of(index.passing)))

    def _stand(self, link: Link, sentence: str) -> None:
        if link is not self.link:
            self._since = self.monotonic()
        self.link, self.sentence = link, sentence
