"""What the engine offers to the daemon and the commands: reading, and orders that are recorded with who gave them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rpconsole.domain.evidence import SubmitEvidence
from rpconsole.domain.haul import Haul, HaulView, Way
from rpconsole.domain.looks import CommandPage, OrderPreview
from rpconsole.domain.renewal import Choice, RenewalView
from rpconsole.domain.run import Component, RunRow
from rpconsole.domain.scratch_view import SafeFiles, ScratchView
from rpconsole.domain.session import SessionView
from rpconsole.domain.snapshot import Alert, GateView, Snapshot
from rpconsole.domain.stage import Stage
from rpconsole.domain.stage_rows import Advanced
from rpconsole.engine.haul_bench import BenchCell, HaulPlan
from rpconsole.ports.hauls import FileLine
from rpconsole.ports.journal import Act, JobRecord, PastSession, StoryLine, Verdict
from rpconsole.ports.run_store import DefineOrder, Definition
from rpconsole.ports.sessions import Ask
from rpconsole.ports.site import Tail
from rpconsole.ports.site_files import Reach


@dataclass(frozen=True, kw_only=True, slots=True)
class RunDetail:
    """Everything that is known of one run."""

    row: RunRow
    step: str
    why: tuple[str, ...]
    components: tuple[Component, ...]
    jobs: tuple[JobRecord, ...]
    #: tasks that failed, each with its sentence
    failures: tuple[Verdict, ...]
    bytes_sent: int
    bytes_returned: int
    #: role -> absolute local path of the run's lists, script and manifest
    files: Mapping[str, str]
    #: role -> absolute path at the site of the run's script, task results and job output, there or not yet
    site_files: Mapping[str, str] = field(default_factory=dict)


class HaulFacade(Protocol):
    """What people send and fetch by hand; orders go into the audit."""

    async def order(self, way: Way, sources: Sequence[str], target: str, who: str) -> Haul:
        """Take an order; BadData for paths that cannot be."""
        ...

    async def stop(self, number: int, who: str) -> Haul:
        """Stop where it is; BadData when there is nothing to stop."""
        ...

    async def resume(self, number: int, who: str) -> Haul:
        """Go on behind what has arrived."""
        ...

    async def all(self, limit: int = 100) -> list[HaulView]:
        """The last hauls, oldest first."""
        ...

    async def files(
        self, *, haul: int | None = None, remote_id: int | None = None, state: str | None = None, limit: int = 1000
    ) -> list[FileLine]:
        """What became of single files, the latest first."""
        ...

    async def plan(self, way: Way, sources: Sequence[str], target: str) -> HaulPlan:
        """What an order would move; nothing is moved. BadData names a source that is not there."""
        ...

    async def bench(self, *, size: int, total: int, front_ends: int, streams: int, who: str) -> BenchCell:
        """One measurement of the line, with files of our own. NoSession without a session."""
        ...

    async def learned(self) -> Mapping[str, Any]:
        """What is known of the line: topic to plain object."""
        ...

    async def reach(self) -> Sequence[Reach]:
        """Whether front ends reach the storage hosts by themselves, tried now. NoSession without a session."""
        ...


class EngineFacade(Protocol):
    """The engine as its clients see it. ``who`` is the local user who gave the order; every order goes into the audit.

    All raise RpconsoleError subclasses whose text is a sentence for the operator.
    """

    @property
    def hauls(self) -> HaulFacade:
        """What people send and fetch by hand."""
        ...

    def snapshot(self) -> Snapshot:
        """The present, from memory; never blocks."""
        ...

    def alerts(self) -> AsyncIterator[Alert]:
        """What is said to operators from now on."""
        ...

    async def runs(
        self, *, label: str | None = None, stage: Stage | None = None, states: Sequence[str] = ()
    ) -> list[RunRow]:
        """Runs from the database, ended ones too."""
        ...

    async def run_detail(self, remote_id: int) -> RunDetail:
        """One run; BadData when there is none with this number."""
        ...

    async def story(self, remote_id: int) -> list[StoryLine]:
        """How the run got where it is."""
        ...

    async def why(self, remote_id: int) -> tuple[str, ...]:
        """Why the run does not move and what would move it, the most telling first.

        Names abandoned components, and what its preparation left out.
        """
        ...

    async def commands(
        self, remote_id: int, stage_id: int | None = None, *, failed: bool = False, offset: int = 0, limit: int = 1000
    ) -> CommandPage:
        """The commands of a run or of one component, in the order of the list; BadData when it was never prepared."""
        ...

    async def preview(self, verb: str, remote_ids: Sequence[int], who: str) -> list[OrderPreview]:
        """What cancel, retry, resubmit, revert or rebundle would do to each run; changes nothing."""
        ...

    async def define(self, order: DefineOrder, who: str) -> Definition:
        """Bundle what is new into a run."""
        ...

    async def advance(self, label: str | None, stage: Stage | None, who: str) -> list[Advanced]:
        """Register what is complete for the next stage, now."""
        ...

    async def retry(self, remote_id: int, who: str) -> str:
        """Send a stopped run on its way, or end a waiting; the answer says what happens next."""
        ...

    async def resubmit(self, remote_id: int, who: str) -> str:
        """Decide a doubtful submit for a new attempt."""
        ...

    async def doubtful(self, remote_id: int | None = None) -> list[SubmitEvidence]:
        """What speaks for and against a job: of one run, else of every run whose submit or job is in doubt; changes nothing."""
        ...

    async def cancel(self, remote_id: int, who: str) -> str:
        """Record the wish to end a run."""
        ...

    async def revert(self, remote_id: int, who: str) -> str:
        """Set failed components to 'retry', so that the next definition takes their stage runs again."""
        ...

    async def rebundle(self, remote_id: int, who: str) -> str:
        """Revert the failed components and define a new run of them at once."""
        ...

    async def set_gates(self, names: Sequence[str], *, open: bool, who: str) -> tuple[GateView, ...]:
        """Open or close gates; BadConfiguration names the gates there are."""
        ...

    async def login(self, ask: Ask, *, user: str | None, hosts: Sequence[str], who: str) -> list[SessionView]:
        """Open sessions, asking a person through ``ask``."""
        ...

    async def renew(
        self, ask: Ask, *, user: str | None, cut: bool, who: str, is_anyone_there: Callable[[], bool]
    ) -> RenewalView:
        """End the sessions and open new ones, with the gates shut meanwhile; returns when it has ended, however it ended.

        ``cut`` = transfers end at the next bundle border instead of being waited for. Where ``is_anyone_there`` says no once
        nothing crosses the link any more, the sessions are left as they are. SiteRefused when a renewal is under way.
        """
        ...

    async def steer_renewal(self, choice: Choice, who: str) -> RenewalView:
        """What the renewal under way shall do; SiteRefused where the choice does not fit its step."""
        ...

    async def logout(self, hosts: Sequence[str], who: str) -> None:
        """End sessions (all when empty)."""
        ...

    async def watch_label(self, label: str, stages: Sequence[Stage], *, on: bool, who: str) -> None:
        """Define runs by itself for this label and these stages, or stop doing so."""
        ...

    async def labels(self) -> Sequence[tuple[str, Stage]]:
        """The (label, stage) pairs that runs are defined for by itself."""
        ...

    async def past_sessions(self, limit: int = 10) -> list[PastSession]:
        """The last sessions that have ended: who opened them, as whom, from when to when, and how they ended; oldest first."""
        ...

    async def acts(self, limit: int = 100) -> list[Act]:
        """The audit."""
        ...

    async def note(self, what: str, who: str) -> None:
        """Put into the audit what a person did that the engine had no part in (the baton), and tell the operators."""
        ...

    async def poll_now(self, who: str) -> None:
        """Wake the poll."""
        ...

    async def scratch(self) -> ScratchView:
        """The site's scratch as it was last looked at: room, what will be purged when, what waits for room."""
        ...

    async def safe_files(self, remote_ids: Sequence[int]) -> list[SafeFiles]:
        """What full runs (all that left something, when empty) left at the site and nobody needs there; changes nothing."""
        ...

    async def clean_scratch(self, remote_ids: Sequence[int], who: str) -> list[SafeFiles]:
        """Remove just that."""
        ...

    async def tail(self, path: str, *, offset: int, limit: int) -> Tail:
        """A piece of a file at the site."""
        ...


class RunningEngine(EngineFacade, Protocol):
    """An engine in the process that owns it."""

    async def run(self) -> None:
        """Work until ``stop`` is called; AlreadyOwned when another engine holds the (database, site) pair."""
        ...

    async def look(self) -> None:
        """Read once what ``snapshot`` shows, for an engine that does not run; writes nothing."""
        ...

    def stop(self) -> None:
        """Begin the orderly end; harmless when repeated."""
        ...
