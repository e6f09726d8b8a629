"""Our own tables: what the IPP's database has no place for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rpconsole.domain.run import Run, RunRow, Step
from rpconsole.domain.stage import Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class StoryLine:
    """One thing that happened to a run; append-only."""

    at: float
    remote_id: int
    #: class name of the event
    event: str
    #: the step before and after
    before: str
    after: str
    #: the event's fields as a sentence, never a secret
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRecord:
    """One attempt to submit, as long as the journal lives."""

    remote_id: int
    number: int
    nonce: str
    intended_at: float
    job: str | None
    #: intended, accepted, refused, ended, given up
    state: str


class RunJournal(Protocol):
    """Where each run stands, and how it got there. Raises DatabaseAway / DatabaseRefused like the run store."""

    async def load(self, rows: Collection[RunRow]) -> Mapping[int, Run]:
        """The runs that the journal knows of these; label and directory are the row's, which others may have changed."""
        ...

    async def standing_at(self, step: Step) -> list[int]:
        """The numbers of all runs that stand at this step, in order."""
        ...

    async def save(self, run: Run, line: StoryLine | None = None) -> None:
        """Write where a run stands and the line of its story, in one transaction.

        An attempt in the run is recorded with it, so that the intention is on disk before anything is sent.
        """
        ...

    async def save_all(self, moves: Sequence[tuple[Run, StoryLine]]) -> None:
        """``save`` for many different runs in one transaction, with a number of statements that does not grow with them."""
        ...

    async def story(self, remote_id: int, *, limit: int = 0) -> list[StoryLine]:
        """The run's story, oldest first (the last ``limit`` lines when given)."""
        ...

    async def jobs(self, remote_id: int) -> list[JobRecord]:
        """Every attempt of the run, oldest first."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """A file that was once verified at the site."""

    remote: str
    size: int
    sha256: str
    #: at the site when it was verified: unchanged size and time mean unchanged content
    site_mtime_ns: int | None
    #: at home when it was read, likewise
    local: str
    local_mtime_ns: int | None


# not frozen: a run has tens of thousands, and freezing each takes thrice its making; names double the time of that
@dataclass(slots=True)
class Verdict:
    """What one task's dbinfo and products came to."""

    remote_id: int
    stage_id: int
    item: str
    #: pass, fail
    state: str
    #: what is wrong, naming file and word; empty on pass
    sentence: str
    #: hash of the dbinfo that was applied; None where none was
    sha256: str | None = None


class Ledger(Protocol):
    """Which files are where, and which dbinfo was applied."""

    async def delivered(self, remotes: Collection[str]) -> Mapping[str, Delivered]:
        """What is known of these remote paths."""
        ...

    async def record_delivered(self, files: Sequence[Delivered]) -> None:
        """Remember verified files; a later line for the same path replaces the earlier."""
        ...

    async def record_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """Remember what became of each task of a run; a later verdict on the same task replaces the earlier."""
        ...

    async def verdicts(self, remote_id: int, *, state: str | None = None) -> list[Verdict]:
        """Verdicts of a run, ordered by stage_id and item."""
        ...

    async def forget_refusals(self, remote_id: int, stage_ids: Collection[int]) -> None:
        """Drop the verdicts on these components as a whole (those without an item), which are prepared anew; verdicts on tasks stay."""
        ...

    async def add_bytes(self, remote_id: int, *, sent: int = 0, returned: int = 0) -> None:
        """Count bytes that crossed the link for a run."""
        ...

    async def bytes_of(self, remote_ids: Collection[int]) -> Mapping[int, tuple[int, int]]:
        """remote_id -> (sent, returned)."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """An operator's switch; a closed gate starts nothing new of its kind."""

    name: str
    open: bool
    who: str
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """Something that a person ordered."""

    at: float
    who: str
    what: str
    #: what came of it, as a sentence; None while it is under way, or where the engine died over it
    outcome: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PastSession:
    """One login and how it ended."""

    host: str
    user: str
    opened_by: str
    opened_at: float
    ended_at: float | None
    #: closed by us, cut by the site
    end: str
    #: its number in the journal
    number: int | None = None


class Operations(Protocol):
    """Gates, acts of operators, past sessions: what outlives a restart besides runs."""

    async def gates(self) -> Mapping[str, Gate]:
        """Every gate that was ever set; one that is not in the answer is open."""
        ...

    async def set_gate(self, gate: Gate) -> None:
        """Remember a gate."""
        ...

    async def record_act(self, act: Act) -> int:
        """Append to the audit; returns its number."""
        ...

    async def act_ended(self, number: int, outcome: str) -> None:
        """Remember what came of an act."""
        ...

    async def acts(self, *, limit: int = 100) -> list[Act]:
        """The last acts, oldest first."""
        ...

    async def session_opened(self, session: PastSession) -> int:
        """Remember a login; returns its number."""
        ...

    async def session_ended(self, number: int, *, at: float, end: str) -> None:
        """Remember how it ended."""
        ...

    async def past_sessions(self, *, limit: int = 20) -> list[PastSession]:
        """The last logins, oldest first."""
        ...

    async def labels(self) -> Sequence[tuple[str, Stage]]:
        """(label, stage) pairs that the engine defines runs for by itself."""
        ...

    async def set_label(self, label: str, stage: Stage, *, on: bool) -> None:
        """Add or remove such a pair."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """Who owns a (database, site) pair."""

    database: str
    site: str
    host: str
    pid: int
    since: float
    beat: float


class OwnerLease(Protocol):
    """One engine a (database, site) pair."""

    async def acquire(self, owner: Owner, *, stale_after_s: float) -> None:
        """Take the lease; AlreadyOwned names host, pid and since when of a holder whose heartbeat is not stale.

        A holder on this host whose process is gone does not hold it.
        """
        ...

    async def beat(self, owner: Owner, *, at: float) -> bool:
        """Renew; False when somebody else holds it now: stop at once."""
        ...

    async def release(self, owner: Owner) -> None:
        """Give it up; harmless when not held."""
        ...

    async def holder(self, database: str, site: str) -> Owner | None:
        """Who holds it."""
        ...
